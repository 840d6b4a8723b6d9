// SPDX-License-Identifier: Apache-2.0
// Chooses one of a few candidates for each of several variables such that a sum of costs, each of
// some of the variables, is the least.
//
// Exact, by elimination: the last variable's best candidates are a table over those that it shares
// a cost with, which is a cost of theirs; so on to the first. The work is the largest of those
// tables, not the product of all candidates: tensors of a chain of products meet only neighbours.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_LEAST_CHOICE_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_LEAST_CHOICE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace bittern {

// A combination that cannot be. Costs are not negative, and all of them together are less.
inline constexpr int64_t kImpossibleChoice = int64_t{1} << 50;

struct ChoiceCost {
  std::vector<size_t> variables;  // ascending; at least one
  std::vector<int64_t> costs;     // by their candidates, the last variable's closest
};

struct LeastChoice {
  std::vector<size_t> candidates;  // by variable; empty: none is possible
  bool too_large = false;          // a table would be; nothing was chosen
};

// `candidates`: how many each variable has. Among the best, the first in the order of the
// candidates, the first variable's first; where that order of variables makes too large tables, the
// first in another one. Deterministic.
LeastChoice ChooseLeast(const std::vector<size_t>& candidates,
                        const std::vector<ChoiceCost>& costs);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_LEAST_CHOICE_H_
