// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/arithmetic/binary32.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "accelerator/isa/arithmetic/flush_to_zero.h"
#include "accelerator/isa/arithmetic/testing/numbers.h"

namespace bittern {
namespace {

TEST(Binary32, Corners) {
  const FlushToZero flush;
  const std::vector<uint32_t> corners = CornerNumbers();
  for (const uint32_t a : corners) {
    for (const uint32_t b : corners)
      if (!AgreesWithHost(a, b)) return;
  }
}

TEST(Binary32, RandomPairs) {
  const FlushToZero flush;
  for (uint64_t i = 0; i < 1000000; ++i) {
    const auto [a, b] = RandomPair(i);
    if (!AgreesWithHost(a, b)) return;
  }
}

// Products close to 2^-126 show if a result is tested for tiny before or after rounding.
TEST(Binary32, TinyAfterRounding) {
  const uint32_t least = 0x00800000, below_one = 0x3F7FFFFF;
  EXPECT_EQ(Multiply(least, below_one), 0u);  // 2^-126 (1 - 2^-24) has 24 bits and is tiny
  EXPECT_EQ(Multiply(least | kSignBit, below_one), kSignBit);
  EXPECT_EQ(Multiply(0x00FFFFFF, 0x3F000000), 0u);  // (2^-125 - 2^-149) / 2: the same, tiny
  // 2^-126 (1 + 2^-23) (1 - 2^-23) has more bits. It is below 2^-126 only before rounding.
  const uint32_t above = 0x00800001, factor = 0x3F7FFFFE;
  EXPECT_EQ(Multiply(above, factor), least);
  const FlushToZero flush;
  AgreesWithHost(least, below_one);
  AgreesWithHost(above, factor);
}

TEST(Binary32, NanIsCanonical) {
  EXPECT_EQ(Multiply(0x7F800001, kOne), kNan);
  EXPECT_EQ(Multiply(kInfinity, 0x00000001), kNan);  // a subnormal is zero
  EXPECT_EQ(Add(kInfinity, kInfinity | kSignBit), kNan);
  EXPECT_EQ(Add(0xFFFFFFFF, 0), kNan);
}

TEST(FlushToZero, RestoresWhatWas) {
  volatile float least = std::numeric_limits<float>::min();
  EXPECT_GT(least / 2, 0.0f);
  {
    const FlushToZero outer;
    {
      const FlushToZero inner;
      EXPECT_EQ(FloatBits(-least / 2), kSignBit);
    }
    EXPECT_EQ(FloatBits(least / 2), 0u);
  }
  EXPECT_GT(least / 2, 0.0f);
}

}  // namespace
}  // namespace bittern
