// SPDX-License-Identifier: Apache-2.0
// Chooses how every tensor of a graph lies in words: which axis is across lanes.
//
// Activations have tokens in their lanes, vectors are scalars. For cores, factors and heads the
// axis is searched for: the choice must give every contraction a direction on the array, the
// gradient of a parameter lies as the parameter does, and among the choices the one with the fewest
// stream elements is taken. Deterministic.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_LAYOUT_SEARCH_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_LAYOUT_SEARCH_H_

#include <vector>

#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/graph.h"

namespace bittern {

// One a tensor, whole (splits.h); those of host integers (input tables) stay empty. Fails, naming
// the tensor or the operation, where there is no layout.
std::vector<TensorLayout> ChooseLayouts(const Graph& graph, const isa::Accelerator& machine);

// For every tensor the one that it lies like: itself, the parameter of a gradient, what a scaled
// copy is made from.
std::vector<TensorId> TiedTensors(const Graph& graph);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_LAYOUT_SEARCH_H_
