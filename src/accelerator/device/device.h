// SPDX-License-Identifier: Apache-2.0
// A machine that runs accelerator programs: the simulator, a simulation of the RTL, or a board.
//
// The caller first calls LoadProgram. Then, for every step, it writes the words that changed, calls
// Start and Wait, and reads the results. Memory keeps its content from step to step. It may be
// written and read only between Wait and Start. Bad programs and failed runs are errors
// (base/error.h). The destructor closes the device.
#ifndef BITTERN_ACCELERATOR_DEVICE_DEVICE_H_
#define BITTERN_ACCELERATOR_DEVICE_DEVICE_H_

#include <cstdint>
#include <span>

#include "accelerator/isa/counters.h"
#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/program.h"

namespace bittern {

// Small inputs of a step that are not in memory.
struct HostRegisters {
  isa::ListRegisters lists{};  // iteration counts
  uint32_t tokens = 0;         // number of real tokens, at most the lanes
  uint64_t dropout_key = 0;

  bool operator==(const HostRegisters&) const = default;
};

class Device {
 public:
  virtual ~Device() = default;

  virtual const isa::Accelerator& accelerator() const = 0;

  virtual void LoadProgram(const isa::Program& program) = 0;

  // Accesses whole words from `address` on. Bits 19..18 of the address are the region, as in
  // isa::Walk, and a word has T, R or 1 floats. A subnormal is written as a zero of its sign, so
  // memory never contains one. Every NaN is read as kNan.
  virtual void WriteWords(uint32_t address, std::span<const float> values) = 0;
  virtual void ReadWords(uint32_t address, std::span<float> values) = 0;
  // Writes the entries of index table `table` (from 0). Entries that are not given become -1.
  virtual void WriteTable(uint32_t table, std::span<const int32_t> entries) = 0;
  virtual void WriteRegisters(const HostRegisters& registers) = 0;

  virtual void Start() = 0;
  virtual void Wait() = 0;  // waits until the started run ends
  virtual Counters ReadCounters() = 0;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_DEVICE_H_
