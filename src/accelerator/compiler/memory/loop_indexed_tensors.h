// SPDX-License-Identifier: Apache-2.0
// Loop-indexed tensors: each iteration of a rolled loop uses the next tensor of a sequence.
#ifndef BITTERN_ACCELERATOR_COMPILER_MEMORY_LOOP_INDEXED_TENSORS_H_
#define BITTERN_ACCELERATOR_COMPILER_MEMORY_LOOP_INDEXED_TENSORS_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "accelerator/compiler/lower/machine_code.h"
#include "graph/graph.h"

namespace bittern {

class LoopIndexedTensors {
 public:
  // Refers to `loop_indexed`: sequences of tensors in the order of their addresses.
  explicit LoopIndexedTensors(const std::vector<std::vector<TensorId>>& loop_indexed)
      : loop_indexed_(loop_indexed) {
    for (size_t f = 0; f < loop_indexed.size(); ++f) {
      for (size_t n = 0; n < loop_indexed[f].size(); ++n) {
        place_[loop_indexed[f][n]] = {f, static_cast<int64_t>(n)};
      }
    }
  }

  // The tensor that iteration `iteration` uses, given those of iterations 0 and 1.
  StoredId AtIteration(StoredId first, StoredId next, int64_t iteration) const {
    if (first == next || iteration == 0) return first;
    const auto [family, place] = place_.at(first);
    const int64_t step = place_.at(next).second - place;
    return loop_indexed_[family][static_cast<size_t>(place + iteration * step)];
  }

 private:
  const std::vector<std::vector<TensorId>>& loop_indexed_;
  std::map<StoredId, std::pair<size_t, int64_t>> place_;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_LOOP_INDEXED_TENSORS_H_
