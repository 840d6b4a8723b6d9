// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/elementwise.h"

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "cpu/kernels/testing/targets.h"

namespace bittern {
namespace {

class ElementwiseTest : public KernelTest {};

const std::vector<int64_t> kLengths = {0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 31, 32, 100};
const std::vector<int64_t> kTokens = {1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 33, 128};

double GeluReference(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

double GeluSlopeReference(double x) {
  const double k = std::sqrt(2 / M_PI);
  const double t = std::tanh(k * (x + 0.044715 * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * k * (1 + 3 * 0.044715 * x * x);
}

// The largest error over a dense sweep of floats, in ulp of the true value (or of `floor`, if that
// is larger).
double WorstUlp(const std::function<void(const float*, int64_t, float*)>& kernel,
                const std::function<double(double)>& reference, float low, float high,
                double floor) {
  constexpr int64_t kChunk = 4096;
  constexpr int64_t kPoints = 200 * kChunk;
  std::vector<float> x(kChunk), y(kChunk);
  double worst = 0;
  for (int64_t i = 0; i < kPoints; i += kChunk) {
    for (int64_t j = 0; j < kChunk; ++j) {
      const double share = static_cast<double>(i + j) / (kPoints - 1);
      x[static_cast<size_t>(j)] = static_cast<float>(low + share * (double{high} - low));
    }
    kernel(x.data(), kChunk, y.data());
    for (size_t j = 0; j < x.size(); ++j) {
      const double exact = reference(x[j]);
      const double size = std::max(std::abs(exact), floor);
      const double ulp = std::exp2(std::floor(std::log2(size)) - 23);
      worst = std::max(worst, std::abs(y[j] - exact) / ulp);
    }
  }
  return worst;
}

TEST_P(ElementwiseTest, GeluIsAccurate) {
  EXPECT_LE(WorstUlp(Gelu, GeluReference, -0.5f, 12, 1e-30), 4);
  EXPECT_LE(WorstUlp(Gelu, GeluReference, -1e-3f, 1e-3f, 1e-30), 3);
  // The exponent's argument is rounded, so the relative error of the falling tail grows with |x|.
  EXPECT_LE(WorstUlp(Gelu, GeluReference, -3, -0.5f, 1e-30), 16);
  EXPECT_LE(WorstUlp(Gelu, GeluReference, -30, -0.5f, 0.1), 6);
}

TEST_P(ElementwiseTest, GeluGradIsAccurate) {
  const auto slope = [](const float* x, int64_t count, float* y) {
    const std::vector<float> ones(static_cast<size_t>(count), 1.0f);
    GeluGrad(x, ones.data(), count, y);
  };
  EXPECT_LE(WorstUlp(slope, GeluSlopeReference, -30, 30, 0.1), 12);
  EXPECT_LE(WorstUlp(slope, GeluSlopeReference, -0.5f, 5, 0.1), 4);
}

TEST_P(ElementwiseTest, TanhIsAccurate) {
  const auto reference = [](double x) { return std::tanh(x); };
  EXPECT_LE(WorstUlp(Tanh, reference, -1, 1, 1e-30), 3);
  EXPECT_LE(WorstUlp(Tanh, reference, -20, 20, 1e-30), 3);
  EXPECT_LE(WorstUlp(Tanh, reference, -1e-4f, 1e-4f, 1e-30), 1);
}

TEST_P(ElementwiseTest, ExtremeArguments) {
  const float inf = std::numeric_limits<float>::infinity();
  const float x[] = {1e4f, -1e4f, 1e15f, -1e15f, 0.0f, std::nanf("")};
  float y[6], dy[6] = {1, 1, 1, 1, 1, 1}, dx[6];
  Gelu(x, 6, y);
  GeluGrad(x, dy, 6, dx);
  for (const int i : {0, 2}) {
    EXPECT_EQ(y[i], x[i]);
    EXPECT_EQ(y[i + 1], 0);
    EXPECT_EQ(dx[i], 1);
    EXPECT_EQ(dx[i + 1], 0);
  }
  EXPECT_EQ(y[4], 0);
  EXPECT_EQ(dx[4], 0.5f);
  EXPECT_TRUE(std::isnan(y[5]) && std::isnan(dx[5]));
  const float z[] = {inf, -inf, 100, -100, 0.0f, std::nanf("")};
  Tanh(z, 6, y);
  for (const int i : {0, 2}) {
    EXPECT_EQ(y[i], 1);
    EXPECT_EQ(y[i + 1], -1);
  }
  EXPECT_EQ(y[4], 0);
  EXPECT_TRUE(std::isnan(y[5]));
  Relu(z, 6, y);
  EXPECT_EQ(y[0], inf);
  EXPECT_EQ(y[1], 0);
  EXPECT_TRUE(std::isnan(y[5]));
}

TEST_P(ElementwiseTest, LengthsAndAlignments) {
  TestNumbers numbers(5);
  for (const int64_t n : kLengths) {
    for (const int64_t offset : {0, 1, 3}) {
      GuardedFloats x(n, offset), dy(n, offset + 1), out(n, offset + 2);
      for (int64_t i = 0; i < n; ++i) {
        x[i] = numbers.Next(-3, 3);
        dy[i] = numbers.Next(-3, 3);
      }
      const auto expect = [&](const char* name, auto reference) {
        SCOPED_TRACE(name);
        for (int64_t i = 0; i < n; ++i) {
          const double exact = reference(double{x[i]}, double{dy[i]});
          EXPECT_NEAR(out[i], exact, 2e-6 * (1 + std::abs(exact)));
        }
        EXPECT_TRUE(out.Intact());
      };
      Gelu(x.data(), n, out.data());
      expect("Gelu", [](double v, double) { return GeluReference(v); });
      GeluGrad(x.data(), dy.data(), n, out.data());
      expect("GeluGrad", [](double v, double g) { return g * GeluSlopeReference(v); });
      Tanh(x.data(), n, out.data());
      expect("Tanh", [](double v, double) { return std::tanh(v); });
      TanhGrad(x.data(), dy.data(), n, out.data());
      expect("TanhGrad", [](double v, double g) { return g * (1 - v * v); });
      Relu(x.data(), n, out.data());
      expect("Relu", [](double v, double) { return std::max(v, 0.0); });
      ReluGrad(x.data(), dy.data(), n, out.data());
      expect("ReluGrad", [](double v, double g) { return v > 0 ? g : 0; });
      Add(x.data(), dy.data(), n, out.data());
      expect("Add", [](double v, double g) { return v + g; });
      std::copy_n(dy.data(), n, out.data());
      GeluGrad(x.data(), out.data(), n, out.data());  // in place
      expect("GeluGrad", [](double v, double g) { return g * GeluSlopeReference(v); });
    }
  }
}

TEST_P(ElementwiseTest, DropoutEqualsItsDefinition) {
  TestNumbers numbers(6);
  for (const int64_t tokens : kTokens) {
    for (const int64_t features : {1, 3, 4, 9, 64}) {
      const DropoutMask mask = {{0x12345678u + static_cast<uint32_t>(tokens), 99}, 58982};
      const int64_t n = features * tokens;
      const auto x = numbers.Vector(n), residual = numbers.Vector(n);
      GuardedFloats y(n, 1), sum(n, 2);
      Dropout(mask, x.data(), features, tokens, y.data());
      DropoutAdd(mask, residual.data(), x.data(), features, tokens, sum.data());
      for (int64_t i = 0; i < n; ++i) {
        const auto at = static_cast<size_t>(i);
        const bool keeps = DropoutKeeps(mask, i / tokens, i % tokens);
        const float expected = keeps ? x[at] * mask.Scale() : 0.0f;
        ASSERT_EQ(y[i], expected) << features << " x " << tokens << " at " << i;
        ASSERT_EQ(sum[i], residual[at] + expected);
      }
      EXPECT_TRUE(y.Intact() && sum.Intact());
      Dropout({{1, 2}, 65536}, x.data(), features, tokens, y.data());
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(y[i], x[static_cast<size_t>(i)]);
    }
  }
}

TEST_P(ElementwiseTest, RowSum) {
  TestNumbers numbers(7);
  for (const int64_t tokens : kTokens) {
    for (const int64_t features : {1, 2, 4, 7, 768}) {
      const auto x = numbers.Vector(features * tokens), first = numbers.Vector(features);
      for (const bool accumulate : {false, true}) {
        GuardedFloats out(features, 1);
        std::copy(first.begin(), first.end(), out.data());
        RowSum(x.data(), features, tokens, accumulate, out.data());
        for (int64_t f = 0; f < features; ++f) {
          double exact = accumulate ? first[static_cast<size_t>(f)] : 0;
          for (int64_t t = 0; t < tokens; ++t) exact += x[static_cast<size_t>(f * tokens + t)];
          EXPECT_NEAR(out[f], exact, 1e-7 * static_cast<double>(tokens + 2));
        }
        EXPECT_TRUE(out.Intact());
      }
    }
  }
}

TEST_P(ElementwiseTest, GatherAndScatter) {
  TestNumbers numbers(9);
  for (const int64_t tokens : kTokens) {
    for (const int64_t features : {1, 4, 6, 64}) {
      constexpr int64_t kRows = 5;
      std::vector<int32_t> slots(static_cast<size_t>(tokens));
      for (int32_t& slot : slots) slot = static_cast<int32_t>(numbers.Next(0, kRows - 1));
      const auto rows = numbers.Vector(kRows * features);
      const int64_t add_stride = tokens + 3;
      const auto add = numbers.Vector(features * add_stride);
      GuardedFloats x(features * tokens, 1);
      for (const bool adds : {false, true}) {
        GatherColumns(rows.data(), slots.data(), adds ? add.data() : nullptr, add_stride, features,
                      tokens, x.data());
        for (int64_t f = 0; f < features; ++f) {
          for (int64_t t = 0; t < tokens; ++t) {
            const float row =
                rows[static_cast<size_t>(slots[static_cast<size_t>(t)] * features + f)];
            const float shift = adds ? add[static_cast<size_t>(f * add_stride + t)] : 0.0f;
            ASSERT_EQ(x[f * tokens + t], row + shift);
          }
        }
        EXPECT_TRUE(x.Intact());
      }
      const int64_t used = std::max<int64_t>(tokens - 1, 1);  // a padded column
      GuardedFloats sums(kRows * features, 2, 7);
      ScatterColumns(x.data(), tokens, slots.data(), features, used, kRows, sums.data());
      for (int64_t row = 0; row < kRows; ++row) {
        for (int64_t f = 0; f < features; ++f) {
          float exact = 0;
          for (int64_t t = 0; t < used; ++t) {
            if (slots[static_cast<size_t>(t)] == row) exact += x[f * tokens + t];
          }
          ASSERT_EQ(sums[row * features + f], exact);
        }
      }
      EXPECT_TRUE(sums.Intact());
    }
  }
}

BITTERN_FOR_KERNEL_TARGETS(ElementwiseTest);

}  // namespace
}  // namespace bittern
