// SPDX-License-Identifier: Apache-2.0
// Chooses one of a few candidates for each of several variables such that a sum of costs, each of
// some of the variables, is the least.
//
// The method is exact variable elimination. The best candidates of the last variable form a table
// over the variables that it shares a cost with. The table is then a cost of those variables. This
// is repeated down to the first variable. The work grows with the largest table, not with the
// product of all candidates, because a tensor in a chain of products shares costs only with its
// neighbours.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_LEAST_CHOICE_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_LEAST_CHOICE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace bittern {

// The cost of an impossible combination. Costs are not negative, and their sum is less than this.
inline constexpr int64_t kImpossibleChoice = int64_t{1} << 50;

struct ChoiceCost {
  std::vector<size_t> variables;  // ascending; at least one
  std::vector<int64_t> costs;     // by their candidates, the last variable's closest
};

struct LeastChoice {
  std::vector<size_t> candidates;  // by variable; empty: none is possible
  bool too_large = false;          // a table would be too large, and no choice was made
};

// `candidates`: the number of candidates of each variable. Among equal choices it returns the first
// one in lexicographic order. If that order of variables makes too large tables, it is the first
// one in another order of the variables. Deterministic.
LeastChoice ChooseLeast(const std::vector<size_t>& candidates,
                        const std::vector<ChoiceCost>& costs);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_LEAST_CHOICE_H_
