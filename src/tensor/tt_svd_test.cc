// SPDX-License-Identifier: Apache-2.0
#include "tensor/tt_svd.h"

#include <gtest/gtest.h>

#include "tensor/testing/tensors.h"

namespace bittern {
namespace {

std::vector<double> RandomDense(Random& random, std::int64_t elements) {
  std::vector<double> dense(elements);
  for (double& value : dense) value = random.Normal();
  return dense;
}

TEST(TtSvdTest, RecoversAnyTensorTrain) {
  Random random(1);
  for (int trial = 0; trial < 40; ++trial) {
    const TtMatrix<double> matrix = RandomTtMatrix(random, 1 + trial % 6);
    const std::vector<double> dense = Reconstruct(matrix);
    const auto result = TtSvd(dense, matrix.shape);
    EXPECT_EQ(result.matrix.shape, matrix.shape);
    for (int core = 0; core < matrix.shape.cores(); ++core) {
      EXPECT_EQ(result.matrix.cores[core].size(), matrix.cores[core].size());
    }
    EXPECT_LE(Distance(Reconstruct(result.matrix), dense), 1e-12 * (1 + Norm(dense)));
    EXPECT_LE(result.error_bound, 1e-12 * (1 + Norm(dense)));
  }
}

TEST(TtSvdTest, RecoversAnyTtm) {
  Random random(2);
  for (int trial = 0; trial < 30; ++trial) {
    const TtmMatrix<double> matrix = RandomTtmMatrix(random, 1 + trial % 5);
    const std::vector<double> dense = Reconstruct(matrix);
    const auto result = TtSvd(dense, matrix.shape);
    EXPECT_EQ(result.matrix.shape, matrix.shape);
    EXPECT_LE(Distance(Reconstruct(result.matrix), dense), 1e-12 * (1 + Norm(dense)));
  }
}

TEST(TtSvdTest, LargestRanksRepresentEveryMatrix) {
  Random random(3);
  TtShape shape{{4, 3}, {2, 6}, UniformRanks(4, 1)};
  for (int bond = 1; bond < 4; ++bond) {
    shape.ranks[bond] = static_cast<int>(shape.LargestRank(bond));
  }
  const std::vector<double> dense = RandomDense(random, 144);
  EXPECT_LE(Distance(Reconstruct(TtSvd(dense, shape).matrix), dense), 1e-12 * Norm(dense));

  TtmShape table{{4, 3}, {2, 6}, {1, 8, 1}};
  EXPECT_EQ(table.LargestRank(1), 8);
  EXPECT_LE(Distance(Reconstruct(TtSvd(dense, table).matrix), dense), 1e-12 * Norm(dense));
}

TEST(TtSvdTest, ErrorStaysWithinItsBound) {
  Random random(4);
  const std::vector<double> dense = RandomDense(random, 24 * 24);
  for (const int rank : {1, 2, 3, 4}) {
    const TtShape shape{{4, 3, 2}, {2, 3, 4}, UniformRanks(6, rank)};
    const auto result = TtSvd(dense, shape);
    const double error = Distance(Reconstruct(result.matrix), dense);
    EXPECT_LE(error, result.error_bound * (1 + 1e-12)) << rank;
    EXPECT_GT(error, 0.1 * result.error_bound) << rank;  // and the bound says something
    EXPECT_LT(result.error_bound, Norm(dense) * std::sqrt(5.0));
  }
}

TEST(TtSvdTest, TwoCoresGiveTheBestMatrixOfTheirRank) {
  // diag(4, 3, 2, 1) at rank 2 keeps 4 and 3: error sqrt(2^2 + 1^2).
  std::vector<double> dense(16, 0.0);
  for (int i = 0; i < 4; ++i) dense[i * 4 + i] = 4 - i;
  const auto result = TtSvd(dense, TtShape{{4}, {4}, {1, 2, 1}});
  EXPECT_NEAR(result.error_bound, std::sqrt(5.0), 1e-12);
  EXPECT_NEAR(Distance(Reconstruct(result.matrix), dense), std::sqrt(5.0), 1e-12);
}

TEST(TtSvdTest, ToleranceFindsTheRanksAndIsCheckpointed) {
  Random random(5);
  const TtShape shape{{4, 3, 2}, {2, 3, 4}, {1, 3, 4, 2, 4, 3, 1}};
  TtMatrix<double> matrix{shape, {}};
  FillCores(random, matrix);
  std::vector<double> dense = Reconstruct(matrix);
  EXPECT_EQ(TtSvdWithin(dense, shape, 1e-10).matrix.shape.ranks, shape.ranks);

  const std::vector<double> noise = RandomDense(random, static_cast<std::int64_t>(dense.size()));
  const double scale = 0.01 * Norm(dense) / Norm(noise);
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] += scale * noise[i];
  for (const double tolerance : {0.0, 1e-3, 0.02, 0.3, 0.9}) {
    const auto result = TtSvdWithin(dense, shape, tolerance);
    const double error = Distance(Reconstruct(result.matrix), dense);
    EXPECT_LE(error, tolerance * Norm(dense) + 1e-12 * Norm(dense)) << tolerance;
    EXPECT_LE(result.error_bound, tolerance * Norm(dense) + 1e-12 * Norm(dense)) << tolerance;
    Validate(result.matrix.shape, 24, 24, "result");
  }
  // Above the noise the old ranks suffice.
  EXPECT_LE(TtSvdWithin(dense, shape, 0.03).matrix.shape.Parameters(), shape.Parameters());
}

TEST(TtSvdTest, ToleranceWorksForTtm) {
  Random random(6);
  const TtmShape shape{{4, 3, 2}, {2, 3, 4}, {1, 3, 4, 1}};
  TtmMatrix<double> matrix{shape, {}};
  FillCores(random, matrix);
  const std::vector<double> dense = Reconstruct(matrix);
  const auto result = TtSvdWithin(dense, shape, 1e-10);
  EXPECT_EQ(result.matrix.shape.ranks, shape.ranks);
  EXPECT_LE(Distance(Reconstruct(result.matrix), dense), 1e-10 * Norm(dense));
}

TEST(TtSvdTest, ZeroMatrixHasRankOne) {
  const std::vector<double> dense(36, 0.0);
  const auto result = TtSvdWithin(dense, TtShape{{2, 3}, {3, 2}, {}}, 0.1);
  EXPECT_EQ(result.matrix.shape.ranks, (std::vector<int>{1, 1, 1, 1, 1}));
  EXPECT_EQ(Reconstruct(result.matrix), dense);
}

TEST(TtSvdTest, RanksThatNoCoreBeforeCanFeedAreFilledWithZeros) {
  // Bond 2 asks for 4, but rank 1 at bond 1 and mode 2 leave only 2 to fill.
  Random random(7);
  const TtShape shape{{2, 2}, {2, 2}, {1, 1, 4, 2, 1}};
  Validate(shape, 4, 4, "map");
  const std::vector<double> dense = RandomDense(random, 16);
  const auto result = TtSvd(dense, shape);
  EXPECT_EQ(result.matrix.shape, shape);
  const double error = Distance(Reconstruct(result.matrix), dense);
  EXPECT_LE(error, result.error_bound * (1 + 1e-12));
}

}  // namespace
}  // namespace bittern
