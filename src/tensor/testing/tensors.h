// SPDX-License-Identifier: Apache-2.0
// Random tensor trains and norms for tests.
#ifndef BITTERN_TENSOR_TESTING_TENSORS_H_
#define BITTERN_TENSOR_TESTING_TENSORS_H_

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "base/random.h"
#include "tensor/shape.h"
#include "tensor/tensor_train.h"

namespace bittern {

inline int RandomUpTo(Random& random, std::int64_t largest) {
  return 1 + static_cast<int>(random.UniformInt(static_cast<uint32_t>(largest)));
}

// Any valid rank at each bond, 6 at most.
template <typename Shape>
void ChooseRanks(Random& random, Shape& shape) {
  shape.ranks = UniformRanks(shape.cores(), 1);
  for (int bond = 1; bond < shape.cores(); ++bond) {
    shape.ranks[bond] = RandomUpTo(random, std::min<std::int64_t>(6, shape.LargestRank(bond)));
  }
}

template <typename Matrix>
void FillCores(Random& random, Matrix& matrix) {
  for (int core = 0; core < matrix.shape.cores(); ++core) {
    auto& values = matrix.cores.emplace_back(matrix.shape.CoreElements(core));
    for (auto& value : values) value = random.Normal();
  }
}

// Modes up to 4, the cores split anyhow between output and input.
inline TtMatrix<double> RandomTtMatrix(Random& random, int cores) {
  TtMatrix<double> matrix;
  const int outputs = static_cast<int>(random.UniformInt(cores + 1));
  for (int core = 0; core < cores; ++core) {
    auto& modes = core < outputs ? matrix.shape.output_modes : matrix.shape.input_modes;
    modes.push_back(RandomUpTo(random, 4));
  }
  ChooseRanks(random, matrix.shape);
  FillCores(random, matrix);
  return matrix;
}

inline TtmMatrix<double> RandomTtmMatrix(Random& random, int cores) {
  TtmMatrix<double> matrix;
  for (int core = 0; core < cores; ++core) {
    matrix.shape.vocabulary_modes.push_back(RandomUpTo(random, 4));
    matrix.shape.feature_modes.push_back(RandomUpTo(random, 3));
  }
  ChooseRanks(random, matrix.shape);
  FillCores(random, matrix);
  return matrix;
}

inline double Norm(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

inline double Distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

}  // namespace bittern

#endif  // BITTERN_TENSOR_TESTING_TENSORS_H_
