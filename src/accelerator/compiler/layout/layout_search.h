// SPDX-License-Identifier: Apache-2.0
// Chooses how every tensor of a graph lies in words: which axis is across lanes.
//
// Activations have tokens in their lanes, vectors are scalars. For cores, factors and heads the
// axis is searched for. The choice must give every contraction a direction on the array, and the
// gradient of a parameter has the layout of the parameter. Among the possible choices the one with
// the fewest cycles of the array is taken. Deterministic.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_LAYOUT_SEARCH_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_LAYOUT_SEARCH_H_

#include <vector>

#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/graph.h"

namespace bittern {

// Returns one layout for each tensor, without plane partitions (plane_partition.h). Input tables
// hold integers of the host and have an empty layout. Fails, naming the tensor or the operation, if
// there is no layout.
std::vector<TensorLayout> ChooseLayouts(const Graph& graph, const isa::Accelerator& machine);

// Returns for every tensor the one whose layout it has: itself, the parameter of a gradient, or the
// original of a scaled copy.
std::vector<TensorId> TiedTensors(const Graph& graph);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_LAYOUT_SEARCH_H_
