#include "tensor/initialise.h"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/error.h"

namespace bittern {
namespace {

// A core of either format as [rank, mode, next_rank].
struct Core {
  std::int64_t rank, mode, next_rank;
  bool left_of_middle;

  std::int64_t elements() const { return rank * mode * next_rank; }
  // The unfolding that an orthogonal start makes semi-orthogonal.
  std::int64_t rows() const { return left_of_middle ? rank * mode : rank; }
  std::int64_t columns() const { return left_of_middle ? next_rank : mode * next_rank; }
};

Core CoreOf(const TtShape& shape, int core) {
  const auto [rank, mode, next_rank] = shape.CoreShape(core);
  return {rank, mode, next_rank, core < shape.output_cores()};
}

Core CoreOf(const TtmShape& shape, int core) {
  const auto [rank, vocabulary_mode, feature_mode, next_rank] = shape.CoreShape(core);
  return {rank, vocabulary_mode * feature_mode, next_rank, core < shape.cores() / 2};
}

// Variance of an entry before scaling. A semi-orthogonal matrix has min(rows, columns) singular
// values, all of them 1.
double EntryVariance(const Core& core, CoreStart start) {
  if (start == CoreStart::kNormal) return 1;
  return static_cast<double>(std::min(core.rows(), core.columns())) /
         static_cast<double>(core.elements());
}

void FillNormal(double deviation, Random& random, std::span<float> values) {
  for (float& value : values) value = static_cast<float>(deviation * random.Normal());
}

void FillOrthogonal(std::int64_t rows, std::int64_t columns, double factor, Random& random,
                    std::span<float> values) {
  // QR of a tall normal matrix; of the transpose where the unfolding is wide.
  const std::int64_t tall = std::max(rows, columns), thin = std::min(rows, columns);
  Eigen::MatrixXd normal(tall, thin);
  for (double& value : normal.reshaped()) value = random.Normal();
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(normal);
  Eigen::MatrixXd orthogonal = qr.householderQ() * Eigen::MatrixXd::Identity(tall, thin);
  // Signs that make the distribution uniform over all such matrices (Mezzadri 2007).
  for (std::int64_t i = 0; i < thin; ++i) {
    if (qr.matrixQR()(i, i) < 0) orthogonal.col(i) *= -1;
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      const double value = rows >= columns ? orthogonal(row, column) : orthogonal(column, row);
      values[row * columns + column] = static_cast<float>(factor * value);
    }
  }
}

template <typename Shape>
InitialValues ValuesOfCore(const Shape& shape, int index, double composed_deviation,
                           CoreStart start) {
  double variance = 1;  // of the composed matrix, were nothing scaled
  for (int other = 0; other < shape.cores(); ++other) {
    variance *=
        static_cast<double>(shape.ranks[other]) * EntryVariance(CoreOf(shape, other), start);
  }
  const double factor = std::pow(composed_deviation / std::sqrt(variance), 1.0 / shape.cores());
  if (start == CoreStart::kNormal) return NormalValues(factor);
  const Core core = CoreOf(shape, index);
  return {.kind = InitialValues::Kind::kOrthogonal,
          .scale = factor,
          .rows = core.rows(),
          .columns = core.columns()};
}

}  // namespace

InitialValues CoreValues(const TtShape& shape, int core, double composed_deviation,
                         CoreStart start) {
  return ValuesOfCore(shape, core, composed_deviation, start);
}

InitialValues CoreValues(const TtmShape& shape, int core, double composed_deviation,
                         CoreStart start) {
  return ValuesOfCore(shape, core, composed_deviation, start);
}

void FillInitialValues(const InitialValues& initial, Random& random, std::span<float> values) {
  switch (initial.kind) {
    case InitialValues::Kind::kConstant:
      std::fill(values.begin(), values.end(), static_cast<float>(initial.scale));
      break;
    case InitialValues::Kind::kNormal:
      FillNormal(initial.scale, random, values);
      break;
    case InitialValues::Kind::kOrthogonal:
      BITTERN_CHECK(std::ssize(values) == initial.rows * initial.columns);
      FillOrthogonal(initial.rows, initial.columns, initial.scale, random, values);
      break;
  }
}

}  // namespace bittern
