// SPDX-License-Identifier: Apache-2.0
// A graph for one accelerator, with a layout for each of its tensors. Owns nothing.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_LAID_OUT_GRAPH_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_LAID_OUT_GRAPH_H_

#include <cstdint>
#include <vector>

#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/graph.h"

namespace bittern {

struct LaidOutGraph {
  const Graph& graph;
  const isa::Accelerator& machine;
  const std::vector<TensorLayout>& layouts;  // by TensorId

  int64_t tokens() const { return graph.tokens; }
  const TensorLayout& layout(TensorId id) const { return layouts[static_cast<size_t>(id)]; }
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_LAID_OUT_GRAPH_H_
