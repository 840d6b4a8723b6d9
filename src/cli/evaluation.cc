// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluation.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace bittern {

namespace {

void CheckOutOfScope(const std::string& label, const Thresholds& thresholds,
                     const EncodedSplit& encoded, const std::string& split) {
  bool has_threshold = false;
  for (size_t task = 0; task < thresholds.size(); ++task) {
    if (!thresholds[task]) continue;
    has_threshold = true;
    const LabelColumn& column = encoded.columns()[task];
    const int number = column.names().Find(label);
    for (size_t i = 0; i < column.size(); ++i) {
      if (!column[i].empty() && column[i][0] == number) return;
    }
  }
  if (!has_threshold) {
    Fail(
        "--out-of-scope is {}; the model has no threshold, because neither train nor valid had "
        "sentences out of scope",
        Quoted(label));
  }
  Fail("--out-of-scope is {}; no sentence of {} has that label", Quoted(label), split);
}

}  // namespace

SplitEvaluation EvaluateSplit(CheckpointReader& checkpoint, const SplitSource& data,
                              const std::string& split, const AnswerOptions& answers, int threads,
                              const std::string& device,
                              const std::optional<std::string>& out_of_scope) {
  const Checkpoint& model = checkpoint.contents();
  const EncodedSplit encoded = Encode(data(split), model.lexicon, model.config);
  Evaluator evaluator(model.config, model.lexicon.labels, answers, threads, device);
  if (out_of_scope) {
    CheckOutOfScope(*out_of_scope, model.thresholds, encoded, split);
    evaluator.SetOutOfScope(*out_of_scope);
  }
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
  for (const Figure& figure : result.figures) {
    if (figure.is_top_level) json[figure.key] = PercentJson(figure.percent);
  }
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
  Json& tasks = json["tasks"] = Json::object();
  const auto add = [&](const Figure& figure, const std::string& task) {
    tasks[task][figure.task_key.empty() ? figure.key : figure.task_key] =
        PercentJson(figure.percent);
  };
  for (const Figure& figure : result.figures) {
    if (figure.task.empty() || !figure.is_shown) continue;
    add(figure, figure.task);
    for (const Figure& part : figure.parts) add(part, figure.task);
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
    if (figure.is_shown) line(figure.name, Percent(figure.percent), Note(figure));
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
