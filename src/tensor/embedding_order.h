// SPDX-License-Identifier: Apache-2.0
// The order in which the rows of a TTM embedding are computed, and how words share work.
//
// The row of a word is F1[v1] .. Fd[vd]. A binary tree over intervals of cores says what is
// multiplied first; its node [a..b] holds, for every distinct tuple (va..vb) among the words of a
// sentence, one matrix [r(a-1), da * .. * db, rb]. So two words that agree in va..vb share that
// node's work, and backward accumulates a tuple's gradient from every tuple that uses it.
#ifndef BITTERN_TENSOR_EMBEDDING_ORDER_H_
#define BITTERN_TENSOR_EMBEDDING_ORDER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tensor/shape.h"

namespace bittern {

struct EmbeddingNode {
  int first = 0;  // the interval of cores, both ends included
  int last = 0;
  int left = -1;  // -1: a leaf, one core; its tuples are slices of the core
  int right = -1;
  std::int64_t tuples = 0;  // distinct tuples, as planned for
  std::int64_t multiplications =
      0;                      // a tuple; rows = r(a-1) * d.., inner = bond, columns = d.. * rb
  std::int64_t elements = 0;  // a tuple; of a leaf: a slice, which stays in the core
};

struct EmbeddingTree {
  // Leaves 0..d-1 (a core each), then inner nodes, operands first; the root is last.
  std::vector<EmbeddingNode> nodes;

  int root() const { return static_cast<int>(nodes.size()) - 1; }
  std::int64_t Multiplications() const;  // forward, for the planned tuples; backward is twice that
  std::int64_t IntermediateElements() const;  // inner nodes but the root
};

// Distinct tuples that the cores first..last must be planned for.
using DistinctCounts = std::function<std::int64_t(int first, int last)>;

// `words` distinct words that share as little as they can: min(words, va * .. * vb).
DistinctCounts WorstDistinctCounts(const TtmShape& shape, std::int64_t words);

// The tree of fewest multiplications, among equals of fewest intermediate elements.
EmbeddingTree PlanEmbedding(const TtmShape& shape, const DistinctCounts& distinct);

// The tuples of a node for the words of one sentence. The caller owns the arrays, which hold at
// least as many entries as the sentence has tokens; tuple t of the node is
//     value[t] = value_of_left_child[left[t]] * value_of_right_child[right[t]].
struct EmbeddingList {
  std::span<std::int32_t> tuple;  // (va..vb) as one number, row-major: of a leaf the slice of its
                                  // core, of the root the word
  std::span<std::int32_t> left;   // inner nodes alone: which tuple of the child
  std::span<std::int32_t> right;
  std::int32_t count = 0;  // written: entries in use
};

// Fills one list a node and `token_row`: which of the root's tuples is token t's word. Tuples stand
// in the order of their first appearance. Allocates nothing; words must be below shape.rows(),
// which must fit 31 bits (quadratic in the sentence's length, some microseconds for 32 tokens).
void ListTuples(const TtmShape& shape, const EmbeddingTree& tree,
                std::span<const std::int32_t> words, std::span<EmbeddingList> lists,
                std::span<std::int32_t> token_row);

}  // namespace bittern

#endif  // BITTERN_TENSOR_EMBEDDING_ORDER_H_
