// SPDX-License-Identifier: Apache-2.0
// Runs accelerator programs: their arithmetic to the bit, and their cycles.
//
// Results and time are separate. `Run` executes instructions one after the other in program order,
// which defines the result. On the machine the wait fields ensure the same result, and the checker
// (accelerator/checker) proves that they do. `Time` counts cycles and events with the current list
// registers, and changes no data.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_SIMULATOR_H_
#define BITTERN_ACCELERATOR_SIMULATOR_SIMULATOR_H_

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "accelerator/device/device.h"
#include "accelerator/isa/decoded_program.h"
#include "accelerator/isa/timing.h"
#include "accelerator/simulator/fault.h"
#include "accelerator/simulator/machine_state.h"
#include "accelerator/simulator/units.h"

namespace bittern {

class Simulator {
 public:
  explicit Simulator(const isa::Accelerator& accelerator);

  const isa::Accelerator& accelerator() const { return state_.accelerator; }
  const DecodedProgram& program() const { return program_; }
  MachineState& state() { return state_; }

  // Also writes the program's constants. Fails if the program is for another accelerator or cannot
  // be decoded.
  void LoadProgram(const isa::Program& program);

  // These have the contracts of Device.
  void WriteWords(uint32_t address, std::span<const float> values);
  void ReadWords(uint32_t address, std::span<float> values) const;
  void WriteTable(uint32_t table, std::span<const int32_t> entries);
  void WriteRegisters(const HostRegisters& registers);

  // Marks every word of memory as unwritten, the program's constants included. Reading it is then
  // an error until it is written again.
  void PoisonAll();

  // Runs one step. Tiles, accumulators and lane registers start unwritten. Throws SimulationError.
  void Run();

  // The time of one step, cached by list registers. The reference is valid until the next call.
  const Timing& Time();
  std::vector<InstructionTime> Trace() const;

 private:
  MachineState state_;
  Workspace work_;
  DecodedProgram program_;
  std::map<isa::ListRegisters, Timing> timings_;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_SIMULATOR_H_
