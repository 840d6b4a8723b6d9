// SPDX-License-Identifier: Apache-2.0
// Runs every function on each of the 2^32 inputs. The fast form is compared with the definition bit
// by bit, and both with float64. The test prints the worst errors, which docs/arithmetic.md lists.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <vector>

#include "accelerator/isa/arithmetic/flush_to_zero.h"
#include "accelerator/isa/arithmetic/testing/numbers.h"

namespace bittern {
namespace {

struct Worst {
  double error = 0;
  float at = 0;
  void Take(double candidate, float z) {
    if (candidate > error) {
      error = candidate;
      at = z;
    }
  }
};

// Errors in ulp of the exact value, for exact values of at least this size.
constexpr double kSizes[] = {0x1p-126, 0x1p-10, 0x1p-4, 0x1p-1};

class EveryInput : public ::testing::TestWithParam<Function> {
 protected:
  // Returns true if the result is correct up to a finite error, and records the error.
  bool Check(float z, uint32_t result) {
    const Function f = GetParam();
    if (result == kNan) {
      return std::isnan(z) || (z < 0 && (f == Function::kRsqrt || f == Function::kLog2));
    }
    const bool subnormal = (FloatBits(z) & kInfinity) == 0;
    const double exact = ReferenceOf(f, subnormal ? std::copysign(0.0f, z) : z);
    const double size = std::abs(exact), y = FloatOfBits(result);
    if (size >= 0x1p128) return result == ((exact < 0 ? kSignBit : 0) | kInfinity);
    const double error = std::abs(y - exact);
    if (size < 0x1p-126) return error <= 0x1p-126;
    const double ulp = error / UlpOf(exact);
    for (size_t i = 0; i < std::size(kSizes); ++i) {
      if (size >= kSizes[i]) ulps_[i].Take(ulp, z);
    }
    if (size <= 1.25) absolute_.Take(error, z);  // for larger values the error in ulp says more
    return !std::isnan(error);
  }

  Worst ulps_[std::size(kSizes)], absolute_;
};

TEST_P(EveryInput, BitsAndErrors) {
  const Function f = GetParam();
  constexpr size_t kAtOnce = 1 << 12;
  std::vector<float> z(kAtOnce), y(kAtOnce);
  for (uint64_t first = 0; first < uint64_t{1} << 32; first += kAtOnce) {
    for (size_t i = 0; i < kAtOnce; ++i) z[i] = FloatOfBits(static_cast<uint32_t>(first + i));
    {
      const FlushToZero flush;
      Evaluate(f, z.data(), kAtOnce, y.data());
    }
    for (size_t i = 0; i < kAtOnce; ++i) {
      const auto bits = static_cast<uint32_t>(first + i);
      const uint32_t result = EvaluateBits(f, bits);
      if (FloatBits(y[i]) != result || !Check(z[i], result)) {
        FAIL() << "bits " << std::hex << bits << ": defined as " << result << ", fast form "
               << FloatBits(y[i]) << ", exact " << ReferenceOf(f, z[i]);
      }
    }
  }
  const char* name = FunctionName(f);
  for (size_t i = 0; i < std::size(kSizes); ++i) {
    std::printf("%-10s  |value| >= %.4g: %.3f ulp at %.9g\n", name, kSizes[i], ulps_[i].error,
                ulps_[i].at);
  }
  std::printf("%-10s  |value| <= 1.25: %.3g at %.9g\n", name, absolute_.error, absolute_.at);
  std::fflush(stdout);
}

INSTANTIATE_TEST_SUITE_P(Functions, EveryInput, ::testing::ValuesIn(kAllFunctions),
                         [](const auto& test) { return FunctionName(test.param); });

}  // namespace
}  // namespace bittern
