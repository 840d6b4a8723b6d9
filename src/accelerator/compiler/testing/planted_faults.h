// SPDX-License-Identifier: Apache-2.0
// Plants faults in a compiled program. The test shows which check finds each of them.
#ifndef BITTERN_ACCELERATOR_COMPILER_TESTING_PLANTED_FAULTS_H_
#define BITTERN_ACCELERATOR_COMPILER_TESTING_PLANTED_FAULTS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/generated/instructions.h"
#include "accelerator/isa/memory_map.h"

namespace bittern {

// The instructions of a program, and its memory map.
struct Subject {
  Subject(std::span<const uint32_t> words, isa::MemoryMap of, const isa::Accelerator& machine);

  std::vector<uint32_t> Words() const;
  int size() const { return static_cast<int>(instructions.size()); }

  const isa::Accelerator& machine;
  std::vector<isa::Instruction> instructions;
  isa::MemoryMap map;
};

struct FaultKind {
  std::string_view name;
  std::string_view what;
  // Plants the fault at instruction `at`. The program is then certainly wrong. Returns false,
  // without a change, if that instruction cannot have the fault.
  bool (*plant)(Subject& subject, int at);
};

std::span<const FaultKind> FaultKinds();

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_TESTING_PLANTED_FAULTS_H_
