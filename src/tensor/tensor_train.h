// SPDX-License-Identifier: Apache-2.0
// Numbers in the two tensor-train formats, and the dense matrices that they represent.
//
// The training engine never composes a matrix: these functions are the plain definition that it is
// tested against, and what decomposition returns. T is float or double. Deterministic: one fixed
// order of summation, cores from left to right.
#ifndef BITTERN_TENSOR_TENSOR_TRAIN_H_
#define BITTERN_TENSOR_TENSOR_TRAIN_H_

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/shape.h"

namespace bittern {

// Core k is row-major in shape.CoreShape(k).
template <typename T>
struct TtMatrix {
  TtShape shape;
  std::vector<std::vector<T>> cores;
};

template <typename T>
struct TtmMatrix {
  TtmShape shape;
  std::vector<std::vector<T>> cores;
};

// The M x N matrix, row-major.
template <typename T>
std::vector<T> Reconstruct(const TtMatrix<T>& matrix);

// The V x D matrix, row-major.
template <typename T>
std::vector<T> Reconstruct(const TtmMatrix<T>& matrix);

// Overwrites `row` (D elements) with the row of `word` in 0..V-1.
template <typename T>
void WordRow(const TtmMatrix<T>& matrix, std::int64_t word, std::span<T> row);

}  // namespace bittern

#endif  // BITTERN_TENSOR_TENSOR_TRAIN_H_
