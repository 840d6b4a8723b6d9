// Slot spans in BIO tags, by the rules of CoNLL-2000's conlleval.
//
// B-x always starts a span; I-x continues one of type x and otherwise (after O, at the start, after
// another type) starts one. Span F1 counts a span as right when first word, last word and type are.
#ifndef BITTERN_DATA_SPANS_H_
#define BITTERN_DATA_SPANS_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bittern {

enum class TagKind : uint8_t { kOutside, kBegin, kInside };

struct Tag {
  TagKind kind;
  int16_t type;  // of TagTable::types(); -1 for O
};

// The tags of a list of names, taken apart; place in the list = tag id.
class TagTable {
 public:
  // Each name is O, B-type or I-type, else an Error.
  explicit TagTable(const std::vector<std::string>& names);

  int size() const { return static_cast<int>(tags_.size()); }
  const Tag& operator[](int id) const { return tags_[id]; }
  const std::vector<std::string>& types() const { return types_; }

 private:
  std::vector<Tag> tags_;
  std::vector<std::string> types_;  // in order of first appearance
};

// Whether a span starts at the second of two neighbouring tags, or ends at the first.
bool SpanStarts(const Tag& previous, const Tag& tag);
bool SpanEnds(const Tag& tag, const Tag& next);

struct Span {
  int first;  // word, from 0
  int last;   // word, included
  int type;   // of TagTable::types()

  friend bool operator==(const Span&, const Span&) = default;
};

// The spans of a sentence in order. `tags` are ids of `table`.
std::vector<Span> FindSpans(const TagTable& table, std::span<const int16_t> tags);

struct SpanCounts {
  uint64_t gold = 0;
  uint64_t predicted = 0;
  uint64_t right = 0;

  friend bool operator==(const SpanCounts&, const SpanCounts&) = default;
};

// Adds a sentence to `counts`; allocates nothing. `predicted` may be shorter: the rest is O.
void CountSpans(const TagTable& table, std::span<const int16_t> gold,
                std::span<const int16_t> predicted, SpanCounts* counts);

// In percent; 0 where conlleval says 0 (no spans).
double SpanPrecision(const SpanCounts& counts);
double SpanRecall(const SpanCounts& counts);
double SpanF1(const SpanCounts& counts);

}  // namespace bittern

#endif  // BITTERN_DATA_SPANS_H_
