// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/layout/least_choice.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace bittern {
namespace {

// Tries every combination and returns the first of the best.
std::vector<size_t> TryAll(const std::vector<size_t>& candidates,
                           const std::vector<ChoiceCost>& costs) {
  std::vector<size_t> index(candidates.size()), best;
  int64_t least = kImpossibleChoice;
  for (;;) {
    int64_t sum = 0;
    for (const ChoiceCost& cost : costs) {
      size_t at = 0;
      for (const size_t variable : cost.variables) {
        at = at * candidates[variable] + index[variable];
      }
      sum += cost.costs[at];
    }
    if (sum < least) {
      least = sum;
      best = index;
    }
    size_t place = candidates.size();
    while (place > 0 && ++index[place - 1] == candidates[place - 1]) index[--place] = 0;
    if (place == 0) return best;
  }
}

TEST(LeastChoice, IsTheFirstOfTheBest) {
  Random random(1);
  int impossible = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<size_t> candidates(1 + random.UniformInt(6));
    for (size_t& count : candidates) count = 1 + random.UniformInt(4);
    std::vector<ChoiceCost> costs(random.UniformInt(8));
    for (ChoiceCost& cost : costs) {
      for (size_t variable = 0; variable < candidates.size(); ++variable) {
        if (random.UniformInt(2) == 0) cost.variables.push_back(variable);
      }
      if (cost.variables.empty()) cost.variables.push_back(0);
      size_t combinations = 1;
      for (const size_t variable : cost.variables) combinations *= candidates[variable];
      for (size_t i = 0; i < combinations; ++i) {
        // There are few values, so many choices are equally good.
        const uint32_t value = random.UniformInt(6);
        cost.costs.push_back(value == 5 ? kImpossibleChoice : int64_t{value});
      }
    }
    const std::vector<size_t> expected = TryAll(candidates, costs);
    const LeastChoice found = ChooseLeast(candidates, costs);
    EXPECT_FALSE(found.too_large);
    EXPECT_EQ(found.candidates, expected) << "round " << round;
    impossible += expected.empty() ? 1 : 0;
  }
  EXPECT_GT(impossible, 0);
}

// 30 neighbours with 10 candidates each.
TEST(LeastChoice, TakesLongChains) {
  const std::vector<size_t> candidates(30, 10);
  std::vector<ChoiceCost> costs;
  for (size_t i = 0; i + 1 < candidates.size(); ++i) {
    ChoiceCost cost{.variables = {i, i + 1}, .costs = std::vector<int64_t>(100, 7)};
    for (size_t n = 0; n < 10; ++n) cost.costs[n * 10 + (n + 3) % 10] = 1;
    costs.push_back(std::move(cost));
  }
  const LeastChoice found = ChooseLeast(candidates, costs);
  ASSERT_EQ(found.candidates.size(), candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) EXPECT_EQ(found.candidates[i], 3 * i % 10);
}

// All variables share a cost with the last one, so it must not be eliminated first.
TEST(LeastChoice, FindsAnOrderOfSmallTables) {
  const std::vector<size_t> candidates(30, 10);
  std::vector<ChoiceCost> costs;
  for (size_t i = 0; i + 1 < candidates.size(); ++i) {
    ChoiceCost cost{.variables = {i, 29}, .costs = std::vector<int64_t>(100, 7)};
    for (size_t n = 0; n < 10; ++n) cost.costs[(n + i) % 10 * 10 + n] = n == 4 ? 1 : 2;
    costs.push_back(std::move(cost));
  }
  const LeastChoice found = ChooseLeast(candidates, costs);
  ASSERT_EQ(found.candidates.size(), candidates.size());
  EXPECT_EQ(found.candidates.back(), 4u);
  for (size_t i = 0; i + 1 < candidates.size(); ++i) EXPECT_EQ(found.candidates[i], (4 + i) % 10);
}

// Every pair of variables shares a cost.
TEST(LeastChoice, SaysWhatIsTooLarge) {
  const std::vector<size_t> candidates(12, 10);
  std::vector<ChoiceCost> costs;
  for (size_t i = 0; i < candidates.size(); ++i) {
    for (size_t j = i + 1; j < candidates.size(); ++j) {
      costs.push_back({.variables = {i, j}, .costs = std::vector<int64_t>(100, 7)});
    }
  }
  const LeastChoice found = ChooseLeast(candidates, costs);
  EXPECT_TRUE(found.too_large);
  EXPECT_TRUE(found.candidates.empty());
}

TEST(LeastChoice, NoCandidateIsNoChoice) {
  EXPECT_TRUE(ChooseLeast({3, 0}, {}).candidates.empty());
  EXPECT_TRUE(ChooseLeast({}, {}).candidates.empty());
}

}  // namespace
}  // namespace bittern
