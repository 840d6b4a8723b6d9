// The four figures of an evaluation, in percent.
//
//   intent accuracy    sentences whose whole intent label is right (a#b is one label)
//   token accuracy     words whose tag is right, O included
//   span F1            conlleval's, see spans.h; with precision and recall
//   sentence accuracy  sentences with the intent and every tag right; where a sentence has only one
//                      of the two tasks, that one
//
// A gold label the model doesn't know is an error; words past the model's tokens count as predicted
// O; a sentence without a task isn't counted in that task. Scores are integer counts, so adding up
// parts gives the same result in any order.
#ifndef BITTERN_DATA_SCORES_H_
#define BITTERN_DATA_SCORES_H_

#include <cstdint>
#include <optional>
#include <span>

#include "data/spans.h"

namespace bittern {

struct Scores {
  uint64_t sentences = 0, right_sentences = 0;  // with at least one task
  uint64_t intents = 0, right_intents = 0;
  uint64_t words = 0, right_words = 0;  // of sentences with tags
  SpanCounts spans;

  // Adds one sentence. `table` is made from EncodedSplit::tag_names(); gold values are
  // EncodedSentence's; predicted tags and intent are the model's ids. Allocates nothing.
  void Add(const TagTable& table, int gold_intent, int predicted_intent,
           std::span<const int16_t> gold_tags, std::span<const int16_t> predicted_tags);

  Scores& operator+=(const Scores& other);
  friend bool operator==(const Scores&, const Scores&) = default;

  // Nothing to count: nullopt.
  std::optional<double> IntentAccuracy() const;
  std::optional<double> TokenAccuracy() const;
  std::optional<double> SpanPrecision() const;
  std::optional<double> SpanRecall() const;
  std::optional<double> SpanF1() const;
  std::optional<double> SentenceAccuracy() const;
};

}  // namespace bittern

#endif  // BITTERN_DATA_SCORES_H_
