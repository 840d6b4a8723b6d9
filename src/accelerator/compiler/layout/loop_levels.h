// Loops of an instruction under construction, with the step of every operand.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_LOOP_LEVELS_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_LOOP_LEVELS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "accelerator/compiler/layout/array_mapping.h"
#include "accelerator/isa/generated/accelerators.h"

namespace bittern {

// A loop of an instruction. It differs from the graph's StridedLoop: strides count words, not
// elements, accumulator slots and slices have strides too, and `sum` stays true of a loop whose
// stride in c was taken away.
struct LoopLevel {
  int64_t extent = 1;
  int64_t c = 0, a = 0, b = 0, start = 0;
  int64_t slot = 0, slice = 0;
  bool sum = false;

  int64_t Of(Operand operand) const { return operand == kC ? c : operand == kA ? a : b; }
};

// Where the operands of an instruction begin.
struct OperandOffsets {
  int64_t c = 0, a = 0, b = 0, start = 0;
  int64_t slot = 0;

  void Move(const LoopLevel& step, int64_t iterations);
  int64_t& Of(Operand operand) { return operand == kC ? c : operand == kA ? a : b; }
  int64_t Of(Operand operand) const { return operand == kC ? c : operand == kA ? a : b; }
};

// Joins neighbours that step as one loop would.
std::vector<LoopLevel> Fuse(std::vector<LoopLevel> steps);

// Calls emit(bases) for every combination of the loops in `outer`.
void ForEach(const std::vector<LoopLevel>& outer, const OperandOffsets& bases,
             const std::function<void(const OperandOffsets&)>& emit, size_t depth = 0);

// Keeps the innermost `limit` loops in `steps`; returns the others.
std::vector<LoopLevel> TakeOuter(std::vector<LoopLevel>& steps, size_t limit);

// Picks loops (whole, or a divisor of one, from the last to the first) whose product is at most
// `limit`, or the least that reaches `enough` if that is less; what stays behind is left in `from`.
std::vector<LoopLevel> PickInner(std::vector<LoopLevel>& from, int64_t limit, int64_t enough);

// Takes loops from `sums` whose terms become sums of their own, so many that with the results there
// are enough accumulators to meet each one rarely.
std::vector<LoopLevel> PickPartial(int64_t results, std::vector<LoopLevel>& sums,
                                   const isa::Accelerator& machine);

int64_t Product(const std::vector<LoopLevel>& steps);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_LOOP_LEVELS_H_
