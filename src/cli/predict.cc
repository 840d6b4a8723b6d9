// SPDX-License-Identifier: Apache-2.0
// bittern predict: a model's answers to sentences from arguments or from standard input.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "data/dataset.h"
#include "train/predictor.h"

namespace bittern {
namespace {

struct PredictOptions {
  std::string checkpoint, json;
  std::optional<uint64_t> top;
  DecodeOption decode;
  DeviceOption device;
  std::vector<std::string> sentences;
};

// The sentence, then the lines of every answer in two columns.
void Print(const Prediction& prediction) {
  fmt::print("{}\n", fmt::join(prediction.words, " "));
  size_t width = 0;
  for (const Answer& answer : prediction.answers) {
    for (const auto& [left, right] : answer.lines) width = std::max(width, left.size());
  }
  for (const Answer& answer : prediction.answers) {
    for (const auto& [left, right] : answer.lines) {
      fmt::print("  {:<{}}  {}\n", left, width, right);
    }
  }
  if (prediction.unknown_words > 0) {
    fmt::print("  ({} of {} words unknown to the model)\n", prediction.unknown_words,
               prediction.words.size());
  }
  if (prediction.cut_off_words > 0) {
    fmt::print("  (the model does not read the last {} words)\n", prediction.cut_off_words);
  }
  fmt::print("\n");
}

int RunPredict(const PredictOptions& options) {
  AnswerOptions answers{.decoding = options.decode.Value()};
  if (options.top) answers.top = static_cast<int>(*options.top);
  Predictor predictor(options.checkpoint, answers, options.device.Value());
  JsonOutput json(options.json);
  const auto answer = [&](std::string_view sentence, const std::string& where) {
    const Prediction prediction = predictor.Predict(sentence, where);
    if (json) json.WriteLine(ToJson(prediction));
    if (!json.owns_stdout()) {
      Print(prediction);
      FlushStdout();
    }
  };
  for (size_t i = 0; i < options.sentences.size(); ++i) {
    answer(options.sentences[i], fmt::format("sentence {}", i + 1));
  }
  if (options.sentences.empty()) {
    LineReader lines("/dev/stdin");
    std::string_view line;
    while (lines.Next(&line)) answer(line, fmt::format("standard input:{}", lines.line_number()));
  }
  json.Finish();
  return 0;
}

}  // namespace

Command AddPredict(CLI::App& program) {
  CLI::App* const parser =
      program.add_subcommand("predict", "Answer sentences with a trained model");
  auto options = std::make_shared<PredictOptions>();
  parser
      ->add_option("sentence", options->sentences,
                   "sentences, each in quotes [default: standard input, one a line]")
      ->option_text(" ");
  parser->add_option("--checkpoint", options->checkpoint, "trained model (required)")
      ->required()
      ->option_text("FILE")
      ->group(kModelGroup);
  options->decode.Add(*parser);
  AddInteger(*parser, "--top", options->top, 1, kMaxLabels,
             "the number of classes that the JSON of a class lists [default: 5]")
      ->group(kRunGroup);
  options->device.Add(*parser);
  AddJson(*parser, options->json, "write one JSON object a sentence, each on a line");
  parser->footer(R"(
Examples:
  bittern predict --checkpoint runs/atis-2enc/best.safetensors \
      "show me flights from boston to denver on monday morning"
  bittern predict --checkpoint best.safetensors --json - < sentences.txt > answers.jsonl)");
  return {parser, [options] { return RunPredict(*options); }};
}

}  // namespace bittern
