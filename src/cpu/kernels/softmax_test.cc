// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/kernels/testing/targets.h"

namespace bittern {
namespace {

class SoftmaxTest : public KernelTest {};

// softmax of a column in double.
std::vector<double> Column(const float* x, int64_t rows, int64_t stride) {
  std::vector<double> p(static_cast<size_t>(rows));
  double max = x[0], sum = 0;
  for (int64_t r = 0; r < rows; ++r) max = std::max<double>(max, x[r * stride]);
  for (int64_t r = 0; r < rows; ++r)
    sum += p[static_cast<size_t>(r)] = std::exp(x[r * stride] - max);
  for (double& v : p) v /= sum;
  return p;
}

TEST_P(SoftmaxTest, ForwardAndBackward) {
  TestNumbers numbers(1);
  for (const int64_t queries : {1, 3, 4, 12, 16, 20, 28, 32, 33}) {
    for (const int64_t valid : {int64_t{1}, queries / 2 + 1, queries}) {
      SCOPED_TRACE(std::to_string(valid) + " of " + std::to_string(queries));
      const int64_t keys = queries, batch = 3, n = batch * keys * queries;
      auto s = numbers.Vector(n, -20, 20);
      for (int64_t b = 0; b < batch; ++b) {  // scores of masked keys are not read
        for (int64_t i = valid * queries; i < keys * queries; ++i) {
          s[static_cast<size_t>(b * keys * queries + i)] = std::nanf("");
        }
      }
      const auto dp = numbers.Vector(n);
      GuardedFloats p(n, 1), ds(n, 2), in_place(n, 3);
      std::copy(s.begin(), s.end(), in_place.data());
      Softmax(s.data(), batch, keys, queries, valid, p.data());
      Softmax(in_place.data(), batch, keys, queries, valid, in_place.data());
      SoftmaxGrad(p.data(), dp.data(), batch, keys, queries, valid, ds.data());
      for (int64_t b = 0; b < batch; ++b) {
        for (int64_t q = 0; q < queries; ++q) {
          const int64_t at = b * keys * queries + q;
          const auto exact = Column(&s[static_cast<size_t>(at)], valid, queries);
          double dot = 0;
          for (int64_t k = 0; k < valid; ++k) {
            dot += exact[static_cast<size_t>(k)] * dp[static_cast<size_t>(at + k * queries)];
          }
          for (int64_t k = 0; k < keys; ++k) {
            const int64_t i = at + k * queries;
            EXPECT_EQ(p[i], in_place[i]);
            if (k >= valid) {
              EXPECT_EQ(p[i], 0);
              EXPECT_EQ(ds[i], 0);
              continue;
            }
            const double e = exact[static_cast<size_t>(k)];
            // Relative, but for what underflows.
            EXPECT_NEAR(p[i], e, 5e-6 * e + 1e-37);
            EXPECT_NEAR(ds[i], e * (dp[static_cast<size_t>(i)] - dot), 1e-5 * e + 1e-37);
          }
        }
      }
      EXPECT_TRUE(p.Intact() && ds.Intact() && in_place.Intact());
    }
  }
}

TEST_P(SoftmaxTest, UnderACausalMaskEachQueryEqualsOneWithFewerKeys) {
  TestNumbers numbers(3);
  for (const int64_t tokens : {1, 3, 4, 12, 16, 20, 33, 70}) {
    for (const int64_t valid : {int64_t{1}, tokens / 2 + 1, tokens}) {
      SCOPED_TRACE(std::to_string(valid) + " of " + std::to_string(tokens));
      const int64_t batch = 2, n = batch * tokens * tokens;
      auto s = numbers.Vector(n, -20, 20), dp = numbers.Vector(n);
      const auto hidden = [=](int64_t key, int64_t query) { return key > query || key >= valid; };
      for (int64_t i = 0; i < n; ++i) {  // what a query does not see has no effect
        const int64_t key = i / tokens % tokens, query = i % tokens;
        if (hidden(key, query)) s[static_cast<size_t>(i)] = dp[static_cast<size_t>(i)] = NAN;
      }
      GuardedFloats p(n, 1), ds(n, 2), in_place(n, 3);
      std::copy(s.begin(), s.end(), in_place.data());
      CausalSoftmax(s.data(), batch, tokens, tokens, valid, p.data());
      CausalSoftmax(in_place.data(), batch, tokens, tokens, valid, in_place.data());
      CausalSoftmaxGrad(p.data(), dp.data(), batch, tokens, tokens, valid, ds.data());
      for (int64_t b = 0; b < batch; ++b) {
        for (int64_t q = 0; q < tokens; ++q) {
          const int64_t at = b * tokens * tokens + q, seen = std::min(valid, q + 1);
          const auto exact = Column(&s[static_cast<size_t>(at)], seen, tokens);
          double dot = 0;
          for (int64_t k = 0; k < seen; ++k) {
            dot += exact[static_cast<size_t>(k)] * dp[static_cast<size_t>(at + k * tokens)];
          }
          for (int64_t k = 0; k < tokens; ++k) {
            const int64_t i = at + k * tokens;
            EXPECT_EQ(p[i], in_place[i]);
            if (hidden(k, q)) {
              EXPECT_EQ(p[i], 0);
              EXPECT_EQ(ds[i], 0);
              continue;
            }
            const double e = exact[static_cast<size_t>(k)];
            EXPECT_NEAR(p[i], e, 5e-6 * e + 1e-37);
            EXPECT_NEAR(ds[i], e * (dp[static_cast<size_t>(i)] - dot), 1e-5 * e + 1e-37);
          }
        }
      }
      EXPECT_TRUE(p.Intact() && ds.Intact() && in_place.Intact());
    }
  }
}

TEST_P(SoftmaxTest, LargeScoresAndNaN) {
  const float s[] = {1e30f, -1e30f, 200.0f, 100.0f};  // [key 2][query 2]: columns {1e30, 200}
  float p[4];
  Softmax(s, 1, 2, 2, 2, p);
  EXPECT_EQ(p[0], 1);
  EXPECT_EQ(p[2], 0);
  EXPECT_EQ(p[1], 0);
  EXPECT_EQ(p[3], 1);
  for (int bad = 0; bad < 3; ++bad) {  // a NaN must not vanish at any place
    float column[3] = {1, 2, 3}, out[3];
    column[bad] = std::nanf("");
    Softmax(column, 1, 3, 1, 3, out);
    EXPECT_TRUE(std::isnan(out[0]) || std::isnan(out[1]) || std::isnan(out[2]));
  }
}

TEST_P(SoftmaxTest, CrossEntropy) {
  TestNumbers numbers(2);
  for (const int64_t tokens : {1, 3, 4, 12, 16, 20, 32, 33}) {
    for (const int64_t classes : {1, 2, 26, 127}) {
      for (const float smoothing : {0.0f, 0.1f}) {
        SCOPED_TRACE(std::to_string(classes) + " x " + std::to_string(tokens));
        const float weight = 0.3f;
        const auto logits = numbers.Vector(classes * tokens, -8, 8);
        std::vector<int32_t> labels(static_cast<size_t>(tokens));
        for (int32_t& label : labels) {
          label = static_cast<int32_t>(numbers.Next(-0.99f, static_cast<float>(classes) - 0.01f));
          if (numbers.Next(0, 1) < 0.2f) label = -1;
        }
        GuardedFloats loss(tokens, 1), gradient(classes * tokens, 3);
        std::copy(logits.begin(), logits.end(), gradient.data());
        CrossEntropy(gradient.data(), labels.data(), classes, tokens, weight, smoothing,
                     loss.data(), gradient.data());
        for (int64_t t = 0; t < tokens; ++t) {
          const int32_t label = labels[static_cast<size_t>(t)];
          const auto p = Column(&logits[static_cast<size_t>(t)], classes, tokens);
          double exact = 0;
          for (int64_t c = 0; c < classes; ++c) {
            const double target = (c == label ? 1 - double{smoothing} : 0) +
                                  double{smoothing} / static_cast<double>(classes);
            const double share = p[static_cast<size_t>(c)];
            if (label >= 0) exact -= weight * target * std::log(share);
            const double expected = label < 0 ? 0 : weight * (share - target);
            if (label < 0) {
              EXPECT_EQ(gradient[c * tokens + t], 0);
            } else {
              EXPECT_NEAR(gradient[c * tokens + t], expected, 1e-7);
            }
          }
          EXPECT_NEAR(loss[t], exact, 1e-6 * (1 + exact));
        }
        EXPECT_TRUE(loss.Intact() && gradient.Intact());
      }
    }
  }
}

BITTERN_FOR_KERNEL_TARGETS(SoftmaxTest);

}  // namespace
}  // namespace bittern
