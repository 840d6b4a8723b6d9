// SPDX-License-Identifier: Apache-2.0
// Loops of an instruction under construction, with the stride of every operand.
//
// Strides are in words of the operand, offsets count from the operand's first word. A list of loop
// levels is ordered from the outermost to the innermost loop.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_INSTRUCTION_LOOPS_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_INSTRUCTION_LOOPS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "accelerator/compiler/layout/array_mapping.h"
#include "accelerator/isa/generated/accelerators.h"

namespace bittern {

// A number of words for each operand of a contraction: a stride or an offset.
struct OperandWords {
  int64_t c = 0, a = 0, b = 0, start = 0;

  int64_t& Of(Operand operand) {
    return operand == kC ? c : operand == kA ? a : operand == kB ? b : start;
  }
  int64_t Of(Operand operand) const { return const_cast<OperandWords&>(*this).Of(operand); }
  void Add(const OperandWords& stride, int64_t times) {
    c += stride.c * times;
    a += stride.a * times;
    b += stride.b * times;
    start += stride.start * times;
  }
  OperandWords operator*(int64_t times) const {
    return {c * times, a * times, b * times, start * times};
  }
  bool operator==(const OperandWords&) const = default;
};

struct InstructionLoop {
  int64_t extent = 1;
  OperandWords stride = {};
  int64_t slot = 0;   // stride over tile or accumulator slots
  int64_t slice = 0;  // stride over the slices of a token word that holds rows in its lanes
  bool sum = false;   // the terms of one result

  bool operator==(const InstructionLoop&) const = default;
};

// Where the operands of an instruction begin.
struct OperandOffsets {
  OperandWords words = {};
  int64_t slot = 0;

  // By `iterations` of a loop, or of any other stride.
  void Move(const InstructionLoop& level, int64_t iterations) {
    words.Add(level.stride, iterations);
    slot += level.slot * iterations;
  }
  void Move(const OperandWords& stride, int64_t times = 1) { words.Add(stride, times); }
};

// Removes loops of one iteration, and joins neighbours that one loop can replace.
std::vector<InstructionLoop> Fuse(std::vector<InstructionLoop> levels);

// Calls emit(offsets) for every combination of the loops in `outer`, the last loop fastest.
void ForEach(const std::vector<InstructionLoop>& outer, const OperandOffsets& offsets,
             const std::function<void(const OperandOffsets&)>& emit, size_t depth = 0);

// Fuses `levels`, keeps the innermost `limit` of them there and returns the others.
std::vector<InstructionLoop> TakeOuter(std::vector<InstructionLoop>& levels, size_t limit);

// Picks loops (a whole one or a divisor of it, from the last to the first) whose product is at most
// `limit`, or the least that reaches `enough` if that is less. The rest stays in `from`.
std::vector<InstructionLoop> PickInner(std::vector<InstructionLoop>& from, int64_t limit,
                                       int64_t enough);

// Gives every combination of the loops a slot: consecutive slots, the last loop fastest.
void NumberSlots(std::vector<InstructionLoop>& levels);

// Takes loops out of `sums` whose terms are summed in separate accumulators (partial sums). It
// takes so many that, with `results` results, an accumulator is not used again before the adder has
// finished with it.
std::vector<InstructionLoop> PickPartial(int64_t results, std::vector<InstructionLoop>& sums,
                                         const isa::Accelerator& machine);

// The product of all extents.
int64_t Product(const std::vector<InstructionLoop>& levels);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_INSTRUCTION_LOOPS_H_
