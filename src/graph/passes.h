// SPDX-License-Identifier: Apache-2.0
// Passes over the order of a graph's operations, run once it is built.
#ifndef BITTERN_GRAPH_PASSES_H_
#define BITTERN_GRAPH_PASSES_H_

#include "graph/graph.h"

namespace bittern {

// Drops operations whose results no other operation reads. A recomputed forward pass ends with
// some.
void RemoveDeadOps(Graph& graph);

// Moves every operation of Stage::kUpdate to the earliest place that its gradient and the other
// readers of its parameter allow, so that gradients live shortly. Keeps all other orders.
void HoistUpdates(Graph& graph);

}  // namespace bittern

#endif  // BITTERN_GRAPH_PASSES_H_
