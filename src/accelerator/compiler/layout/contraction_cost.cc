// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/layout/contraction_cost.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "accelerator/compiler/layout/instruction_loops.h"
#include "base/arithmetic.h"

namespace bittern {
namespace {

// The cycles of one stream instruction in addition to its elements: filling and emptying the pipe.
// Tuned by hand on the presets; no experiment is recorded.
constexpr int64_t kPassCycles = 64;
constexpr int64_t kImpossible = -1;

// True if the direction of time has enough accumulators between two additions to the same one.
bool EnoughResults(int64_t results, std::vector<InstructionLoop> sums,
                   const isa::Accelerator& machine) {
  // An instruction fills at most one half of the accumulators.
  results = std::min<int64_t>(results, machine.accumulator_slots / 2);
  const int64_t partial = Product(PickPartial(results, sums, machine));
  return results * partial >= machine.accumulate_distance || Product(sums) == 1;
}

// The cycles if the planes compute the halves of loop `plane`; -1: if one plane computes
// everything.
int64_t CyclesWith(int plane, const ArrayMapping& mapping, const isa::Accelerator& machine) {
  const auto& loops = mapping.loops;
  const bool time = mapping.direction == isa::Direction::kTime;
  // Over ranks the operand with the token side is the tile, over tokens the operand with the rank
  // side.
  const Operand tile =
      mapping.direction == isa::Direction::kRank ? mapping.token_side : mapping.rank_side;
  const int64_t rows = loops[static_cast<size_t>(mapping.rows)].extent;
  const int64_t blocks = CeilDivide(rows, machine.rows);
  int64_t elements = blocks, slots = 1, results = 1;
  std::vector<InstructionLoop> sums;
  for (int i = 0; i < std::ssize(loops); ++i) {
    const ContractionLoop& loop = loops[static_cast<size_t>(i)];
    if (i == mapping.rows || i == mapping.columns || i == plane) continue;
    const bool summed = loop.c == 0;
    elements *= loop.extent;
    if (summed) sums.push_back({.extent = loop.extent});
    if (!summed) results *= loop.extent;
    // Over time every result needs an accumulator. Otherwise every part of the tile operand needs a
    // tile slot.
    if (time ? !summed : Stride(loop, tile) != 0) slots *= loop.extent;
  }
  // The slots of one half are filled by one instruction.
  if (time) {
    if (!EnoughResults(slots * blocks, sums, machine)) return kImpossible;
    const int64_t capacity = std::min<int64_t>(slots * blocks, machine.accumulator_slots / 2);
    const int64_t partial = Product(PickPartial(capacity, sums, machine));
    // The drain moves a row in a cycle and takes one plane after the other. It overlaps with
    // streams, so the slower one counts.
    const int64_t drain = slots * rows * partial * (plane >= 0 ? 2 : 1);
    const int64_t passes = CeilDivide(slots, machine.accumulator_slots / 2);
    return std::max(elements, drain) + passes * kPassCycles;
  }
  int64_t passes = CeilDivide(slots, machine.tile_slots / 2) * blocks;
  // The terms of a sum need separate instructions if a word of the result would be used again
  // before its update is written.
  if (results < machine.update_distance) passes *= Product(sums);
  return elements + passes * kPassCycles;
}

}  // namespace

int PlaneLoop(const ArrayMapping& mapping, const isa::Accelerator& machine,
              const std::array<const TensorLayout*, 4>& layout) {
  if (machine.planes < 2) return -1;
  const bool time = mapping.direction == isa::Direction::kTime;
  const Operand streamed =
      mapping.direction == isa::Direction::kRank ? mapping.rank_side : mapping.token_side;
  // Loops are cut at the halves of c, a and b, but not at those of the start.
  const bool start_is_split = layout[kStart] != nullptr && layout[kStart]->split != 0;
  int best = -1;
  int64_t least = start_is_split ? kImpossible : CyclesWith(-1, mapping, machine);
  bool best_is_whole = false;
  for (int i = 0; i < std::ssize(mapping.loops); ++i) {
    const ContractionLoop& loop = mapping.loops[static_cast<size_t>(i)];
    if (i == mapping.columns || i == mapping.rows || loop.extent != 2) continue;
    // This is true if the loop's halves are the tensor's halves, or if both planes share the
    // operand.
    const auto in_step = [&](Operand operand) {
      return Stride(loop, operand) == 0 ||
             (layout[operand] != nullptr && Stride(loop, operand) == layout[operand]->split);
    };
    const bool sum = loop.c == 0;
    bool fits = in_step(streamed);
    if (time) {
      fits = fits && in_step(mapping.rank_side);
    } else if (!sum) {
      fits = fits && in_step(kC) && (layout[kStart] == nullptr || in_step(kStart));
    }
    if (start_is_split) fits = fits && loop.start == layout[kStart]->split;
    if (!fits) continue;
    const int64_t cycles = CyclesWith(i, mapping, machine);
    if (cycles == kImpossible) continue;
    // With equal cycles, prefer a loop for which loads and drains serve both planes at once.
    const bool whole = in_step(kA) && in_step(kB) && in_step(kC);
    if (least == kImpossible || cycles < least || (cycles == least && whole && !best_is_whole)) {
      best = i;
      least = cycles;
      best_is_whole = whole;
    }
  }
  return best;
}

int64_t ContractionCycles(const ops::Contract& contract, int64_t tokens,
                          const isa::Accelerator& machine, const TensorLayout& c,
                          const TensorLayout& a, const TensorLayout& b, const TensorLayout* start) {
  const std::optional<ArrayMapping> mapping = FindArrayMapping(contract, tokens, c, a, b);
  if (!mapping) return kImpossible;
  // A tensor with the columns in its lanes has them in one word.
  const bool token = mapping->direction == isa::Direction::kToken;
  const TensorLayout& x = mapping->token_side == kA ? a : b;
  const TensorLayout& w = mapping->rank_side == kA ? a : b;
  if (x.blocks() > 1 || (token ? w : c).blocks() > 1) return kImpossible;
  const int plane = PlaneLoop(*mapping, machine, {&c, &a, &b, start});
  if (plane < 0 && start != nullptr && start->split != 0) return kImpossible;
  return CyclesWith(plane, *mapping, machine);
}

}  // namespace bittern
