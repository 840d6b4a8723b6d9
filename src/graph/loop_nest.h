// SPDX-License-Identifier: Apache-2.0
// Extents that depend on the number of tokens, and the loops of a contraction.
//
// A contraction is a nest of affine loops. Each loop has an extent and, for each operand, the
// stride that the operand takes when the loop's index grows by one, in elements. A stride of 0 in
// `c`, the result, means that the index is summed. The graph, the CPU kernels and the accelerator's
// compiler use the same type, with different types of sizes: `Size` before the number of tokens is
// known, int64_t after it, int32_t in a kernel's compact plan.
#ifndef BITTERN_GRAPH_LOOP_NEST_H_
#define BITTERN_GRAPH_LOOP_NEST_H_

#include <cstdint>
#include <vector>

namespace bittern {

// count * T^power, where T is the number of token columns of the running step.
struct Size {
  int64_t count = 0;
  int power = 0;

  constexpr int64_t At(int64_t tokens) const {
    int64_t value = count;
    for (int i = 0; i < power; ++i) value *= tokens;
    return value;
  }
  friend constexpr Size operator*(Size a, Size b) { return {a.count * b.count, a.power + b.power}; }
  friend constexpr bool operator==(Size, Size) = default;
};

constexpr Size Constant(int64_t count) { return {count, 0}; }
inline constexpr Size kTokens = {1, 1};

// One loop of a contraction: its extent and the stride of each operand. `start` is the operand that
// the sums begin with, such as a bias.
template <class T>
struct StridedLoop {
  T extent{1};
  T a{}, b{}, c{}, start{};

  friend constexpr bool operator==(const StridedLoop&, const StridedLoop&) = default;
};

using Loop = StridedLoop<Size>;

constexpr StridedLoop<int64_t> AtTokens(const Loop& loop, int64_t tokens) {
  return {loop.extent.At(tokens), loop.a.At(tokens), loop.b.At(tokens), loop.c.At(tokens),
          loop.start.At(tokens)};
}

inline std::vector<StridedLoop<int64_t>> AtTokens(const std::vector<Loop>& loops, int64_t tokens) {
  std::vector<StridedLoop<int64_t>> levels;
  levels.reserve(loops.size());
  for (const Loop& loop : loops) levels.push_back(AtTokens(loop, tokens));
  return levels;
}

// True if `inner` within `outer` moves one operand as a single loop of both extents would.
template <class T>
constexpr bool StridesCompose(T outer_stride, T inner_stride, T inner_extent) {
  return static_cast<int64_t>(inner_stride) * inner_extent == outer_stride;
}

// True if a single loop can replace `inner` within `outer` for a, b and c. A summed loop never
// fuses with one that is not. Level is a StridedLoop, or the loop of an instruction, which has the
// same members and more (accelerator/compiler/layout/loop_levels.h).
template <class Level>
constexpr bool OperandsFuse(const Level& outer, const Level& inner) {
  return StridesCompose(outer.a, inner.a, inner.extent) &&
         StridesCompose(outer.b, inner.b, inner.extent) &&
         StridesCompose(outer.c, inner.c, inner.extent) && (inner.c == 0) == (outer.c == 0);
}
// The same for the operand that sums start with.
template <class Level>
constexpr bool StartFuses(const Level& outer, const Level& inner) {
  return StridesCompose(outer.start, inner.start, inner.extent);
}

}  // namespace bittern

#endif  // BITTERN_GRAPH_LOOP_NEST_H_
