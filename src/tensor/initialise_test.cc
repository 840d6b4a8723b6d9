#include "tensor/initialise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "tensor/testing/tensors.h"

namespace bittern {
namespace {

template <typename Matrix>
Matrix Start(const decltype(Matrix::shape)& shape, double deviation, CoreStart start,
             Random& random) {
  Matrix matrix{shape, {}};
  for (int core = 0; core < shape.cores(); ++core) {
    FillInitialValues(CoreValues(shape, core, deviation, start), random,
                      matrix.cores.emplace_back(shape.CoreElements(core)));
  }
  return matrix;
}

// Root mean square and mean over all entries of several composed matrices.
template <typename Matrix>
std::pair<double, double> Measure(const decltype(Matrix::shape)& shape, CoreStart start,
                                  int matrices) {
  double squares = 0, sum = 0, count = 0;
  Random random(5, static_cast<uint64_t>(start));
  for (int i = 0; i < matrices; ++i) {
    for (const double value : Reconstruct(Start<Matrix>(shape, 0.036, start, random))) {
      squares += value * value;
      sum += value;
      ++count;
    }
  }
  return {std::sqrt(squares / count), sum / count};
}

const TtShape kMap{{12, 8, 8}, {8, 8, 12}, UniformRanks(6, 12)};
const TtmShape kTable{{10, 10, 10}, {12, 8, 8}, UniformRanks(3, 30)};

TEST(InitialiseTest, NormalCoresComposeToTheStatedDeviation) {
  // The norm of one matrix of few cores scatters by some percent, hence means over several.
  const auto [map, map_mean] = Measure<TtMatrix<float>>(kMap, CoreStart::kNormal, 16);
  EXPECT_NEAR(map, 0.036, 0.05 * 0.036);
  EXPECT_NEAR(map_mean, 0, 0.03 * 0.036);
  const auto [table, table_mean] = Measure<TtmMatrix<float>>(kTable, CoreStart::kNormal, 4);
  EXPECT_NEAR(table, 0.036, 0.05 * 0.036);
  EXPECT_NEAR(table_mean, 0, 0.03 * 0.036);
}

TEST(InitialiseTest, OrthogonalCoresComposeToTheStatedDeviationExactly) {
  const auto [map, map_mean] = Measure<TtMatrix<float>>(kMap, CoreStart::kOrthogonal, 1);
  EXPECT_NEAR(map, 0.036, 1e-5 * 0.036);
  const auto [table, table_mean] = Measure<TtmMatrix<float>>(kTable, CoreStart::kOrthogonal, 1);
  EXPECT_NEAR(table, 0.036, 1e-5 * 0.036);
}

TEST(InitialiseTest, OrthogonalUnfoldings) {
  Random random(6);
  const TtMatrix<float> matrix =
      Start<TtMatrix<float>>(kMap, 0.036, CoreStart::kOrthogonal, random);
  for (int core = 0; core < 6; ++core) {
    const auto [rank, mode, next_rank] = kMap.CoreShape(core);
    const auto& values = matrix.cores[core];
    // Columns of [rank * mode, next_rank] on the left, rows of [rank, mode * next_rank] on the
    // right.
    const bool left = core < 3;
    const std::int64_t vectors = left ? next_rank : rank;
    const std::int64_t length = static_cast<std::int64_t>(values.size()) / vectors;
    const auto at = [&](std::int64_t vector, std::int64_t i) {
      return left ? values[i * vectors + vector] : values[vector * length + i];
    };
    const double norm = std::pow(0.036 * 768 / std::sqrt(12.0), 1.0 / 6);
    for (std::int64_t a = 0; a < vectors; ++a) {
      for (std::int64_t b = 0; b < vectors; ++b) {
        double product = 0;
        for (std::int64_t i = 0; i < length; ++i) product += at(a, i) * at(b, i);
        EXPECT_NEAR(product, a == b ? norm * norm : 0, 1e-5);
      }
    }
  }
}

TEST(InitialiseTest, UnevenRanksAndSingleCores) {
  const TtShape uneven{{6, 5}, {4, 7}, {1, 2, 9, 3, 1}};
  for (const CoreStart start : {CoreStart::kNormal, CoreStart::kOrthogonal}) {
    const auto [deviation, mean] = Measure<TtMatrix<float>>(uneven, start, 400);
    EXPECT_NEAR(deviation, 0.036, 0.04 * 0.036) << Name(start);
  }
  const TtShape vector{{4000}, {}, {1, 1}};
  const auto [deviation, mean] = Measure<TtMatrix<float>>(vector, CoreStart::kNormal, 4);
  EXPECT_NEAR(deviation, 0.036, 0.03 * 0.036);
}

TEST(InitialiseTest, FollowsItsStreamAlone) {
  for (const CoreStart start : {CoreStart::kNormal, CoreStart::kOrthogonal}) {
    Random one(1, 2), same(1, 2), other(1, 3);
    const auto first = Start<TtMatrix<float>>(kMap, 0.036, start, one);
    EXPECT_EQ(first.cores, Start<TtMatrix<float>>(kMap, 0.036, start, same).cores);
    EXPECT_NE(first.cores, Start<TtMatrix<float>>(kMap, 0.036, start, other).cores);
    EXPECT_NE(first.cores[1], first.cores[2]);
  }
}

}  // namespace
}  // namespace bittern
