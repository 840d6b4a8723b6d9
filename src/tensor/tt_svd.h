// SPDX-License-Identifier: Apache-2.0
// TT-SVD: the tensor train nearest to a dense matrix, up to a factor sqrt(d - 1).
//
// One truncated SVD a bond, from left to right, in double (Oseledets 2011, algorithm 1). Exact
// where the ranks suffice. Resident memory: a few copies of the matrix. Deterministic on one
// machine; the bits may differ between compilers, as an SVD's do.
#ifndef BITTERN_TENSOR_TT_SVD_H_
#define BITTERN_TENSOR_TT_SVD_H_

#include <span>
#include <vector>

#include "tensor/shape.h"
#include "tensor/tensor_train.h"

namespace bittern {

template <typename Matrix>
struct TtSvdResult {
  Matrix matrix;
  // Upper bound of |W - W'| in the Frobenius norm: the root of the sum of squares of all singular
  // values that were cut.
  double error_bound = 0;
};

// `dense`: row-major, as many elements as the shape's matrix. At the shape's ranks (the result has
// exactly them; what the matrix does not need is zero).
TtSvdResult<TtMatrix<double>> TtSvd(std::span<const double> dense, const TtShape& shape);
TtSvdResult<TtmMatrix<double>> TtSvd(std::span<const double> dense, const TtmShape& shape);

// At the smallest ranks that keep |W - W'| <= tolerance * |W|. The shape's ranks are ignored.
TtSvdResult<TtMatrix<double>> TtSvdWithin(std::span<const double> dense, const TtShape& modes,
                                          double tolerance);
TtSvdResult<TtmMatrix<double>> TtSvdWithin(std::span<const double> dense, const TtmShape& modes,
                                           double tolerance);

}  // namespace bittern

#endif  // BITTERN_TENSOR_TT_SVD_H_
