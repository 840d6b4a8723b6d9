// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace bittern {
namespace {

// The known answers that come with the published algorithm: all zeros, all ones, digits of π.
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}),
            (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, StreamIsTheCountedWords) {
  Random random(0x123456789abcdef0, 7);
  for (uint64_t i = 0; i < 13; ++i) {
    EXPECT_EQ(random.NextU32(), RandomU32(0x123456789abcdef0, 7, i));
  }
  random.NextU32();
  EXPECT_EQ(random.NextU64(), RandomU64(0x123456789abcdef0, 7, 7));
  EXPECT_NE(RandomU32(1, 0, 0), RandomU32(1, 1, 0));
  EXPECT_NE(RandomU32(1, 0, 0), RandomU32(2, 0, 0));
  EXPECT_NE(RandomU32(1, 0, 0), RandomU32(uint64_t{1} << 32 | 1, 0, 0));
}

TEST(Random, UniformMoments) {
  Random random(1);
  constexpr int kDraws = 200000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Uniform();
    ASSERT_GE(x, 0.0);
    ASSERT_LT(x, 1.0);
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kDraws));
}

TEST(Random, NormalMomentsAndTail) {
  Random random(2);
  constexpr int kDraws = 200000;
  double sum = 0, squares = 0, fourths = 0;
  int beyond_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
    beyond_two += std::abs(x) > 2;
  }
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourths / kDraws, 3, 5 * std::sqrt(96.0 / kDraws));
  EXPECT_NEAR(beyond_two / double{kDraws}, 0.0455, 0.0025);
}

TEST(Random, UniformIntHitsEveryValueAlike) {
  Random random(4);
  EXPECT_EQ(random.UniformInt(1), 0u);
  for (const uint32_t n : {2u, 3u, 7u, 10u}) {
    std::vector<int> hits(n);
    constexpr int kDraws = 100000;
    for (int i = 0; i < kDraws; ++i) {
      const uint32_t value = random.UniformInt(n);
      ASSERT_LT(value, n);
      ++hits[value];
    }
    const double expected = double{kDraws} / n;
    for (const int count : hits) EXPECT_NEAR(count, expected, 5 * std::sqrt(expected)) << n;
  }
  // A third of the words would be biased without rejection: the lower values twice as likely.
  const uint32_t n = 3u << 30;
  int low = 0;
  for (int i = 0; i < 30000; ++i) low += random.UniformInt(n) < 1u << 30;
  EXPECT_NEAR(low, 10000, 450);
}

TEST(Random, ShuffleIsAUniformPermutation) {
  Random random(5);
  std::vector<int> first_place(5);
  for (int i = 0; i < 50000; ++i) {
    std::vector<int> items(5);
    std::iota(items.begin(), items.end(), 0);
    random.Shuffle(std::span(items));
    ++first_place[items[0]];
    std::sort(items.begin(), items.end());
    for (int k = 0; k < 5; ++k) ASSERT_EQ(items[k], k);
  }
  for (const int count : first_place) EXPECT_NEAR(count, 10000, 500);
}

}  // namespace
}  // namespace bittern
