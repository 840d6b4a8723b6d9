// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/arithmetic/trees.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace bittern {
namespace {

std::string Shape(int64_t n) {
  std::vector<std::string> terms;
  for (int64_t i = 0; i < n; ++i) terms.push_back(std::to_string(i));
  return Fold(terms.data(), n, [](const std::string& a, const std::string& b) {
    return std::string("(") + a + " " + b + ")";
  });
}

TEST(Fold, Order) {
  EXPECT_EQ(Shape(1), "0");
  EXPECT_EQ(Shape(2), "(0 1)");
  EXPECT_EQ(Shape(3), "((0 2) 1)");
  EXPECT_EQ(Shape(4), "((0 2) (1 3))");
  EXPECT_EQ(Shape(5), "(((0 3) 2) (1 4))");
  EXPECT_EQ(Shape(12), "((((0 6) (3 9)) ((2 8) (5 11))) ((1 7) (4 10)))");
}

TEST(Fold, SumsEverything) {
  for (int64_t n = 1; n <= 70; ++n) {
    std::vector<int64_t> values(static_cast<size_t>(n));
    std::iota(values.begin(), values.end(), 1);
    EXPECT_EQ(FoldSum(values.data(), n), n * (n + 1) / 2);
  }
}

}  // namespace
}  // namespace bittern
