#include "cli/evaluation.h"

#include <fmt/format.h>

namespace bittern {

SplitEvaluation EvaluateSplit(CheckpointReader& checkpoint, const SplitSource& data,
                              const std::string& split, const AnswerOptions& answers, int threads,
                              const std::string& device) {
  const Checkpoint& model = checkpoint.contents();
  const EncodedSplit encoded = Encode(data(split), model.lexicon, model.config);
  Evaluator evaluator(model.config, model.lexicon.labels, answers, threads, device);
  evaluator.Load(checkpoint);
  return {.result = evaluator.Evaluate(encoded),
          .sentences = encoded.size(),
          .words = encoded.words(),
          .unknown_words = encoded.unknown_words(),
          .truncated_sentences = encoded.truncated_sentences(),
          .truncated_words = encoded.truncated_words()};
}

// The figures, then the parts of the figures, then counts.
Json ToJson(const SplitEvaluation& evaluation) {
  const Evaluation& result = evaluation.result;
  Json json;
  for (const Figure& figure : result.figures) json[figure.key] = PercentJson(figure.percent);
  for (const Figure& figure : result.figures) {
    for (const Figure& part : figure.parts) json[part.key] = PercentJson(part.percent);
  }
  json["loss"] = result.loss;
  json["sentences"] = evaluation.sentences;
  json["words"] = evaluation.words;
  json["unknown_words"] = evaluation.unknown_words;
  json["truncated_sentences"] = evaluation.truncated_sentences;
  json["truncated_words"] = evaluation.truncated_words;
  for (const CountGroup& counts : result.counts) {
    for (const auto& [key, count] : counts.counts) json[counts.key][key] = count;
  }
  return json;
}

namespace {

// How a figure came about: "871 of 893 sentences", "precision 95.1 %, recall 96.0 %".
std::string Note(const Figure& figure) {
  if (!figure.percent) return "";
  if (figure.counted > 0) {
    return fmt::format("{} of {} {}", Grouped(static_cast<int64_t>(figure.right)),
                       Grouped(static_cast<int64_t>(figure.counted)), figure.unit);
  }
  std::string note;
  for (const Figure& part : figure.parts) {
    note += fmt::format("{}{} {}", note.empty() ? "" : ", ", part.name, Percent(part.percent));
  }
  return note;
}

}  // namespace

void Print(const SplitEvaluation& evaluation, std::FILE* file) {
  const auto line = [file](const std::string& name, const std::string& value,
                           const std::string& note) {
    fmt::print(file, "  {:<17}  {:>9}{}{}\n", name, value, note.empty() ? "" : "   ", note);
  };
  for (const Figure& figure : evaluation.result.figures) {
    line(figure.name, Percent(figure.percent), Note(figure));
  }
  line("loss", fmt::format("{:.4f}", evaluation.result.loss), "");
  if (evaluation.unknown_words > 0) {
    fmt::print(file, "  {} of {} words are unknown to the model\n", evaluation.unknown_words,
               Grouped(static_cast<int64_t>(evaluation.words)));
  }
  if (evaluation.truncated_sentences > 0) {
    fmt::print(file, "  {} sentences are longer than the model reads: {} words are not read\n",
               evaluation.truncated_sentences, evaluation.truncated_words);
  }
}

}  // namespace bittern
