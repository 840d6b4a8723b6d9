// SPDX-License-Identifier: Apache-2.0
// Chooses plane partitions: which tensors are divided into halves for two planes, and along which
// axis.
//
// A contraction uses both planes if one of its loops halves all operands that it streams
// (contraction_cost.h, PlaneLoop). The search starts with the outermost axis of each tensor that
// can be halved. It improves one tensor after the other until no change saves cycles. If an
// operation then has no place on the array, its tensors stay whole. Deterministic.
//
// A vector op runs over the borders between the halves of all its operands. Whether it can is known
// only when it is lowered (vector_op.h). A partition that makes it impossible is refused, and the
// search runs again without it.
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

// Sets TensorLayout::split and plane_step. Changes nothing on a machine with one plane.
void PartitionPlanes(const Graph& graph, const isa::Accelerator& machine,
                     const std::set<RefusedPartition>& refused, std::vector<TensorLayout>& layout);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_PLANE_PARTITION_H_
