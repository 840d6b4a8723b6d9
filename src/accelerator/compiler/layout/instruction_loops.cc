// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/layout/instruction_loops.h"

#include <algorithm>
#include <utility>

#include "base/arithmetic.h"

namespace bittern {
namespace {

// The largest divisor of n that is at most `limit`; at least 1.
int64_t LargestDivisor(int64_t n, int64_t limit) {
  for (int64_t d = std::min(n, limit); d > 1; --d) {
    if (n % d == 0) return d;
  }
  return 1;
}

}  // namespace

std::vector<InstructionLoop> Fuse(std::vector<InstructionLoop> levels) {
  std::erase_if(levels, [](const InstructionLoop& level) { return level.extent == 1; });
  for (size_t i = 0; i + 1 < levels.size();) {
    InstructionLoop& outer = levels[i];
    const InstructionLoop& inner = levels[i + 1];
    const int64_t n = inner.extent;
    // One loop replaces both if the outer loop continues where the inner one ends.
    if (outer.sum == inner.sum && outer.stride == inner.stride * n &&
        outer.slot == inner.slot * n && outer.slice == inner.slice * n) {
      const int64_t extent = outer.extent * n;
      outer = inner;
      outer.extent = extent;
      levels.erase(levels.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    } else {
      ++i;
    }
  }
  return levels;
}

void ForEach(const std::vector<InstructionLoop>& outer, const OperandOffsets& offsets,
             const std::function<void(const OperandOffsets&)>& emit, size_t depth) {
  if (depth == outer.size()) {
    emit(offsets);
    return;
  }
  for (int64_t i = 0; i < outer[depth].extent; ++i) {
    // Each depth has its own copy, so nothing must be undone after an iteration.
    OperandOffsets at = offsets;
    at.Move(outer[depth], i);
    ForEach(outer, at, emit, depth + 1);
  }
}

std::vector<InstructionLoop> TakeOuter(std::vector<InstructionLoop>& levels, size_t limit) {
  // Fused levels leave more of the work in one instruction, which has only `limit` loops.
  levels = Fuse(std::move(levels));
  std::vector<InstructionLoop> outer;
  while (levels.size() > limit) {
    outer.push_back(levels.front());
    levels.erase(levels.begin());
  }
  return outer;
}

std::vector<InstructionLoop> PickInner(std::vector<InstructionLoop>& from, int64_t limit,
                                       int64_t enough) {
  std::vector<InstructionLoop> picked;
  int64_t product = 1;
  // Free loops are sorted by the stride of the result, so the last ones run over neighbouring
  // results.
  for (size_t i = from.size(); i-- > 0 && product < enough;) {
    InstructionLoop& loop = from[i];
    // A divisor leaves a rest that is a loop, too. Other parts would leave a shorter last
    // iteration.
    int64_t part = LargestDivisor(loop.extent, limit / product);
    // The smallest divisor that reaches `enough` is better: it occupies no more slots than
    // necessary.
    for (int64_t d = 1; d < part; ++d) {
      if (loop.extent % d == 0 && product * d >= enough) part = d;
    }
    if (part == 1) continue;
    InstructionLoop inner = loop;
    inner.extent = part;
    // The loops are visited from the last to the first, so inserting in front keeps their order.
    picked.insert(picked.begin(), inner);
    product *= part;
    // The rest of the loop then has the stride of a whole part.
    loop.extent /= part;
    loop.stride = loop.stride * part;
  }
  std::erase_if(from, [](const InstructionLoop& level) { return level.extent == 1; });
  return picked;
}

void NumberSlots(std::vector<InstructionLoop>& levels) {
  // Slots are numbered as a row-major array with the extents of the levels.
  int64_t slot = 1;
  for (size_t i = levels.size(); i-- > 0;) {
    levels[i].slot = slot;
    slot *= levels[i].extent;
  }
}

int64_t Product(const std::vector<InstructionLoop>& levels) {
  int64_t product = 1;
  for (const InstructionLoop& level : levels) product *= level.extent;
  return product;
}

std::vector<InstructionLoop> PickPartial(int64_t results, std::vector<InstructionLoop>& sums,
                                         const isa::Accelerator& machine) {
  // Elements between two uses of one accumulator: the adder's latency.
  const int64_t distance = machine.accumulate_distance;
  if (results >= distance || Product(sums) == 1) return {};
  // An instruction has one half of the accumulators. Each result may take an equal share of it.
  return PickInner(sums, machine.accumulator_slots / 2 / results, CeilDivide(distance, results));
}

}  // namespace bittern
