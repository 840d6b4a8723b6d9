// SPDX-License-Identifier: Apache-2.0
#include "tensor/embedding_order.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"

namespace bittern {
namespace {

std::int64_t FeatureExtent(const TtmShape& shape, int first, int last) {
  std::int64_t extent = 1;
  for (int core = first; core <= last; ++core) {
    extent = SaturatingProduct(extent, shape.feature_modes[core]);
  }
  return extent;
}

std::int64_t VocabularyExtent(const TtmShape& shape, int first, int last) {
  std::int64_t extent = 1;
  for (int core = first; core <= last; ++core) {
    extent = SaturatingProduct(extent, shape.vocabulary_modes[core]);
  }
  return extent;
}

// Elements of one tuple's matrix.
std::int64_t TupleElements(const TtmShape& shape, int first, int last) {
  return shape.ranks[first] * FeatureExtent(shape, first, last) * shape.ranks[last + 1];
}

// The place of `tuple` in the list, where it is appended if it is new.
std::int32_t FindOrAppend(EmbeddingList& list, std::int32_t tuple) {
  const auto end = list.tuple.begin() + list.count;
  const auto found = std::find(list.tuple.begin(), end, tuple);
  const auto place = static_cast<std::int32_t>(found - list.tuple.begin());
  if (found == end) {
    BITTERN_CHECK(static_cast<std::size_t>(place) < list.tuple.size());
    list.tuple[place] = tuple;
    ++list.count;
  }
  return place;
}

}  // namespace

std::int64_t EmbeddingTree::Multiplications() const {
  std::int64_t sum = 0;
  for (const EmbeddingNode& node : nodes) sum += node.tuples * node.multiplications;
  return sum;
}

std::int64_t EmbeddingTree::IntermediateElements() const {
  std::int64_t sum = 0;
  for (int i = 0; i < root(); ++i) {
    if (nodes[i].left >= 0) sum += nodes[i].tuples * nodes[i].elements;
  }
  return sum;
}

DistinctCounts WorstDistinctCounts(const TtmShape& shape, std::int64_t words) {
  return [shape, words](int first, int last) {
    return std::min(words, VocabularyExtent(shape, first, last));
  };
}

EmbeddingTree PlanEmbedding(const TtmShape& shape, const DistinctCounts& distinct) {
  const int cores = shape.cores();
  struct Best {
    std::pair<std::int64_t, std::int64_t> cost;  // multiplications, elements, with its own
    int split = -1;                              // the last core of the left part
  };
  std::vector<std::vector<Best>> best(cores, std::vector<Best>(cores));
  const auto multiplications = [&](int first, int split, int last) {
    return SaturatingProduct(TupleElements(shape, first, split),
                             FeatureExtent(shape, split + 1, last) * shape.ranks[last + 1]);
  };
  for (int length = 2; length <= cores; ++length) {
    for (int first = 0; first + length <= cores; ++first) {
      const int last = first + length - 1;
      Best& whole = best[first][last];
      for (int split = first; split < last; ++split) {
        const auto& left = best[first][split].cost;
        const auto& right = best[split + 1][last].cost;
        const std::int64_t tuples = distinct(first, last);
        const std::pair<std::int64_t, std::int64_t> cost = {
            left.first + right.first + tuples * multiplications(first, split, last),
            left.second + right.second + tuples * TupleElements(shape, first, last)};
        if (whole.split < 0 || cost < whole.cost) whole = {cost, split};
      }
    }
  }

  EmbeddingTree tree;
  for (int core = 0; core < cores; ++core) {
    tree.nodes.push_back({.first = core,
                          .last = core,
                          .tuples = distinct(core, core),
                          .elements = TupleElements(shape, core, core)});
  }
  const auto build = [&](const auto& self, int first, int last) -> int {
    if (first == last) return first;
    const int split = best[first][last].split;
    const int left = self(self, first, split);
    const int right = self(self, split + 1, last);
    tree.nodes.push_back({.first = first,
                          .last = last,
                          .left = left,
                          .right = right,
                          .tuples = distinct(first, last),
                          .multiplications = multiplications(first, split, last),
                          .elements = TupleElements(shape, first, last)});
    return tree.root();
  };
  build(build, 0, cores - 1);
  return tree;
}

void ListTuples(const TtmShape& shape, const EmbeddingTree& tree,
                std::span<const std::int32_t> words, std::span<EmbeddingList> lists,
                std::span<std::int32_t> token_row) {
  BITTERN_CHECK(lists.size() == tree.nodes.size());
  BITTERN_CHECK(token_row.size() >= words.size());
  BITTERN_CHECK(shape.rows() <= std::numeric_limits<std::int32_t>::max());
  for (EmbeddingList& list : lists) list.count = 0;
  EmbeddingList& root = lists[tree.root()];
  for (std::size_t token = 0; token < words.size(); ++token) {
    BITTERN_CHECK(words[token] >= 0 && words[token] < shape.rows());
    token_row[token] = FindOrAppend(root, words[token]);
  }
  // From the root down: a node's tuples are known before they are split between its children.
  for (int i = tree.root(); i >= 0; --i) {
    const EmbeddingNode& node = tree.nodes[i];
    if (node.left < 0) continue;
    EmbeddingList& list = lists[i];
    const EmbeddingNode& right = tree.nodes[node.right];
    const auto base = static_cast<std::int32_t>(VocabularyExtent(shape, right.first, right.last));
    for (std::int32_t t = 0; t < list.count; ++t) {
      list.left[t] = FindOrAppend(lists[node.left], list.tuple[t] / base);
      list.right[t] = FindOrAppend(lists[node.right], list.tuple[t] % base);
    }
  }
}

}  // namespace bittern
