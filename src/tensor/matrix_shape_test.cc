// SPDX-License-Identifier: Apache-2.0
#include "tensor/matrix_shape.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tensor/testing/tensors.h"

namespace bittern {
namespace {

constexpr MatrixFormat kFormats[] = {MatrixFormat::kTt, MatrixFormat::kTtm, MatrixFormat::kDense};

TEST(MatrixShapeTest, AutomaticShapesAreValidAndRectangular) {
  for (const MatrixFormat format : kFormats) {
    for (const int rank : {1, 9, 1000}) {
      const MatrixShape shape = AutomaticMatrix(format, 1024, 256, rank, "map");
      EXPECT_EQ(shape.format, format);
      Validate(shape, 1024, 256, "map");
      const Chain chain = MakeChain(shape, 1024, 256);
      EXPECT_EQ(chain.cores(), std::max(shape.cores(), 1));
    }
  }
  // Falling modes outside in; a bond's largest rank limits it.
  const TtShape train = AutomaticMatrix(MatrixFormat::kTt, 1024, 256, 9, "map").train;
  EXPECT_EQ(train, (TtShape{{16, 8, 8}, {4, 8, 8}, {1, 9, 9, 9, 9, 8, 1}}));
  const TtmShape blocks = AutomaticMatrix(MatrixFormat::kTtm, 1024, 256, 40, "map").blocks;
  EXPECT_EQ(blocks, (TtmShape{{16, 8, 8}, {8, 8, 4}, {1, 40, 32, 1}}));
  EXPECT_EQ(AutomaticMatrix(MatrixFormat::kTtm, 1024, 256, 9, "map").CoreShape(1),
            (std::vector<std::int64_t>{9, 8, 8, 9}));
}

TEST(MatrixShapeTest, LimitsRanksToWhatABondCanUse) {
  TtShape train{{2, 2}, {2, 2}, {1, 9, 3, 9, 1}};
  EXPECT_EQ(LimitRanks(train), 1);
  EXPECT_EQ(train.ranks, (std::vector{1, 2, 3, 2, 1}));
  EXPECT_EQ(LimitRanks(train), -1);
  TtmShape blocks{{2, 2}, {3, 3}, {1, 7, 1}};
  EXPECT_EQ(LimitRanks(blocks), 1);
  EXPECT_EQ(blocks.ranks, (std::vector{1, 6, 1}));
  TtShape malformed{{2, 2}, {2, 2}, {1, 9, 1}};
  EXPECT_EQ(LimitRanks(malformed), -1);
}

// The standard deviation of the composed matrix is the one that was asked for.
TEST(MatrixShapeTest, StartsWithTheDeviationOfTheComposedMatrix) {
  for (const CoreStart start : {CoreStart::kNormal, CoreStart::kOrthogonal}) {
    double squares = 0;
    constexpr int kTrials = 20;
    const TtmShape shape = AutomaticMatrix(MatrixFormat::kTtm, 64, 27, 5, "map").blocks;
    for (int trial = 0; trial < kTrials; ++trial) {
      Random random(static_cast<std::uint64_t>(trial) + 1);
      TtmMatrix<double> matrix{shape, {}};
      for (int core = 0; core < shape.cores(); ++core) {
        std::vector<float> values(static_cast<std::size_t>(shape.CoreElements(core)));
        const MatrixShape map{.format = MatrixFormat::kTtm, .blocks = shape};
        FillInitialValues(map.CoreStartValues(core, 0.2, start), random, values);
        matrix.cores.emplace_back(values.begin(), values.end());
      }
      const double norm = Norm(Reconstruct(matrix));
      squares += norm * norm / (64 * 27 * kTrials);
    }
    EXPECT_NEAR(std::sqrt(squares), 0.2, 0.03) << Name(start);
  }
}

}  // namespace
}  // namespace bittern
