// SPDX-License-Identifier: Apache-2.0
// bittern eval: the figures of a trained model on a split.

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/options.h"
#include "cli/output.h"

namespace bittern {
namespace {

struct EvalOptions {
  std::string checkpoint, split = "test", json;
  std::optional<std::string> out_of_scope;
  DataOption data;
  DecodeOption decode;
  DeviceOption device;
  ThreadsOption threads;
};

int RunEval(const EvalOptions& options) {
  const AnswerOptions answers{.decoding = options.decode.Value()};
  CheckpointReader checkpoint(options.checkpoint);
  JsonOutput json(options.json);
  const SplitEvaluation evaluation =
      EvaluateSplit(checkpoint, options.data.Source(), options.split, answers,
                    options.threads.Value(), options.device.Value(), options.out_of_scope);
  if (json) {
    Json object = {{"checkpoint", options.checkpoint},
                   {"data", options.data.Name()},
                   {"split", options.split},
                   {"decode", Name(answers.decoding)},
                   {"device", options.device.Value()}};
    object.update(ToJson(evaluation));
    json.Write(object);
    json.Finish();
  }
  if (!json.owns_stdout()) {
    fmt::print("{}: {} of {}, decoded by {}\n", options.checkpoint, options.split,
               options.data.Name(), Name(answers.decoding));
    Print(evaluation);
  }
  return 0;
}

}  // namespace

Command AddEval(CLI::App& program) {
  CLI::App* const parser = program.add_subcommand("eval", "Score a trained model on a split");
  auto options = std::make_shared<EvalOptions>();
  parser->add_option("--checkpoint", options->checkpoint, "trained model (required)")
      ->required()
      ->option_text("FILE")
      ->group(kModelGroup);
  options->data.Add(*parser);
  parser->add_option("--split", options->split, "which split [default: test]")
      ->check(CLI::IsMember({"train", "valid", "test"}))
      ->option_text("train|valid|test")
      ->group(kDataGroup);
  parser
      ->add_option("--out-of-scope", options->out_of_scope,
                   "label of sentences to which no class applies [default: the model's]")
      ->option_text("LABEL")
      ->group(kDataGroup);
  options->decode.Add(*parser);
  options->device.Add(*parser);
  options->threads.Add(*parser, "threads", 0);
  AddJson(*parser, options->json, "write the figures as JSON");
  parser->footer(R"(
Figures, in percent: intent accuracy (the whole label), token accuracy (tags of words, O included),
span F1 (slots, by conlleval's rules), sentence accuracy (every task right). A model with a
threshold for "none of these" also has the accuracy in scope, where a rejected answer is wrong, and
the share of sentences out of scope that are rejected.

Examples:
  bittern eval --checkpoint runs/atis-2enc/best.safetensors --data data/atis
  bittern eval --checkpoint best.safetensors --data DIR --split valid --decode argmax --json -)");
  return {parser, [options] { return RunEval(*options); }};
}

}  // namespace bittern
