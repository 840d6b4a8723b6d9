// SPDX-License-Identifier: Apache-2.0
// Static memory: the life of each tensor of a graph, and its place in one arena.
//
// Units are bytes. Time is the index of an operation; a tensor lives from its first write to its
// last read, both included, so an operation's operands never share bytes with its results (an
// elementwise operation in place names one tensor twice instead). Persistent tensors live for
// ever. Everything is planned for Graph::tokens columns; a shorter sentence uses the front of each
// block. Deterministic. Tensors that nothing touches get no bytes.
#ifndef BITTERN_GRAPH_ARENA_H_
#define BITTERN_GRAPH_ARENA_H_

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace bittern {

inline constexpr int64_t kArenaAlignment = 64;

struct Lifetime {
  int first = 0;
  int last = -1;  // last < first: the tensor is never alive

  bool Overlaps(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

struct Block {
  Lifetime life;
  int64_t bytes = 0;
  int64_t offset = 0;  // a multiple of kArenaAlignment
};

struct ArenaPlan {
  std::vector<Block> blocks;      // one a tensor
  int64_t peak_bytes = 0;         // size of the arena
  int64_t lower_bound_bytes = 0;  // the most bytes alive at one time; no plan can need less

  double Efficiency() const {
    return peak_bytes == 0
               ? 1.0
               : static_cast<double>(lower_bound_bytes) / static_cast<double>(peak_bytes);
  }
};

std::vector<Lifetime> Lifetimes(const Graph& graph);

// Gives every block an offset so that blocks alive together are disjoint. The caller sets life and
// bytes of each. Sizes are rounded up to the alignment; a block without bytes gets offset 0.
ArenaPlan PlaceBlocks(std::vector<Block> blocks);

ArenaPlan PlanArena(const Graph& graph);

// Bytes alive at an operation, by kind of tensor (index: TensorKind).
std::vector<int64_t> BytesAlive(const Graph& graph, const ArenaPlan& plan, int op);

}  // namespace bittern

#endif  // BITTERN_GRAPH_ARENA_H_
