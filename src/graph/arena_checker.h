// SPDX-License-Identifier: Apache-2.0
// Proves a memory plan right from the schedule alone: it replays the operations over a map that
// says which tensor wrote each 64-byte line last.
//
// The checker shares no code with the planner, not even the rule that says what an operation reads.
// A fault in one is then not repeated in the other. Its own rule: an operation reads its operands,
// the results that it adds to, and every parameter or state among its results. The list of
// operations that add to their results stands in the checker a second time. A new operation that
// changes its results does not compile until both lists have it (arena_checker.cc).
//
// Faults that it finds: a read of a tensor that no operation has written, a read of a line that
// another tensor has written since (an overlap or an early free), a block outside the arena, a
// misaligned block, a result that shares bytes with a different operand of the same operation, and
// a persistent tensor whose bytes another tensor overwrote.
#ifndef BITTERN_GRAPH_ARENA_CHECKER_H_
#define BITTERN_GRAPH_ARENA_CHECKER_H_

#include <string>
#include <vector>

#include "graph/arena.h"
#include "graph/graph.h"

namespace bittern {

// Every fault found, as a sentence that names the operation and the tensors. An empty list means
// that the plan is proved.
std::vector<std::string> CheckArena(const Graph& graph, const ArenaPlan& plan);

}  // namespace bittern

#endif  // BITTERN_GRAPH_ARENA_CHECKER_H_
