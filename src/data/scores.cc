#include "data/scores.h"

namespace bittern {
namespace {

std::optional<double> Percent(uint64_t part, uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void Scores::Add(const TagTable& table, int gold_intent, int predicted_intent,
                 std::span<const int16_t> gold_tags, std::span<const int16_t> predicted_tags) {
  const bool has_intent = gold_intent >= 0;
  const bool has_tags = !gold_tags.empty();
  if (!has_intent && !has_tags) return;

  bool all_right = true;
  if (has_intent) {
    const bool right = gold_intent == predicted_intent;
    ++intents;
    right_intents += right;
    all_right &= right;
  }
  if (has_tags) {
    size_t right = 0;
    for (size_t i = 0; i < gold_tags.size(); ++i) {
      right += i < predicted_tags.size() ? gold_tags[i] == predicted_tags[i]
                                         : table[gold_tags[i]].kind == TagKind::kOutside;
    }
    words += gold_tags.size();
    right_words += right;
    all_right &= right == gold_tags.size();
    CountSpans(table, gold_tags, predicted_tags, &spans);
  }
  ++sentences;
  right_sentences += all_right;
}

Scores& Scores::operator+=(const Scores& other) {
  sentences += other.sentences;
  right_sentences += other.right_sentences;
  intents += other.intents;
  right_intents += other.right_intents;
  words += other.words;
  right_words += other.right_words;
  spans.gold += other.spans.gold;
  spans.predicted += other.spans.predicted;
  spans.right += other.spans.right;
  return *this;
}

std::optional<double> Scores::IntentAccuracy() const { return Percent(right_intents, intents); }

std::optional<double> Scores::TokenAccuracy() const { return Percent(right_words, words); }

std::optional<double> Scores::SpanPrecision() const {
  return words == 0 ? std::nullopt : std::optional(bittern::SpanPrecision(spans));
}

std::optional<double> Scores::SpanRecall() const {
  return words == 0 ? std::nullopt : std::optional(bittern::SpanRecall(spans));
}

std::optional<double> Scores::SpanF1() const {
  return words == 0 ? std::nullopt : std::optional(bittern::SpanF1(spans));
}

std::optional<double> Scores::SentenceAccuracy() const {
  return Percent(right_sentences, sentences);
}

}  // namespace bittern
