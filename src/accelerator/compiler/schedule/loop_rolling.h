// SPDX-License-Identifier: Apache-2.0
// Parts of a step, one behind the other, and which of them are trips of one hardware loop.
//
// The graph says which operations are a trip of a repeat (Op::repeat). Trips that do the same on
// tensors of their own become one section: the operations of the first trip, and for each of its
// tensors the one that takes its place in the next trip. So the program of a model with six
// encoders is as long as that of a model with two.
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
  std::vector<FusionGroup> groups;  // of the first trip
  int iterations = 1;
  std::map<TensorId, TensorId> next;  // where it is another one in the next trip
  int stream_step = 0;                // Op::stream from trip to trip
  std::set<TensorId> wanted;          // what the section behind this one reads or updates
};

struct RolledStep {
  std::vector<Section> list;
  // Tensors that must lie side by side, in this order: a trip steps from one to the next.
  std::vector<std::vector<TensorId>> loop_indexed;
};

// Trips that differ in more than tensors and streams stay sections of their own.
RolledStep RollLoops(std::vector<FusionGroup> groups, const Graph& graph,
                     const std::vector<TensorLayout>& layout);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_SCHEDULE_LOOP_ROLLING_H_
