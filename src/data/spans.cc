#include "data/spans.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "data/dataset.h"

namespace bittern {
namespace {

constexpr Tag kOutside = {TagKind::kOutside, -1};

double PercentOrZero(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

TagTable::TagTable(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!IsBioTag(name)) Fail("tags: found {}; expected O, B-type or I-type", Quoted(name));
    if (name == "O") {
      tags_.push_back(kOutside);
      continue;
    }
    const std::string type = name.substr(2);
    const auto found = std::find(types_.begin(), types_.end(), type);
    tags_.push_back({name[0] == 'B' ? TagKind::kBegin : TagKind::kInside,
                     static_cast<int16_t>(found - types_.begin())});
    if (found == types_.end()) types_.push_back(type);
  }
}

bool SpanStarts(const Tag& previous, const Tag& tag) {
  if (tag.kind == TagKind::kOutside) return false;
  return tag.kind == TagKind::kBegin || previous.type != tag.type;
}

bool SpanEnds(const Tag& tag, const Tag& next) {
  if (tag.kind == TagKind::kOutside) return false;
  return next.kind != TagKind::kInside || next.type != tag.type;
}

std::vector<Span> FindSpans(const TagTable& table, std::span<const int32_t> tags) {
  std::vector<Span> spans;
  Tag previous = kOutside;
  for (size_t i = 0; i < tags.size(); ++i) {
    const Tag tag = table[tags[i]];
    const int word = static_cast<int>(i);
    if (SpanStarts(previous, tag)) {
      spans.push_back({word, word, tag.type});
    } else if (tag.kind == TagKind::kInside) {
      spans.back().last = word;
    }
    previous = tag;
  }
  return spans;
}

void CountSpans(const TagTable& table, std::span<const int32_t> gold,
                std::span<const int32_t> predicted, SpanCounts* counts) {
  Tag gold_before = kOutside, predicted_before = kOutside;
  // Whether a span of one type began at one word in both, and has not yet ended in either.
  bool agree = false;
  // One step beyond the end closes the spans that are open there.
  for (size_t i = 0; i <= gold.size(); ++i) {
    const Tag gold_tag = i < gold.size() ? table[gold[i]] : kOutside;
    const Tag predicted_tag =
        i < std::min(gold.size(), predicted.size()) ? table[predicted[i]] : kOutside;
    const bool gold_ends = SpanEnds(gold_before, gold_tag);
    const bool predicted_ends = SpanEnds(predicted_before, predicted_tag);
    if (agree && (gold_ends || predicted_ends)) {
      counts->right += gold_ends && predicted_ends;
      agree = false;
    }
    const bool gold_starts = SpanStarts(gold_before, gold_tag);
    const bool predicted_starts = SpanStarts(predicted_before, predicted_tag);
    counts->gold += gold_starts;
    counts->predicted += predicted_starts;
    if (gold_starts && predicted_starts) agree = gold_tag.type == predicted_tag.type;
    gold_before = gold_tag;
    predicted_before = predicted_tag;
  }
}

double SpanPrecision(const SpanCounts& counts) {
  return PercentOrZero(counts.right, counts.predicted);
}

double SpanRecall(const SpanCounts& counts) { return PercentOrZero(counts.right, counts.gold); }

double SpanF1(const SpanCounts& counts) {
  return PercentOrZero(2 * counts.right, counts.gold + counts.predicted);
}

}  // namespace bittern
