// SPDX-License-Identifier: Apache-2.0
// Chooses which tensors are split into halves for two planes, and along which axis.
//
// A contraction uses both planes where one of its loops halves everything that it streams
// (contraction_cost.h, PlaneLoop). Starts from the outermost axis that can be halved and improves
// one tensor after the other until no change makes the streams shorter. What has no place on the
// array then is left whole. Deterministic.
//
// A pass of the vector unit runs over the borders between the halves of all its operands, which is
// found out when it is put together (pass.h): a split that is in its way is refused, and the search
// goes again without it.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_PLANE_PARTITION_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_PLANE_PARTITION_H_

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/graph.h"

namespace bittern {

// A tensor and a TensorLayout::split that it must not have.
using RefusedPartition = std::pair<TensorId, int64_t>;

// Sets TensorLayout::split and plane_step; nothing on a machine with one plane.
void PartitionPlanes(const Graph& graph, const isa::Accelerator& machine,
                     const std::set<RefusedPartition>& refused, std::vector<TensorLayout>& layout);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_PLANE_PARTITION_H_
