// SPDX-License-Identifier: Apache-2.0
// Activation checkpointing: the backward pass computes some results of the forward pass again, so
// that they need no memory in between.
//
// A layer's operations are recorded as if everything were kept. This pass then copies a segment of
// them to the place where its results are needed again, and lets everything after that place read
// the copies. The originals die after their last reader in front of it.
#ifndef BITTERN_GRAPH_RECOMPUTATION_H_
#define BITTERN_GRAPH_RECOMPUTATION_H_

#include <span>

#include "graph/graph.h"

namespace bittern {

// Operations [begin, end) of a graph.
struct Segment {
  int begin = 0;
  int end = 0;
};

// "Run `segment` again in front of operation `op`."
struct Recomputation {
  Segment segment;
  int op = 0;
  int tensor = 0;  // the number of tensors when operation `op` was appended: see below
};

// Carries out `recomputations`, which stand in the order of `op`.
//
// Every tensor that a segment writes gets a copy; the segment must write it before it reads it, and
// it must not be persistent. All other tensors of a segment are read from the newest copy. The
// copies have the names and the parts of the originals, but belong to the loop in which they
// stand. Their ids come in front of the tensors that were made after the recomputation was asked
// for, so that a plan that goes by ids sees them in the order of their use. Operations whose
// results nothing reads are copied too: call RemoveDeadOps afterwards.
void InsertRecomputations(std::span<const Recomputation> recomputations, Graph& graph);

}  // namespace bittern

#endif  // BITTERN_GRAPH_RECOMPUTATION_H_
