// SPDX-License-Identifier: Apache-2.0
// The mask of a dropout operation in a step: the stream is added to the step's key.
#ifndef BITTERN_CPU_DROPOUT_H_
#define BITTERN_CPU_DROPOUT_H_

#include <cmath>

#include "base/dropout_bits.h"
#include "graph/graph.h"

namespace bittern {

inline DropoutMask MaskOf(const DropoutAttributes& dropout, const StepInputs& inputs) {
  const uint64_t key = inputs.dropout_key + static_cast<uint64_t>(dropout.stream);
  return {.key = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)},
          .threshold = static_cast<uint32_t>(std::lround((1 - dropout.rate) * 65536))};
}

}  // namespace bittern

#endif  // BITTERN_CPU_DROPOUT_H_
