// SPDX-License-Identifier: Apache-2.0
#include "tensor/tensor_train.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tensor/testing/tensors.h"

namespace bittern {
namespace {

// G1[i1] .. Gd[jq] by summing over every path of bond indices.
double SumOverPaths(const TtMatrix<double>& matrix, const std::vector<int>& at, int core,
                    std::int64_t row) {
  if (core == matrix.shape.cores()) return 1;
  const auto [rank, mode, next_rank] = matrix.shape.CoreShape(core);
  double sum = 0;
  for (std::int64_t next = 0; next < next_rank; ++next) {
    sum += matrix.cores[core][(row * mode + at[core]) * next_rank + next] *
           SumOverPaths(matrix, at, core + 1, next);
  }
  return sum;
}

TEST(ReconstructTest, TtMatrixIsTheSumOverPaths) {
  Random random(1);
  for (int trial = 0; trial < 40; ++trial) {
    const TtMatrix<double> matrix = RandomTtMatrix(random, 1 + trial % 6);
    const TtShape& shape = matrix.shape;
    const std::vector<double> dense = Reconstruct(matrix);
    ASSERT_EQ(static_cast<std::int64_t>(dense.size()), shape.rows() * shape.columns());
    for (std::size_t place = 0; place < dense.size(); ++place) {
      // Row-major over (i, j), each of them row-major over its modes.
      std::vector<int> at(shape.cores());
      std::int64_t rest = static_cast<std::int64_t>(place);
      for (int core = shape.cores() - 1; core >= 0; --core) {
        at[core] = static_cast<int>(rest % shape.Mode(core));
        rest /= shape.Mode(core);
      }
      const double expected = SumOverPaths(matrix, at, 0, 0);
      ASSERT_NEAR(dense[place], expected, 1e-12 * (1 + std::abs(expected)));
    }
  }
}

TEST(ReconstructTest, TtmMatrixIsTheSumOverPaths) {
  // F1 [1, 2, 1, 2], F2 [2, 2, 2, 1]: E[(v1 v2), d2] = sum over r of F1[v1, r] F2[r, v2, d2].
  const TtmMatrix<double> matrix{{{2, 2}, {1, 2}, {1, 2, 1}},
                                 {{1, 2, 3, 4}, {1, 2, 3, 4, 5, 6, 7, 8}}};
  const std::vector<double> expected = {
      1 * 1 + 2 * 5, 1 * 2 + 2 * 6,  // word 0: (0, 0)
      1 * 3 + 2 * 7, 1 * 4 + 2 * 8,  // word 1: (0, 1)
      3 * 1 + 4 * 5, 3 * 2 + 4 * 6,  // word 2: (1, 0)
      3 * 3 + 4 * 7, 3 * 4 + 4 * 8,  // word 3: (1, 1)
  };
  EXPECT_EQ(Reconstruct(matrix), expected);
}

TEST(ReconstructTest, TtmFeaturesHaveTheirFirstModeMostSignificant) {
  // Rank 1: E[(v1 v2), (d1 d2)] = F1[v1, d1] * F2[v2, d2].
  const TtmMatrix<double> matrix{{{2, 1}, {2, 3}, {1, 1, 1}}, {{2, 3, 5, 7}, {11, 13, 17}}};
  EXPECT_EQ(Reconstruct(matrix), (std::vector<double>{22, 26, 34, 33, 39, 51,  //
                                                      55, 65, 85, 77, 91, 119}));
}

TEST(ReconstructTest, FloatFollowsDouble) {
  Random random(2);
  const TtmMatrix<double> matrix = RandomTtmMatrix(random, 3);
  TtmMatrix<float> single{matrix.shape, {}};
  for (const auto& core : matrix.cores) single.cores.emplace_back(core.begin(), core.end());
  const std::vector<double> expected = Reconstruct(matrix);
  const std::vector<float> actual = Reconstruct(single);
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-4);
}

}  // namespace
}  // namespace bittern
