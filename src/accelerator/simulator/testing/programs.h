// SPDX-License-Identifier: Apache-2.0
// Builds programs from instructions, and machines to run them on, for tests.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_TESTING_PROGRAMS_H_
#define BITTERN_ACCELERATOR_SIMULATOR_TESTING_PROGRAMS_H_

#include <string>
#include <vector>

#include "accelerator/isa/decoded_program.h"
#include "accelerator/isa/generated/instructions.h"
#include "accelerator/isa/program.h"
#include "accelerator/simulator/machine_state.h"

namespace bittern {

// The program has `end` after the last of the given instructions.
inline isa::Program ProgramOf(const isa::Accelerator& accelerator,
                              const std::vector<isa::Instruction>& instructions) {
  isa::Program program;
  program.accelerator = accelerator.name;
  for (const isa::Instruction& instruction : instructions) {
    isa::Encode(instruction, program.words);
  }
  isa::Encode(isa::End{}, program.words);
  return program;
}

inline uint32_t TokenWord(uint32_t word) { return word; }
inline uint32_t RankWord(uint32_t word) { return 1u << kRegionShift | word; }
inline uint32_t Scalar(uint32_t word) { return 2u << kRegionShift | word; }

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_TESTING_PROGRAMS_H_
