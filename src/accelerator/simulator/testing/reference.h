// SPDX-License-Identifier: Apache-2.0
// A second implementation of the instruction set, for tests. It follows the formulas of
// spec/isa.toml element by element and lane by lane, in integer arithmetic
// (accelerator/isa/arithmetic/binary32.h). It is simple and slow.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_TESTING_REFERENCE_H_
#define BITTERN_ACCELERATOR_SIMULATOR_TESTING_REFERENCE_H_

#include "accelerator/isa/decoded_program.h"
#include "accelerator/simulator/machine_state.h"

namespace bittern {

// Runs one step. Throws SimulationError if a value is read that was never written or does not
// exist.
void RunReference(const DecodedProgram& program, MachineState& state);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_TESTING_REFERENCE_H_
