// Cycle counters of a run. They say how long each unit was busy and why it waited.
#ifndef BITTERN_ACCELERATOR_ISA_COUNTERS_H_
#define BITTERN_ACCELERATOR_ISA_COUNTERS_H_

#include <array>
#include <cstdint>

namespace bittern {

inline constexpr int kUnits = 4;  // load, stream, drain, vector: isa::Unit

// The reasons for which a unit issued no element. Either it had no instruction yet, because the
// sequencer was busy or the program had ended, or its next instruction waited for one of another
// unit.
enum class Stall { kDispatch, kLoad, kStream, kDrain, kVector };
inline constexpr int kStalls = 5;

// Cycles of the last run. For every unit, busy + all stalls = cycles.
struct Counters {
  int64_t cycles = 0;
  std::array<int64_t, kUnits> busy{};
  std::array<std::array<int64_t, kStalls>, kUnits> stalls{};  // [unit][Stall]
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_COUNTERS_H_
