// SPDX-License-Identifier: Apache-2.0
// The tensor network of one linear map and its activation: what the planner orders.
//
// Leaves are the cores G1..Gd (leaf 0..d-1) and the activation X (leaf d) with the indices
// (n1..nq, k); two leaves that share an index are summed over it, Y keeps (m1..mp, k). A dense
// weight is the chain of one core with the indices (m1, n1).
//
// An index is its position in the canonical order, with the token index k last:
//     TT     m1 r1 m2 r2 .. mp rp n1 r(p+1) .. nq k
//     TTM    m1 n1 r1 m2 n2 r2 .. md nd k
// (the bonds r0 and rd of extent 1 are left out). Every tensor of a contraction is laid out
// row-major with its indices in that order, so a layout follows from a set of indices and k is
// always the innermost one where it occurs.
#ifndef BITTERN_TENSOR_CHAIN_H_
#define BITTERN_TENSOR_CHAIN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/shape.h"

namespace bittern {

// Bit i stands for the index at canonical position i.
using IndexSet = std::uint32_t;

struct Index {
  std::string name;     // "m1", "r1", "n1", "k"
  std::int64_t extent;  // of k: 0, given when planning
};

struct Chain {
  std::vector<Index> indices;    // by canonical position; the last is k
  std::vector<IndexSet> leaves;  // cores from left to right, then X
  IndexSet output = 0;           // the indices of Y: m1..mp, k
  int left_cores = 0;            // cores left of the middle bond; TT: those with output modes

  int cores() const { return static_cast<int>(leaves.size()) - 1; }
  int token_index() const { return static_cast<int>(indices.size()) - 1; }
};

Chain TtChain(const TtShape& shape);
Chain TtmChain(const TtmShape& shape);  // of the matrix V x D as W: Y = W X, X: [D][T]
Chain DenseChain(std::int64_t rows, std::int64_t columns);

}  // namespace bittern

#endif  // BITTERN_TENSOR_CHAIN_H_
