// Passes over the order of a graph's operations, run once it is built.
#ifndef BITTERN_GRAPH_PASSES_H_
#define BITTERN_GRAPH_PASSES_H_

#include "graph/graph.h"

namespace bittern {

// Drops operations whose results nothing reads: a recomputed forward pass ends with some.
void RemoveDeadOps(Graph& graph);

// Moves every update to the earliest place that its gradient and the other readers of its
// parameter allow, so that gradients die young. Keeps the order of everything else.
void HoistUpdates(Graph& graph);

}  // namespace bittern

#endif  // BITTERN_GRAPH_PASSES_H_
