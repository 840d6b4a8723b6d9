#include "accelerator/compiler/contraction_cost.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "accelerator/compiler/steps.h"
#include "base/arithmetic.h"

namespace bittern {
namespace {

// What a pass costs beside its elements: filling and emptying the pipe.
constexpr int64_t kPassCycles = 64;
constexpr int64_t kImpossible = -1;

bool EnoughResults(int64_t results, std::vector<Step> sums, const isa::Accelerator& machine) {
  results = std::min<int64_t>(results, machine.accumulator_slots / 2);
  const int64_t partial = Product(PickPartial(results, sums, machine));
  return results * partial >= machine.accumulate_distance || Product(sums) == 1;
}

// With the planes at the halves of loop `plane`; -1: one plane alone.
int64_t CyclesWith(int plane, const Roles& roles, const isa::Accelerator& machine) {
  const auto& loops = roles.loops;
  const bool time = roles.direction == isa::Direction::kTime;
  const Operand tile =
      roles.direction == isa::Direction::kRank ? roles.token_side : roles.rank_side;
  const int64_t rows = loops[static_cast<size_t>(roles.rows)].extent;
  const int64_t blocks = CeilDivide(rows, machine.rows);
  int64_t elements = blocks, slots = 1, results = 1;
  std::vector<Step> sums;
  for (int i = 0; i < std::ssize(loops); ++i) {
    const ContractionLoop& loop = loops[static_cast<size_t>(i)];
    if (i == roles.rows || i == roles.columns || i == plane) continue;
    const bool summed = loop.c == 0;
    elements *= loop.extent;
    if (summed) sums.push_back({.extent = loop.extent});
    if (!summed) results *= loop.extent;
    if (time ? !summed : Stride(loop, tile) != 0) slots *= loop.extent;
  }
  // Every half of the slots is an instruction of its own.
  if (time) {
    if (!EnoughResults(slots * blocks, sums, machine)) return kImpossible;
    const int64_t capacity = std::min<int64_t>(slots * blocks, machine.accumulator_slots / 2);
    const int64_t partial = Product(PickPartial(capacity, sums, machine));
    const int64_t drain = slots * rows * partial * (plane >= 0 ? 2 : 1);
    const int64_t passes = CeilDivide(slots, machine.accumulator_slots / 2);
    return std::max(elements, drain) + passes * kPassCycles;
  }
  int64_t passes = CeilDivide(slots, machine.tile_slots / 2) * blocks;
  // Sums that meet a word of the result too soon are passes of their own.
  if (results < machine.update_distance) passes *= Product(sums);
  return elements + passes * kPassCycles;
}

}  // namespace

int PlaneLoop(const Roles& roles, const isa::Accelerator& machine,
              const std::array<const Storage*, 4>& storage) {
  if (machine.planes < 2) return -1;
  const bool time = roles.direction == isa::Direction::kTime;
  const Operand streamed =
      roles.direction == isa::Direction::kRank ? roles.rank_side : roles.token_side;
  // Loops are cut at the halves of c, a and b alone.
  const bool start_is_split = storage[kStart] != nullptr && storage[kStart]->split != 0;
  int best = -1;
  int64_t least = start_is_split ? kImpossible : CyclesWith(-1, roles, machine);
  bool best_is_whole = false;
  for (int i = 0; i < std::ssize(roles.loops); ++i) {
    const ContractionLoop& loop = roles.loops[static_cast<size_t>(i)];
    if (i == roles.columns || i == roles.rows || loop.extent != 2) continue;
    const auto in_step = [&](Operand operand) {
      return Stride(loop, operand) == 0 ||
             (storage[operand] != nullptr && Stride(loop, operand) == storage[operand]->split);
    };
    const bool sum = loop.c == 0;
    bool fits = in_step(streamed);
    if (time) {
      fits = fits && in_step(roles.rank_side);
    } else if (!sum) {
      fits = fits && in_step(kC) && (storage[kStart] == nullptr || in_step(kStart));
    }
    if (start_is_split) fits = fits && loop.start == storage[kStart]->split;
    if (!fits) continue;
    const int64_t cycles = CyclesWith(i, roles, machine);
    if (cycles == kImpossible) continue;
    // Better one where loads and drains serve both planes at once.
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
                          const isa::Accelerator& machine, const Storage& c, const Storage& a,
                          const Storage& b, const Storage* start) {
  const std::optional<Roles> roles = FindRoles(contract, tokens, c, a, b);
  if (!roles) return kImpossible;
  // What has the columns in its lanes holds them in one word.
  const bool token = roles->direction == isa::Direction::kToken;
  const Storage& x = roles->token_side == kA ? a : b;
  const Storage& w = roles->rank_side == kA ? a : b;
  if (x.blocks() > 1 || (token ? w : c).blocks() > 1) return kImpossible;
  const int plane = PlaneLoop(*roles, machine, {&c, &a, &b, start});
  if (plane < 0 && start != nullptr && start->split != 0) return kImpossible;
  return CyclesWith(plane, *roles, machine);
}

}  // namespace bittern
