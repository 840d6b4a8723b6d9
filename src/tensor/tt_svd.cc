// SPDX-License-Identifier: Apache-2.0
#include "tensor/tt_svd.h"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/error.h"

namespace bittern {
namespace {

using RowMajorMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Train {
  std::vector<int> ranks;
  std::vector<std::vector<double>> cores;
  double squared_error = 0;
};

// The rank to keep at a bond, given the singular values there.
using RankChoice = std::function<int(int bond, const Eigen::VectorXd& singular_values)>;

// Cuts a tensor with `modes` into a chain of cores [r, mode, r'].
Train Decompose(RowMajorMatrix rest, std::span<const int> modes, const RankChoice& choose) {
  const int cores = static_cast<int>(modes.size());
  Train train;
  train.ranks.push_back(1);
  for (int core = 0; core + 1 < cores; ++core) {
    // The unfolding [r m][the other modes] = U S V^T. U becomes the core [r][m][r'], and S V^T the
    // rest [r'][the other modes].
    const Eigen::Index rows = static_cast<Eigen::Index>(train.ranks.back()) * modes[core];
    const Eigen::Index columns = rest.size() / rows;
    // The thin SVD is enough: only min(rows, columns) singular values can differ from 0.
    const Eigen::BDCSVD<Eigen::MatrixXd> svd(
        Eigen::Map<const RowMajorMatrix>(rest.data(), rows, columns),
        Eigen::ComputeThinU | Eigen::ComputeThinV);
    const Eigen::VectorXd& values = svd.singularValues();
    // Core `core` lies left of bond core + 1.
    const int rank = choose(core + 1, values);
    const Eigen::Index kept = std::min<Eigen::Index>(rank, values.size());
    // The square of the error at a bond is the sum of squares of the singular values that are cut.
    train.squared_error += values.tail(values.size() - kept).squaredNorm();

    // A rank beyond what this unfolding has is filled with zeros.
    RowMajorMatrix left = RowMajorMatrix::Zero(rows, rank);
    left.leftCols(kept) = svd.matrixU().leftCols(kept);
    train.cores.emplace_back(left.data(), left.data() + left.size());
    train.ranks.push_back(rank);
    rest = RowMajorMatrix::Zero(rank, columns);
    rest.topRows(kept) = values.head(kept).asDiagonal() * svd.matrixV().leftCols(kept).transpose();
  }
  // The last core needs no SVD: it is the rest [r][mode][1].
  train.cores.emplace_back(rest.data(), rest.data() + rest.size());
  train.ranks.push_back(1);
  return train;
}

RankChoice GivenRanks(const std::vector<int>& ranks) {
  return [&ranks](int bond, const Eigen::VectorXd&) { return ranks[bond]; };
}

// The error's square may grow by `allowance` at each bond.
RankChoice RanksWithin(double allowance) {
  return [allowance](int, const Eigen::VectorXd& values) {
    // Singular values fall, so the smallest ones are cut first. At least one rank is kept.
    Eigen::Index rank = values.size();
    double cut = 0;
    while (rank > 1 && (cut += values[rank - 1] * values[rank - 1]) <= allowance) --rank;
    return static_cast<int>(rank);
  };
}

// The squared error that each of the d - 1 bonds may add. The errors of the bonds are orthogonal,
// so their squares add up to at most (tolerance |dense|)^2.
double Allowance(const RowMajorMatrix& dense, double tolerance, int cores) {
  BITTERN_CHECK(tolerance >= 0);
  return tolerance * tolerance * dense.squaredNorm() / std::max(1, cores - 1);
}

RowMajorMatrix Copy(std::span<const double> dense, std::int64_t rows, std::int64_t columns) {
  BITTERN_CHECK(static_cast<std::int64_t>(dense.size()) == rows * columns);
  return Eigen::Map<const RowMajorMatrix>(dense.data(), rows, columns);
}

std::vector<int> Modes(const TtShape& shape) {
  std::vector<int> modes = shape.output_modes;
  modes.insert(modes.end(), shape.input_modes.begin(), shape.input_modes.end());
  return modes;
}

std::vector<int> Modes(const TtmShape& shape) {
  std::vector<int> modes;
  modes.reserve(static_cast<size_t>(shape.cores()));
  for (int core = 0; core < shape.cores(); ++core) {
    // A TTM core [r][v][d][r'] is a TT core [r][v d][r'] with one joined mode.
    modes.push_back(shape.vocabulary_modes[core] * shape.feature_modes[core]);
  }
  return modes;
}

// (v1 .. vd, d1 .. dd) -> (v1 d1, v2 d2, .. vd dd)
RowMajorMatrix Interleave(std::span<const double> dense, const TtmShape& shape) {
  const std::int64_t rows = shape.rows(), columns = shape.columns();
  BITTERN_CHECK(static_cast<std::int64_t>(dense.size()) == rows * columns);
  RowMajorMatrix interleaved(rows, columns);
  for (std::int64_t word = 0; word < rows; ++word) {
    for (std::int64_t feature = 0; feature < columns; ++feature) {
      // `words` and `features` are the strides of the current mode in word and feature.
      std::int64_t place = 0, words = rows, features = columns;
      for (int core = 0; core < shape.cores(); ++core) {
        const int v = shape.vocabulary_modes[core], d = shape.feature_modes[core];
        words /= v;
        features /= d;
        place = (place * v + word / words % v) * d + feature / features % d;
      }
      interleaved.data()[place] = dense[word * columns + feature];
    }
  }
  return interleaved;
}

template <typename Matrix, typename Shape>
TtSvdResult<Matrix> Decompose(RowMajorMatrix tensor, Shape shape, const RankChoice& choose) {
  Train train = Decompose(std::move(tensor), Modes(shape), choose);
  shape.ranks = std::move(train.ranks);
  // The errors of the bonds are orthogonal, so their squares add up.
  return {{std::move(shape), std::move(train.cores)}, std::sqrt(train.squared_error)};
}

}  // namespace

TtSvdResult<TtMatrix<double>> TtSvd(std::span<const double> dense, const TtShape& shape) {
  return Decompose<TtMatrix<double>>(Copy(dense, shape.rows(), shape.columns()), shape,
                                     GivenRanks(shape.ranks));
}

TtSvdResult<TtmMatrix<double>> TtSvd(std::span<const double> dense, const TtmShape& shape) {
  return Decompose<TtmMatrix<double>>(Interleave(dense, shape), shape, GivenRanks(shape.ranks));
}

TtSvdResult<TtMatrix<double>> TtSvdWithin(std::span<const double> dense, const TtShape& modes,
                                          double tolerance) {
  RowMajorMatrix tensor = Copy(dense, modes.rows(), modes.columns());
  const RankChoice choose = RanksWithin(Allowance(tensor, tolerance, modes.cores()));
  return Decompose<TtMatrix<double>>(std::move(tensor), modes, choose);
}

TtSvdResult<TtmMatrix<double>> TtSvdWithin(std::span<const double> dense, const TtmShape& modes,
                                           double tolerance) {
  RowMajorMatrix tensor = Interleave(dense, modes);
  const RankChoice choose = RanksWithin(Allowance(tensor, tolerance, modes.cores()));
  return Decompose<TtmMatrix<double>>(std::move(tensor), modes, choose);
}

}  // namespace bittern
