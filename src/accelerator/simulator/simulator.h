// Runs accelerator programs: their arithmetic to the bit, and their cycles.
//
// The two are apart. `Run` executes instructions one after the other in program order, which is
// what they mean; waits keep the machine to that, and proving it is another's work. `Time` counts
// cycles and events of the program under the current list registers and touches no data.
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

  // Writes the program's constants too. Fails when it was made for another accelerator or cannot
  // be decoded.
  void LoadProgram(const isa::Program& program);

  // As Device's.
  void WriteWords(uint32_t address, std::span<const float> values);
  void ReadWords(uint32_t address, std::span<float> values) const;
  void WriteTable(uint32_t table, std::span<const int32_t> entries);
  void WriteRegisters(const HostRegisters& registers);

  // Of every word of memory, the program's constants included: to read it is an error until it is
  // written again.
  void PoisonAll();

  // One step. Tiles, accumulators and lane registers begin unwritten. Throws SimulationError.
  void Run();

  // Of one step, remembered by list registers. The reference holds until the next call.
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
