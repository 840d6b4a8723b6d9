// SPDX-License-Identifier: Apache-2.0
// Divides a step into sections: straight-line parts and rolled loops.
//
// The graph marks repeated operations with a loop and an iteration of it (Op::loop, Op::iteration).
// Iterations that do the same on different tensors become one section. It has the operations of the
// first iteration, and for each of their tensors the one that the second iteration uses instead.
// So the program of a model with six encoders is as long as that of a model with two.
#ifndef BITTERN_ACCELERATOR_COMPILER_SCHEDULE_LOOP_ROLLING_H_
#define BITTERN_ACCELERATOR_COMPILER_SCHEDULE_LOOP_ROLLING_H_

#include <map>
#include <set>
#include <vector>

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/layout/tensor_layout.h"
#include "graph/graph.h"

namespace bittern {

struct Section {
  std::vector<FusionGroup> groups;    // of the first iteration
  int iterations = 1;                 // 1: not a loop
  std::map<TensorId, TensorId> next;  // by tensor: the one of the second iteration, if it differs
  int stream_step = 0;                // added to a dropout stream from iteration to iteration
  std::set<TensorId> wanted;          // tensors that the next section reads or updates
};

struct RolledStep {
  std::vector<Section> list;
  // Sequences of tensors that must be adjacent in memory, in this order, because each iteration
  // goes on by a constant stride.
  std::vector<std::vector<TensorId>> loop_indexed;
};

// `groups`: in program order. `layout`: by TensorId. Iterations that differ in more than tensors
// and dropout streams stay separate sections. Deterministic.
RolledStep RollLoops(std::vector<FusionGroup> groups, const Graph& graph,
                     const std::vector<TensorLayout>& layout);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_SCHEDULE_LOOP_ROLLING_H_
