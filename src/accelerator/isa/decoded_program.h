// SPDX-License-Identifier: Apache-2.0
// A program as the sequencer runs it: the decoded fields of its instructions, and the order in
// which they are dispatched, hardware loops included.
#ifndef BITTERN_ACCELERATOR_ISA_DECODED_PROGRAM_H_
#define BITTERN_ACCELERATOR_ISA_DECODED_PROGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/generated/instructions.h"

namespace bittern {

struct DecodedInstruction {
  isa::Instruction instruction;
  int words = 0;
  int body_end = 0;  // for a loop: the index after its body
};

using DecodedProgram = std::vector<DecodedInstruction>;

// Fails if a word cannot be decoded, if the last instruction is not the only `end`, or if an
// instruction names a list register above the first `list_registers`. It also fails if a loop's
// body contains a loop or an end, or does not end between two instructions.
DecodedProgram DecodeProgram(std::span<const uint32_t> words,
                             size_t list_registers = isa::kMaxListRegisters);

// Calls visit(index, iteration) for every instruction in the order of the sequencer, `loop`
// included.
template <class Visit>
void Sequence(const DecodedProgram& program, const isa::ListRegisters& lists, Visit visit) {
  const auto end = static_cast<int>(program.size());
  for (int i = 0; i < end;) {
    visit(i, int64_t{0});
    const DecodedInstruction& item = program[static_cast<size_t>(i)];
    const auto* loop = std::get_if<isa::Loop>(&item.instruction);
    if (loop == nullptr) {
      ++i;
      continue;
    }
    const uint32_t iterations = loop->source == 0 ? loop->count : lists[loop->source - 1];
    for (int64_t iteration = 0; iteration < int64_t{iterations}; ++iteration) {
      for (int j = i + 1; j < item.body_end; ++j) visit(j, iteration);
    }
    i = item.body_end;
  }
}

// Iteration counts of a unit's instruction; all 0 when `dynamic` names a list register that holds
// 0.
template <class UnitInstruction>
std::array<int64_t, 4> CountsOf(const UnitInstruction& instruction,
                                const isa::ListRegisters& lists) {
  std::array<int64_t, 4> counts{};
  for (size_t j = 0; j < 4; ++j) counts[j] = instruction.count[j];
  if (instruction.dynamic != 0) {
    counts[0] = lists[instruction.dynamic - 1];
    if (counts[0] == 0) counts = {};
  }
  return counts;
}

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_DECODED_PROGRAM_H_
