// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/normalize.h"

#include <cmath>
#include <vector>

#include "cpu/kernels/testing/targets.h"

namespace bittern {
namespace {

class NormalizeTest : public KernelTest {};

// Everything in double, straight from the definition.
struct Reference {
  std::vector<double> mean, rstd, y, s1, s2, dgain, dshift, dx;
};

Reference Compute(const std::vector<float>& x, const std::vector<float>& dy, const float* gain,
                  const float* shift, int64_t features, int64_t tokens, double epsilon) {
  const auto columns = static_cast<size_t>(tokens), rows = static_cast<size_t>(features);
  const auto at = [=](size_t f, size_t t) { return f * columns + t; };
  Reference r;
  r.mean.resize(columns), r.rstd = r.s1 = r.s2 = r.mean;
  r.y.resize(x.size()), r.dx = r.y;
  r.dgain.resize(rows), r.dshift = r.dgain;
  const auto n = static_cast<double>(features);
  for (size_t t = 0; t < columns; ++t) {
    double variance = 0;
    for (size_t f = 0; f < rows; ++f) r.mean[t] += x[at(f, t)] / n;
    for (size_t f = 0; f < rows; ++f) variance += std::pow(x[at(f, t)] - r.mean[t], 2) / n;
    r.rstd[t] = 1 / std::sqrt(variance + epsilon);
    const auto xhat = [&](size_t f) { return (x[at(f, t)] - r.mean[t]) * r.rstd[t]; };
    const auto g = [&](size_t f) { return dy[at(f, t)] * (gain ? double{gain[f]} : 1.0); };
    for (size_t f = 0; f < rows; ++f) {
      r.y[at(f, t)] = xhat(f) * (gain ? gain[f] : 1.0) + (shift ? shift[f] : 0.0);
      r.s1[t] += g(f);
      r.s2[t] += g(f) * xhat(f);
      r.dgain[f] += dy[at(f, t)] * xhat(f);
      r.dshift[f] += dy[at(f, t)];
    }
    for (size_t f = 0; f < rows; ++f) {
      r.dx[at(f, t)] = r.rstd[t] * (g(f) - r.s1[t] / n - xhat(f) * r.s2[t] / n);
    }
  }
  return r;
}

void ExpectClose(GuardedFloats& actual, const std::vector<double>& expected, double tolerance,
                 const char* name) {
  SCOPED_TRACE(name);
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(actual[static_cast<int64_t>(i)], expected[i], tolerance) << "at " << i;
  }
  EXPECT_TRUE(actual.Intact());
}

TEST_P(NormalizeTest, ForwardAndBackward) {
  TestNumbers numbers(1);
  for (const int64_t tokens : {1, 2, 3, 4, 8, 12, 16, 20, 28, 32, 33}) {
    for (const int64_t features : {1, 3, 4, 6, 50, 768}) {
      for (const bool affine : {false, true}) {
        SCOPED_TRACE(std::to_string(features) + " x " + std::to_string(tokens));
        const int64_t n = features * tokens;
        // A mean far from 0 shows cancellation.
        const auto x = numbers.Vector(n, 4, 6), dy = numbers.Vector(n);
        const auto gains = numbers.Vector(features, 0.5f, 2), shifts = numbers.Vector(features);
        const float* gain = affine ? gains.data() : nullptr;
        const float* shift = affine ? shifts.data() : nullptr;
        constexpr float kEpsilon = 1e-5f;
        const Reference r = Compute(x, dy, gain, shift, features, tokens, kEpsilon);
        // With one feature, x - mean is 0 and rstd is 1 / sqrt(epsilon); with few, it can be small
        // beside x, and rstd large.
        const double size = features == 1 ? 400 : features < 8 ? 16 : 4;

        GuardedFloats mean(tokens, 1), rstd(tokens, 2), y(n, 3), s1(tokens, 0), s2(tokens, 1);
        GuardedFloats dgain(features, 2, 0.25f), dshift(features, 3, 0.5f), dx(n, 1);
        Moments(x.data(), features, tokens, kEpsilon, mean.data(), rstd.data());
        ExpectClose(mean, r.mean, 6e-6, "mean");
        ExpectClose(rstd, r.rstd, 1e-5 * size, "rstd");
        Normalize(x.data(), mean.data(), rstd.data(), gain, shift, features, tokens, y.data());
        ExpectClose(y, r.y, 4e-6 * size, "y");
        std::copy(x.begin(), x.end(), y.data());
        Normalize(y.data(), mean.data(), rstd.data(), gain, shift, features, tokens, y.data());
        ExpectClose(y, r.y, 4e-6 * size, "y in place");

        NormalizeGradSums(x.data(), mean.data(), rstd.data(), gain, dy.data(), features, tokens,
                          s1.data(), s2.data());
        ExpectClose(s1, r.s1, 2e-5, "s1");
        ExpectClose(s2, r.s2, 1e-4 * size, "s2");
        NormalizeGradAffine(x.data(), mean.data(), rstd.data(), dy.data(), features, tokens, false,
                            dgain.data(), dshift.data());
        ExpectClose(dgain, r.dgain, 1e-5 * size, "dgain");
        ExpectClose(dshift, r.dshift, 1e-5, "dshift");
        NormalizeGradAffine(x.data(), mean.data(), rstd.data(), dy.data(), features, tokens, true,
                            dgain.data(), dshift.data());
        Reference twice = r;
        for (double& v : twice.dgain) v *= 2;
        for (double& v : twice.dshift) v *= 2;
        ExpectClose(dgain, twice.dgain, 2e-5 * size, "dgain accumulated");
        ExpectClose(dshift, twice.dshift, 2e-5, "dshift accumulated");
        std::copy(dy.begin(), dy.end(), dx.data());
        NormalizeGrad(x.data(), mean.data(), rstd.data(), gain, dx.data(), s1.data(), s2.data(),
                      features, tokens, dx.data());
        ExpectClose(dx, r.dx, 1e-5 * size * size, "dx in place");
      }
    }
  }
}

BITTERN_FOR_KERNEL_TARGETS(NormalizeTest);

}  // namespace
}  // namespace bittern
