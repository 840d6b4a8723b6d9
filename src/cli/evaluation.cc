#include "cli/evaluation.h"

#include <fmt/format.h>

namespace bittern {

SplitEvaluation EvaluateSplit(CheckpointReader& checkpoint, const SplitSource& data,
                              const std::string& split, Decoding decoding, int threads,
                              const std::string& device) {
  const Checkpoint& model = checkpoint.contents();
  const EncodedSplit encoded = Encode(data(split), model.lexicon.vocabulary, model.lexicon.labels,
                                      model.config.model.tokens);
  Evaluator evaluator(model.config, model.lexicon.labels, decoding, threads, device);
  evaluator.Load(checkpoint);
  return {.result = evaluator.Evaluate(encoded),
          .sentences = encoded.size(),
          .words = encoded.words(),
          .unknown_words = encoded.unknown_words(),
          .truncated_sentences = encoded.truncated_sentences(),
          .truncated_words = encoded.truncated_words()};
}

Json ToJson(const SplitEvaluation& evaluation) {
  const Scores& scores = evaluation.result.scores;
  return {{"intent_accuracy", PercentJson(scores.IntentAccuracy())},
          {"token_accuracy", PercentJson(scores.TokenAccuracy())},
          {"span_f1", PercentJson(scores.SpanF1())},
          {"sentence_accuracy", PercentJson(scores.SentenceAccuracy())},
          {"span_precision", PercentJson(scores.SpanPrecision())},
          {"span_recall", PercentJson(scores.SpanRecall())},
          {"loss", evaluation.result.loss},
          {"sentences", evaluation.sentences},
          {"words", evaluation.words},
          {"unknown_words", evaluation.unknown_words},
          {"truncated_sentences", evaluation.truncated_sentences},
          {"truncated_words", evaluation.truncated_words},
          {"spans",
           {{"gold", scores.spans.gold},
            {"predicted", scores.spans.predicted},
            {"right", scores.spans.right}}}};
}

void Print(const SplitEvaluation& evaluation, std::FILE* file) {
  const Scores& scores = evaluation.result.scores;
  const auto count = [](uint64_t right, uint64_t all, const char* what) {
    return all == 0 ? std::string()
                    : fmt::format("{} of {} {}", Grouped(static_cast<int64_t>(right)),
                                  Grouped(static_cast<int64_t>(all)), what);
  };
  const auto line = [file](const char* name, const std::string& value, const std::string& note) {
    fmt::print(file, "  {:<17}  {:>9}{}{}\n", name, value, note.empty() ? "" : "   ", note);
  };
  line("intent accuracy", Percent(scores.IntentAccuracy()),
       count(scores.right_intents, scores.intents, "sentences"));
  line("token accuracy", Percent(scores.TokenAccuracy()),
       count(scores.right_words, scores.words, "words"));
  line("span F1", Percent(scores.SpanF1()),
       scores.words == 0 ? std::string()
                         : fmt::format("precision {}, recall {}", Percent(scores.SpanPrecision()),
                                       Percent(scores.SpanRecall())));
  line("sentence accuracy", Percent(scores.SentenceAccuracy()),
       count(scores.right_sentences, scores.sentences, "sentences"));
  line("loss", fmt::format("{:.4f}", evaluation.result.loss), "");
  if (evaluation.unknown_words > 0) {
    fmt::print(file, "  {} of {} words are unknown to the model\n", evaluation.unknown_words,
               Grouped(static_cast<int64_t>(evaluation.words)));
  }
  if (evaluation.truncated_sentences > 0) {
    fmt::print(file, "  {} sentences are longer than the model reads: {} words count as O\n",
               evaluation.truncated_sentences, evaluation.truncated_words);
  }
}

}  // namespace bittern
