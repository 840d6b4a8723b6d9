// The instruction set once more, for tests: element by element, lane by lane, from the formulas of
// spec/isa.toml, in integer arithmetic (arith/binary32.h). Slow, and as plain as can be.
#ifndef BITTERN_SIMULATOR_REFERENCE_H_
#define BITTERN_SIMULATOR_REFERENCE_H_

#include "simulator/machine_state.h"
#include "simulator/program.h"

namespace bittern {

// One step. Throws SimulationError where something is read that was never written or does not
// exist.
void RunReference(const DecodedProgram& program, MachineState& state);

}  // namespace bittern

#endif  // BITTERN_SIMULATOR_REFERENCE_H_
