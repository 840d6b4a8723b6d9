// Spans in BIO tags, by the rules of CoNLL-2000's conlleval.
//
// B-x always starts a span. I-x continues a span of type x; after O, after another type and at the
// start of a sentence it starts one. A span is right if its first word, last word and type are
// right.
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

// Kind and type of each tag of a list. A tag's id is its position in the list.
class TagTable {
 public:
  // Fails unless each name is O, B-type or I-type.
  explicit TagTable(const std::vector<std::string>& names);

  int size() const { return static_cast<int>(tags_.size()); }
  const Tag& operator[](int id) const { return tags_[id]; }
  const std::vector<std::string>& types() const { return types_; }

 private:
  std::vector<Tag> tags_;
  std::vector<std::string> types_;  // in order of first appearance
};

// Two neighbouring tags: SpanStarts if a span starts at the second, SpanEnds if one ends at the
// first.
bool SpanStarts(const Tag& previous, const Tag& tag);
bool SpanEnds(const Tag& tag, const Tag& next);

struct Span {
  int first;  // word, from 0
  int last;   // word, included
  int type;   // of TagTable::types()

  friend bool operator==(const Span&, const Span&) = default;
};

// Returns the spans of a sentence in order. `tags` are ids of `table`.
std::vector<Span> FindSpans(const TagTable& table, std::span<const int32_t> tags);

struct SpanCounts {
  uint64_t gold = 0;
  uint64_t predicted = 0;
  uint64_t right = 0;

  friend bool operator==(const SpanCounts&, const SpanCounts&) = default;
};

// Adds a sentence to `counts`. `predicted` may be shorter than `gold`: missing tags count as O.
// Does not allocate.
void CountSpans(const TagTable& table, std::span<const int32_t> gold,
                std::span<const int32_t> predicted, SpanCounts* counts);

// In percent. Without spans the value is 0, as in conlleval.
double SpanPrecision(const SpanCounts& counts);
double SpanRecall(const SpanCounts& counts);
double SpanF1(const SpanCounts& counts);

}  // namespace bittern

#endif  // BITTERN_DATA_SPANS_H_
