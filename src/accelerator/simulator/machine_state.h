// SPDX-License-Identifier: Apache-2.0
// The state of the accelerator apart from its program, and which parts of it have been written.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_MACHINE_STATE_H_
#define BITTERN_ACCELERATOR_SIMULATOR_MACHINE_STATE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "accelerator/device/device.h"
#include "accelerator/isa/accelerator.h"

namespace bittern {

inline constexpr int kTokenWords = 0, kRankWords = 1, kScalars = 2;  // regions
inline constexpr int kRegions = isa::kRegionCount;
using isa::kRegionShift;

struct MemoryRegion {
  int64_t width = 0;  // number of floats in a word
  int64_t words = 0;
  int64_t plane_step = 0;
  std::vector<float> values;     // [word][lane]
  std::vector<uint8_t> written;  // [word]
};

// Tile slots or accumulators: [plane][slot][row][lane].
struct SlotFile {
  std::vector<float> values;
  std::vector<uint8_t> written;  // [plane][slot]
};

struct MachineState {
  explicit MachineState(const isa::Accelerator& of);

  // Marks tiles, accumulators and lane registers as unwritten.
  void BeginRun();

  isa::Accelerator accelerator;
  int64_t rows, lanes, planes;
  std::array<MemoryRegion, kRegions> memory;
  SlotFile tiles, accumulators;
  std::vector<float> registers;  // [register][lane]
  std::vector<uint8_t> register_written;
  std::vector<int32_t> tables;  // [table][lane]
  HostRegisters host;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_MACHINE_STATE_H_
