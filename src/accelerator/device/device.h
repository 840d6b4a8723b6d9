// A machine that runs accelerator programs: the simulator, a simulation of the RTL, or a board.
//
// The order of calls: LoadProgram; then, for every step, writes of what changed, Start, Wait,
// reads. What memory holds stays from step to step. Memory is written and read between Wait and
// Start only. Bad programs and failed runs are errors (base/error.h). The destructor closes the
// device.
#ifndef BITTERN_ACCELERATOR_DEVICE_DEVICE_H_
#define BITTERN_ACCELERATOR_DEVICE_DEVICE_H_

#include <cstdint>
#include <span>

#include "accelerator/isa/counters.h"
#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/program.h"

namespace bittern {

// Small inputs of a step beside its memory.
struct HostRegisters {
  isa::ListRegisters lists{};  // iteration counts
  uint32_t tokens = 0;         // real tokens, up to the lanes
  uint64_t dropout_key = 0;

  bool operator==(const HostRegisters&) const = default;
};

class Device {
 public:
  virtual ~Device() = default;

  virtual const isa::Accelerator& accelerator() const = 0;

  virtual void LoadProgram(const isa::Program& program) = 0;

  // Whole words from `address` on (isa::Walk's: bits 19..18 are the region), T, R or 1 floats each.
  // A subnormal is written as a zero of its sign, so that the machine never meets one; every NaN
  // is read as kNan.
  virtual void WriteWords(uint32_t address, std::span<const float> values) = 0;
  virtual void ReadWords(uint32_t address, std::span<float> values) = 0;
  // The entries of index table `table` (from 0); those beyond the given ones are -1.
  virtual void WriteTable(uint32_t table, std::span<const int32_t> entries) = 0;
  virtual void WriteRegisters(const HostRegisters& registers) = 0;

  virtual void Start() = 0;
  virtual void Wait() = 0;  // until the run that was started is over
  virtual Counters ReadCounters() = 0;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_DEVICE_H_
