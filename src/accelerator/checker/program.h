// SPDX-License-Identifier: Apache-2.0
// A program as the sequencer runs it.
#ifndef BITTERN_ACCELERATOR_CHECKER_PROGRAM_H_
#define BITTERN_ACCELERATOR_CHECKER_PROGRAM_H_

#include <cstdint>
#include <span>
#include <vector>

#include "accelerator/checker/report.h"
#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/generated/instructions.h"

namespace bittern::checker {

struct Program {
  std::vector<isa::Instruction> instructions;
  // For every instruction, the index after the body of the loop that it is or that contains it. It
  // is 0 outside of loops.
  std::vector<int> loop_end;
  std::vector<int> loop_begin;  // the index of that loop instruction

  int size() const { return static_cast<int>(instructions.size()); }
  bool InLoop(int index) const { return loop_end[static_cast<size_t>(index)] != 0; }
};

// Faults of the words are added to the report. After one, the program is empty.
Program ReadProgram(std::span<const uint32_t> words, const isa::Accelerator& machine,
                    Report& report);

// Calls visit(index, iteration) in the sequencer's order, `loop` instructions included, until it
// returns false.
template <typename Visit>
void InOrder(const Program& program, const isa::ListRegisters& lists, Visit visit) {
  for (int index = 0; index < program.size(); ++index) {
    if (!visit(index, int64_t{0})) return;
    const auto* loop = std::get_if<isa::Loop>(&program.instructions[static_cast<size_t>(index)]);
    if (loop == nullptr) continue;
    const int end = program.loop_end[static_cast<size_t>(index)];
    const int64_t iterations = loop->source == 0 ? loop->count : lists[loop->source - 1];
    for (int64_t iteration = 0; iteration < iterations; ++iteration) {
      for (int inner = index + 1; inner < end; ++inner) {
        if (!visit(inner, iteration)) return;
      }
    }
    index = end - 1;
  }
}

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_PROGRAM_H_
