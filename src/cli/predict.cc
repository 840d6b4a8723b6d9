// bittern predict: intent and slots of sentences from arguments or from standard input.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "train/predictor.h"

namespace bittern {
namespace {

struct PredictOptions {
  std::string checkpoint, json;
  DecodeOption decode;
  DeviceOption device;
  std::vector<std::string> sentences;
};

Json ToJson(const Prediction& prediction) {
  Json slots = Json::array();
  for (const PredictedSlot& slot : prediction.slots) {
    slots.push_back(
        {{"type", slot.type}, {"text", slot.text}, {"first", slot.first}, {"last", slot.last}});
  }
  Json json = {{"tokens", prediction.words}};
  if (!prediction.tags.empty()) json["tags"] = prediction.tags;
  if (!prediction.intent.empty()) {
    json["intent"] = prediction.intent;
    json["intent_probability"] = prediction.intent_probability;
  }
  if (!prediction.tags.empty()) json["slots"] = slots;
  return json;
}

// The sentence, then its intent and its slots one below the other.
void Print(const Prediction& prediction) {
  fmt::print("{}\n", fmt::join(prediction.words, " "));
  size_t width = prediction.intent.empty() ? 0 : std::string_view("intent").size();
  for (const PredictedSlot& slot : prediction.slots) width = std::max(width, slot.text.size());
  if (!prediction.intent.empty()) {
    fmt::print("  {:<{}}  {} ({:.1f} %)\n", "intent", width, prediction.intent,
               100 * prediction.intent_probability);
  }
  for (const PredictedSlot& slot : prediction.slots) {
    fmt::print("  {:<{}}  {}\n", slot.text, width, slot.type);
  }
  if (prediction.unknown_words > 0) {
    fmt::print("  ({} of {} words unknown to the model)\n", prediction.unknown_words,
               prediction.words.size());
  }
  if (prediction.cut_off_words > 0) {
    fmt::print("  (the last {} words are past what the model reads)\n", prediction.cut_off_words);
  }
  fmt::print("\n");
}

int RunPredict(const PredictOptions& options) {
  Predictor predictor(options.checkpoint, options.decode.Value(), options.device.Value());
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
      program.add_subcommand("predict", "Find the intent and the slots of sentences");
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
