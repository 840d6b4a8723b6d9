// Proves a memory plan right from the schedule alone: it replays the operations over a map of
// which tensor wrote each 64-byte line last. Shares no code with the planner (not even what an
// operation reads), so that a fault in one is not repeated in the other.
//
// It finds: a read of a tensor that nothing has written, a read of a line that another tensor has
// written since (overlap, early free), a block outside the arena, a misaligned block, a result
// that shares bytes with a different operand of the same operation, and a persistent tensor
// whose bytes something else wrote.
#ifndef BITTERN_GRAPH_ARENA_CHECKER_H_
#define BITTERN_GRAPH_ARENA_CHECKER_H_

#include <string>
#include <vector>

#include "graph/arena.h"
#include "graph/graph.h"

namespace bittern {

// Every fault found, as a sentence that names the operation and the tensors; empty: proved.
std::vector<std::string> CheckArena(const Graph& graph, const ArenaPlan& plan);

}  // namespace bittern

#endif  // BITTERN_GRAPH_ARENA_CHECKER_H_
