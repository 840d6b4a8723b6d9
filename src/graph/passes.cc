// SPDX-License-Identifier: Apache-2.0
#include "graph/passes.h"

#include <algorithm>

namespace bittern {

void RemoveDeadOps(Graph& graph) {
  // From the last operation to the first: an operation is wanted where a later one reads a result
  // of it, or where a result outlives the step.
  std::vector<bool> wanted(graph.tensors.size());
  for (size_t id = 0; id < wanted.size(); ++id) wanted[id] = graph.tensors[id].persistent;
  std::vector<bool> dead(graph.ops.size(), false);
  for (size_t i = graph.ops.size(); i-- > 0;) {
    const Op& op = graph.ops[i];
    dead[i] = std::none_of(op.out.begin(), op.out.end(),
                           [&](TensorId id) { return wanted[static_cast<size_t>(id)]; });
    if (dead[i]) continue;
    for (const TensorId id : Reads(op)) wanted[static_cast<size_t>(id)] = true;
  }
  // The part that runs once a batch begins earlier by as many operations as are dropped before it.
  const auto end = static_cast<size_t>(graph.update_begin);
  graph.update_begin -= static_cast<int>(
      std::count(dead.begin(), dead.begin() + static_cast<std::ptrdiff_t>(end), true));
  size_t i = 0;
  std::erase_if(graph.ops, [&](const Op&) { return dead[i++]; });
}

void HoistUpdates(Graph& graph) {
  // True if the update may not pass an operation, because they share a tensor. Two readers of one
  // tensor could change places, but the parameter and the gradient of an update are never only
  // read.
  const auto touches = [](const Op& op, const Op& update) {
    std::vector<TensorId> all = Reads(op);
    all.insert(all.end(), op.out.begin(), op.out.end());
    std::vector<TensorId> mine = Reads(update);
    mine.insert(mine.end(), update.out.begin(), update.out.end());
    return std::find_first_of(all.begin(), all.end(), mine.begin(), mine.end()) != all.end();
  };
  for (int i = 0; i < graph.update_begin; ++i) {
    if (InfoOf(graph.ops[static_cast<size_t>(i)].operation).stage != Stage::kUpdate) continue;
    // Earlier updates have moved already, so they keep their order among each other.
    int place = i;
    while (place > 0 &&
           !touches(graph.ops[static_cast<size_t>(place) - 1], graph.ops[static_cast<size_t>(i)])) {
      --place;
    }
    std::rotate(graph.ops.begin() + place, graph.ops.begin() + i, graph.ops.begin() + i + 1);
  }
}

}  // namespace bittern
