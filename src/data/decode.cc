#include "data/decode.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/text.h"

namespace bittern {

std::string_view Name(Decoding decoding) { return decoding == Decoding::kBio ? "bio" : "argmax"; }

Decoding ParseDecoding(std::string_view name, std::string_view field) {
  for (const Decoding decoding : {Decoding::kBio, Decoding::kArgMax}) {
    if (Name(decoding) == name) return decoding;
  }
  Fail("{}: found {}; expected bio or argmax{}", field, Quoted(name),
       DidYouMean(name, {"bio", "argmax"}));
}

constexpr double kUnreachable = -std::numeric_limits<double>::infinity();

int ArgMax(const float* values, int count, size_t stride) {
  int best = 0;
  float best_value = -std::numeric_limits<float>::infinity();
  for (int i = 0; i < count; ++i) {
    const float value = values[static_cast<size_t>(i) * stride];
    if (value > best_value) {
      best = i;
      best_value = value;
    }
  }
  return best;
}

void DecodeArgMax(const float* logits, size_t row_stride, int tags, std::span<int32_t> answer) {
  for (size_t t = 0; t < answer.size(); ++t) {
    answer[t] = ArgMax(logits + t, tags, row_stride);
  }
}

BioDecoder::BioDecoder(const TagTable& tags, int max_tokens)
    : tags_(tags.size()),
      max_tokens_(max_tokens),
      begin_(tags.size(), kNone),
      score_(tags.size()),
      next_score_(tags.size()),
      previous_(static_cast<size_t>(tags.size()) * max_tokens) {
  BITTERN_CHECK(max_tokens > 0);
  std::vector<int16_t> begin_of_type(tags.types().size(), kNone);
  for (int tag = 0; tag < tags_; ++tag) {
    if (tags[tag].kind == TagKind::kBegin) begin_of_type[tags[tag].type] = tag;
  }
  for (int tag = 0; tag < tags_; ++tag) {
    if (tags[tag].kind == TagKind::kInside) begin_[tag] = begin_of_type[tags[tag].type];
  }
}

void BioDecoder::Decode(const float* logits, size_t row_stride, std::span<int32_t> answer) {
  const int tokens = static_cast<int>(answer.size());
  BITTERN_CHECK(tokens <= max_tokens_);
  if (tokens == 0) return;

  // Infinities are replaced by the largest finite numbers and NaN by the smallest. So every sum is
  // a finite number (inf - inf would be NaN), and is larger than that of a forbidden sequence.
  const auto logit = [&](int tag, int token) {
    constexpr float kMost = std::numeric_limits<float>::max();
    const float value = logits[static_cast<size_t>(tag) * row_stride + token];
    return value == value ? double{std::clamp(value, -kMost, kMost)} : -double{kMost};
  };

  for (int tag = 0; tag < tags_; ++tag) {
    score_[tag] = begin_[tag] == kNone ? logit(tag, 0) : kUnreachable;
  }
  for (int token = 1; token < tokens; ++token) {
    int16_t* previous = &previous_[static_cast<size_t>(token) * tags_];
    const int16_t best =
        static_cast<int16_t>(std::max_element(score_.begin(), score_.end()) - score_.begin());
    for (int tag = 0; tag < tags_; ++tag) {
      int16_t from = best;
      if (begin_[tag] != kNone) {
        from = begin_[tag];
        if (score_[tag] > score_[from]) from = static_cast<int16_t>(tag);
      }
      previous[tag] = from;
      next_score_[tag] = score_[from] + logit(tag, token);
    }
    score_.swap(next_score_);
  }
  int16_t tag =
      static_cast<int16_t>(std::max_element(score_.begin(), score_.end()) - score_.begin());
  for (int token = tokens - 1; token >= 0; --token) {
    answer[token] = tag;
    if (token > 0) tag = previous_[static_cast<size_t>(token) * tags_ + tag];
  }
}

}  // namespace bittern
