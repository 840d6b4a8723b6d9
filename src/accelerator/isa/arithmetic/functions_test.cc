// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/arithmetic/functions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "accelerator/isa/arithmetic/binary32.h"
#include "accelerator/isa/arithmetic/flush_to_zero.h"
#include "accelerator/isa/arithmetic/testing/numbers.h"

namespace bittern {
namespace {

constexpr float kInf = INFINITY;

uint32_t BitsOf(Function f, float z) { return FloatBits(Evaluate(f, z)); }

// Returns inputs of every kind: the edges of entries and of special cases, their neighbours, and a
// random sample of all numbers.
std::vector<uint32_t> Inputs() {
  std::vector<uint32_t> inputs;
  for (uint64_t edge = 0; edge < uint64_t{1} << 32; edge += 1 << 17) {
    for (const int step : {-1, 0, 1}) inputs.push_back(static_cast<uint32_t>(edge) + step);
  }
  for (uint32_t i = 0; i < 100000; ++i) {
    const auto word = static_cast<uint32_t>(Mix(i));
    inputs.push_back(word);
    inputs.push_back((word & 0x87FFFFFF) | 0x38000000);  // 2^-15 .. 2
    inputs.push_back((word & 0x81FFFFFF) | 0x40000000);  // 2 .. 2^5
  }
  return inputs;
}

TEST(Functions, FastFormGivesTheSameBits) {
  const std::vector<uint32_t> inputs = Inputs();
  std::vector<float> z, y(inputs.size());
  for (const uint32_t bits : inputs) z.push_back(FloatOfBits(bits));
  for (const Function f : kAllFunctions) {
    {
      const FlushToZero flush;
      Evaluate(f, z.data(), static_cast<int64_t>(z.size()), y.data());
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      ASSERT_EQ(FloatBits(y[i]), EvaluateBits(f, inputs[i]))
          << FunctionName(f) << " of bits " << std::hex << inputs[i];
    }
  }
}

TEST(Functions, AnyCountAndInPlace) {
  const FlushToZero flush;
  for (const Function f : kAllFunctions) {
    for (int64_t n = 0; n <= 40; ++n) {
      std::vector<float> z(41, 7.0f);
      for (int64_t i = 0; i < n; ++i) {
        z[static_cast<size_t>(i)] = 0.3f * static_cast<float>(i) + 0.1f;
      }
      const std::vector<float> before = z;
      Evaluate(f, z.data(), n, z.data());
      for (int64_t i = 0; i < 41; ++i) {
        const auto at = static_cast<size_t>(i);
        EXPECT_EQ(z[at], i < n ? Evaluate(f, before[at]) : 7.0f);
      }
    }
  }
}

// The bounds are a little above those of docs/arithmetic.md, which hold for every input.
TEST(Functions, Accuracy) {
  struct Bound {
    Function f;
    double ulp, absolute;  // an error must be within one of both
  };
  for (const Bound& bound : {Bound{Function::kExp2, 2, 0}, Bound{Function::kReciprocal, 2, 0},
                             Bound{Function::kRsqrt, 2, 0}, Bound{Function::kLog2, 2, 1e-7},
                             Bound{Function::kGeluPhi, 2, 1e-8},
                             Bound{Function::kGeluGrad, 2, 1e-7}, Bound{Function::kTanh, 3, 0}}) {
    for (const uint32_t bits : Inputs()) {
      const float z = FloatOfBits(EvaluateBits(bound.f, bits) == kNan ? kNan : bits);
      if (std::isnan(z) || std::fpclassify(z) == FP_SUBNORMAL) continue;
      const double exact = ReferenceOf(bound.f, z), y = Evaluate(bound.f, z);
      if (std::abs(exact) < 0x1p-126) {
        ASSERT_LE(std::abs(y), 0x1p-126);
      } else if (std::isinf(exact) || std::abs(exact) >= 0x1p128) {
        ASSERT_TRUE(std::isinf(y) && (y > 0) == (exact > 0));
      } else {
        ASSERT_LE(std::abs(y - exact), std::max(bound.ulp * UlpOf(exact), bound.absolute))
            << FunctionName(bound.f) << " of " << z << " is " << exact << ", not " << y;
      }
    }
  }
}

TEST(Functions, ExactValues) {
  for (int n = -126; n < 128; ++n) {
    const float power = std::ldexp(1.0f, n);
    EXPECT_EQ(Evaluate(Function::kExp2, static_cast<float>(n)), power);
    EXPECT_EQ(Evaluate(Function::kReciprocal, power), n < 127 ? 1 / power : 0);
    EXPECT_EQ(Evaluate(Function::kLog2, power), static_cast<float>(n));
    if (n % 2 == 0) {
      EXPECT_EQ(Evaluate(Function::kRsqrt, power), std::ldexp(1.0f, -n / 2));
    }
  }
  for (const float zero : {0.0f, -0.0f}) {
    EXPECT_EQ(Evaluate(Function::kExp2, zero), 1.0f);
    EXPECT_EQ(Evaluate(Function::kGeluPhi, zero), 0.5f);
    EXPECT_EQ(Evaluate(Function::kGeluGrad, zero), 0.5f);
    EXPECT_EQ(BitsOf(Function::kTanh, zero), FloatBits(zero));
    EXPECT_EQ(BitsOf(Function::kReciprocal, zero), FloatBits(1 / zero));
    EXPECT_EQ(Evaluate(Function::kRsqrt, zero), kInf);
    EXPECT_EQ(Evaluate(Function::kLog2, zero), -kInf);
  }
}

TEST(Functions, SpecialCases) {
  EXPECT_EQ(Evaluate(Function::kExp2, 128.0f), kInf);
  EXPECT_EQ(Evaluate(Function::kExp2, kInf), kInf);
  EXPECT_EQ(BitsOf(Function::kExp2, std::nextafter(-126.0f, -kInf)), 0u);
  EXPECT_EQ(BitsOf(Function::kExp2, -kInf), 0u);
  EXPECT_EQ(BitsOf(Function::kReciprocal, -kInf), kSignBit);
  EXPECT_EQ(BitsOf(Function::kReciprocal, -0x1p-149f), kSignBit | kInfinity);
  EXPECT_EQ(BitsOf(Function::kReciprocal, -0x1.000002p126f), kSignBit);
  EXPECT_EQ(BitsOf(Function::kRsqrt, kInf), 0u);
  EXPECT_EQ(BitsOf(Function::kRsqrt, -1.0f), kNan);
  EXPECT_EQ(BitsOf(Function::kRsqrt, -kInf), kNan);
  EXPECT_EQ(BitsOf(Function::kRsqrt, -0x1p-149f), kInfinity);
  EXPECT_EQ(Evaluate(Function::kLog2, kInf), kInf);
  EXPECT_EQ(BitsOf(Function::kLog2, -1.0f), kNan);
  for (const Function f : {Function::kGeluPhi, Function::kGeluGrad}) {
    EXPECT_EQ(Evaluate(f, 8.0f), 1.0f);
    EXPECT_EQ(Evaluate(f, kInf), 1.0f);
    EXPECT_EQ(BitsOf(f, std::nextafter(-8.0f, -kInf)), 0u);
    EXPECT_EQ(BitsOf(f, -kInf), 0u);
  }
  EXPECT_EQ(Evaluate(Function::kTanh, 16.0f), 1.0f);
  EXPECT_EQ(Evaluate(Function::kTanh, -kInf), -1.0f);
  EXPECT_EQ(BitsOf(Function::kTanh, -0x1p-149f), kSignBit);
  EXPECT_EQ(Evaluate(Function::kTanh, -0x1p-126f), -0x1p-126f);
  for (float z = 0x1p-12f; z >= 0x1p-126f; z *= 0.973f) EXPECT_EQ(Evaluate(Function::kTanh, z), z);
  for (const Function f : kAllFunctions) {
    for (const uint32_t nan : {0x7F800001u, 0x7FFFFFFFu, 0xFFC00000u, 0xFF800001u}) {
      EXPECT_EQ(EvaluateBits(f, nan), kNan);
    }
  }
}

}  // namespace
}  // namespace bittern
