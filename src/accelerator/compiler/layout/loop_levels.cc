#include "accelerator/compiler/layout/loop_levels.h"

#include <algorithm>
#include <utility>

#include "base/arithmetic.h"
#include "graph/loop_nest.h"

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

void OperandOffsets::Move(const LoopLevel& step, int64_t iterations) {
  c += step.c * iterations;
  a += step.a * iterations;
  b += step.b * iterations;
  start += step.start * iterations;
  slot += step.slot * iterations;
}

std::vector<LoopLevel> Fuse(std::vector<LoopLevel> steps) {
  std::erase_if(steps, [](const LoopLevel& s) { return s.extent == 1; });
  for (size_t i = 0; i + 1 < steps.size();) {
    LoopLevel& outer = steps[i];
    const LoopLevel& inner = steps[i + 1];
    const int64_t n = inner.extent;
    if (outer.sum == inner.sum && OperandsFuse(outer, inner) && StartFuses(outer, inner) &&
        StridesCompose(outer.slot, inner.slot, n) && StridesCompose(outer.slice, inner.slice, n)) {
      const int64_t extent = outer.extent * n;
      outer = inner;
      outer.extent = extent;
      steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    } else {
      ++i;
    }
  }
  return steps;
}

void ForEach(const std::vector<LoopLevel>& outer, const OperandOffsets& bases,
             const std::function<void(const OperandOffsets&)>& emit, size_t depth) {
  if (depth == outer.size()) {
    emit(bases);
    return;
  }
  for (int64_t i = 0; i < outer[depth].extent; ++i) {
    OperandOffsets at = bases;
    at.Move(outer[depth], i);
    ForEach(outer, at, emit, depth + 1);
  }
}

std::vector<LoopLevel> TakeOuter(std::vector<LoopLevel>& steps, size_t limit) {
  steps = Fuse(std::move(steps));
  std::vector<LoopLevel> outer;
  while (steps.size() > limit) {
    outer.push_back(steps.front());
    steps.erase(steps.begin());
  }
  return outer;
}

std::vector<LoopLevel> PickInner(std::vector<LoopLevel>& from, int64_t limit, int64_t enough) {
  std::vector<LoopLevel> picked;
  int64_t product = 1;
  for (size_t i = from.size(); i-- > 0 && product < enough;) {
    LoopLevel& loop = from[i];
    int64_t part = LargestDivisor(loop.extent, limit / product);
    for (int64_t d = 1; d < part; ++d) {
      if (loop.extent % d == 0 && product * d >= enough) part = d;
    }
    if (part == 1) continue;
    LoopLevel inner = loop;
    inner.extent = part;
    picked.insert(picked.begin(), inner);
    product *= part;
    loop.extent /= part;
    for (int64_t LoopLevel::*s : {&LoopLevel::c, &LoopLevel::a, &LoopLevel::b, &LoopLevel::start})
      loop.*s *= part;
  }
  std::erase_if(from, [](const LoopLevel& s) { return s.extent == 1; });
  return picked;
}

int64_t Product(const std::vector<LoopLevel>& steps) {
  int64_t product = 1;
  for (const LoopLevel& step : steps) product *= step.extent;
  return product;
}

std::vector<LoopLevel> PickPartial(int64_t results, std::vector<LoopLevel>& sums,
                                   const isa::Accelerator& machine) {
  const int64_t distance = machine.accumulate_distance;
  if (results >= distance || Product(sums) == 1) return {};
  return PickInner(sums, machine.accumulator_slots / 2 / results, CeilDivide(distance, results));
}

}  // namespace bittern
