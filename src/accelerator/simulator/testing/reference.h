// The instruction set once more, for tests: element by element, lane by lane, from the formulas of
// spec/isa.toml, in integer arithmetic (arith/binary32.h). Slow, and as plain as can be.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_TESTING_REFERENCE_H_
#define BITTERN_ACCELERATOR_SIMULATOR_TESTING_REFERENCE_H_

#include "accelerator/isa/decoded_program.h"
#include "accelerator/simulator/machine_state.h"

namespace bittern {

// One step. Throws SimulationError where something is read that was never written or does not
// exist.
void RunReference(const DecodedProgram& program, MachineState& state);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_TESTING_REFERENCE_H_
