// SPDX-License-Identifier: Apache-2.0
// How the matrix of a linear map is stored: as one of three formats, with the sizes of its cores.
//
// The M x N matrix W is
//   kTt      a chain of cores, first a mode of M each, then a mode of N each (TtShape)
//   kTtm     a chain of cores with a mode of M and a mode of N each (TtmShape): at the same number
//            of parameters its matrix has a larger rank
//   kDense   one tensor [M][N]
// Only the member that belongs to the format is used; the other one is empty.
#ifndef BITTERN_TENSOR_MATRIX_SHAPE_H_
#define BITTERN_TENSOR_MATRIX_SHAPE_H_

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/choice.h"
#include "tensor/chain.h"
#include "tensor/initialise.h"
#include "tensor/shape.h"

namespace bittern {

enum class MatrixFormat { kTt, kTtm, kDense };
constexpr auto Choices(MatrixFormat) {
  return std::array{Choice{MatrixFormat::kTt, "tt"}, Choice{MatrixFormat::kTtm, "ttm"},
                    Choice{MatrixFormat::kDense, "dense"}};
}

struct MatrixShape {
  MatrixFormat format = MatrixFormat::kTt;
  TtShape train = {};    // kTt
  TtmShape blocks = {};  // kTtm

  int cores() const;                                    // 0 for kDense
  std::vector<std::int64_t> CoreShape(int core) const;  // the extents of a core, row-major
  // The start of a core's values, such that an entry of W has the standard deviation `deviation`.
  InitialValues CoreStartValues(int core, double deviation, CoreStart start) const;

  bool operator==(const MatrixShape&) const = default;
};

// Three modes a side of about equal size, and `rank` at every inner bond, or less where a bond can
// use less. kTt: falling modes outside in, so that the large ones stand where the ranks are 1.
// kTtm: falling on both sides. Fails if a size does not factor; `field` is the place that the
// message names.
MatrixShape AutomaticMatrix(MatrixFormat format, std::int64_t rows, std::int64_t columns, int rank,
                            std::string_view field);

// Lowers every rank to the largest that its bond can use (LargestRank). Returns the first bond
// whose rank was larger, or -1. Shapes whose ranks are too few or too many stay as they are.
int LimitRanks(TtShape& shape);
int LimitRanks(TtmShape& shape);

// Fails unless the shape is one of a `rows` x `columns` matrix, see Validate in shape.h.
void Validate(const MatrixShape& shape, std::int64_t rows, std::int64_t columns,
              std::string_view field);

// The network that a planner orders.
Chain MakeChain(const MatrixShape& shape, std::int64_t rows, std::int64_t columns);

}  // namespace bittern

#endif  // BITTERN_TENSOR_MATRIX_SHAPE_H_
