// SPDX-License-Identifier: Apache-2.0
// Cycle counters of a run. They say how long each unit was busy and why it waited.
#ifndef BITTERN_ACCELERATOR_ISA_COUNTERS_H_
#define BITTERN_ACCELERATOR_ISA_COUNTERS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "accelerator/isa/generated/instructions.h"

namespace bittern {

// The reasons for which a unit issued no element. Either it had no instruction yet, because the
// sequencer was busy or the program had ended, or its next instruction waited for one of another
// unit.
enum class Stall { kDispatch, kLoad, kStream, kDrain, kVector };
inline constexpr size_t kStalls = 1 + isa::kUnits;

// Cycles of the last run. For every unit, busy + all stalls = cycles.
struct Counters {
  int64_t cycles = 0;
  std::array<int64_t, isa::kUnits> busy{};
  std::array<std::array<int64_t, kStalls>, isa::kUnits> stalls{};  // [unit][Stall]
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_COUNTERS_H_
