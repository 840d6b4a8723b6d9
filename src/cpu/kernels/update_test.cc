// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/update.h"

#include <cmath>
#include <vector>

#include "cpu/kernels/testing/targets.h"

namespace bittern {
namespace {

class UpdateTest : public KernelTest {};

TEST_P(UpdateTest, AllLengths) {
  TestNumbers numbers(1);
  for (int64_t n = 0; n < 70; ++n) {
    SCOPED_TRACE(n);
    const auto g = numbers.Vector(n), p0 = numbers.Vector(n), m0 = numbers.Vector(n);
    const auto v0 = numbers.Vector(n, 0, 1);
    const auto guarded = [n](const std::vector<float>& from, int64_t offset) {
      GuardedFloats to(n, offset);
      std::copy(from.begin(), from.end(), to.data());
      return to;
    };
    auto sgd = guarded(p0, 1), momentum = guarded(p0, 2), adam = guarded(p0, 3);
    auto velocity = guarded(m0, 1), m = guarded(m0, 2), v = guarded(v0, 3), scaled = guarded(p0, 1);
    Sgd(g.data(), n, 0.1f, sgd.data());
    Momentum(g.data(), n, 0.1f, 0.9f, velocity.data(), momentum.data());
    const AdamWStep step = {0.01f, 0.9f, 0.99f, 1e-6f, 0.02f, 0.19f, 0.0199f};
    AdamW(g.data(), n, step, m.data(), v.data(), adam.data());
    Scale(0.7f, n, scaled.data());
    double squares = 0;
    for (size_t i = 0; i < g.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      EXPECT_NEAR(sgd[at], p0[i] - 0.1 * g[i], 2e-7);
      const double new_velocity = 0.9 * m0[i] + g[i];
      EXPECT_NEAR(velocity[at], new_velocity, 3e-7);
      EXPECT_NEAR(momentum[at], p0[i] - 0.1 * new_velocity, 3e-7);
      const double new_m = 0.9 * m0[i] + 0.1 * g[i], new_v = 0.99 * v0[i] + 0.01 * g[i] * g[i];
      EXPECT_NEAR(m[at], new_m, 2e-7);
      EXPECT_NEAR(v[at], new_v, 2e-7);
      const double p =
          p0[i] * (1 - 0.01 * 0.02) - 0.01 * (new_m / 0.19) / (std::sqrt(new_v / 0.0199) + 1e-6);
      EXPECT_NEAR(adam[at], p, 1e-6 * (1 + std::abs(p - p0[i])));
      EXPECT_NEAR(scaled[at], 0.7 * p0[i], 1e-7);
      squares += double{g[i]} * double{g[i]};
    }
    EXPECT_TRUE(sgd.Intact() && velocity.Intact() && momentum.Intact());
    EXPECT_TRUE(m.Intact() && v.Intact() && adam.Intact() && scaled.Intact());
    EXPECT_NEAR(SumSquares(g.data(), n), squares, 1e-13 * (1 + squares));
    GuardedFloats filled(n, 1);
    Fill(2.5f, n, filled.data());
    for (int64_t i = 0; i < n; ++i) EXPECT_EQ(filled[i], 2.5f);
    EXPECT_TRUE(filled.Intact());
  }
}

BITTERN_FOR_KERNEL_TARGETS(UpdateTest);

}  // namespace
}  // namespace bittern
