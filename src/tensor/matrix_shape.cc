// SPDX-License-Identifier: Apache-2.0
#include "tensor/matrix_shape.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/modes.h"

namespace bittern {
namespace {

constexpr int kModesPerSide = 3;

template <typename Extents>
std::vector<std::int64_t> List(const Extents& extents) {
  return {extents.begin(), extents.end()};
}

template <typename Shape>
int LimitRanksOf(Shape& shape) {
  int first = -1;
  if (static_cast<int>(shape.ranks.size()) != shape.cores() + 1) return first;
  for (int bond = 0; bond <= shape.cores(); ++bond) {
    int& rank = shape.ranks[static_cast<std::size_t>(bond)];
    const std::int64_t largest = shape.LargestRank(bond);
    if (rank <= largest) continue;
    rank = static_cast<int>(largest);
    if (first < 0) first = bond;
  }
  return first;
}

}  // namespace

int MatrixShape::cores() const {
  switch (format) {
    case MatrixFormat::kTt:
      return train.cores();
    case MatrixFormat::kTtm:
      return blocks.cores();
    case MatrixFormat::kDense:
      return 0;
  }
  BITTERN_CHECK(false);
}

std::vector<std::int64_t> MatrixShape::CoreShape(int core) const {
  BITTERN_CHECK(format != MatrixFormat::kDense);
  return format == MatrixFormat::kTt ? List(train.CoreShape(core)) : List(blocks.CoreShape(core));
}

InitialValues MatrixShape::CoreStartValues(int core, double deviation, CoreStart start) const {
  BITTERN_CHECK(format != MatrixFormat::kDense);
  return format == MatrixFormat::kTt ? CoreValues(train, core, deviation, start)
                                     : CoreValues(blocks, core, deviation, start);
}

MatrixShape AutomaticMatrix(MatrixFormat format, std::int64_t rows, std::int64_t columns, int rank,
                            std::string_view field) {
  MatrixShape shape{.format = format};
  if (format == MatrixFormat::kDense) return shape;
  std::vector<int> output = AutomaticModes(rows, kModesPerSide, field);
  std::vector<int> input = AutomaticModes(columns, kModesPerSide, field);
  if (format == MatrixFormat::kTt) {
    std::ranges::reverse(input);
    shape.train = {std::move(output), std::move(input), UniformRanks(2 * kModesPerSide, rank)};
    LimitRanks(shape.train);
  } else {
    shape.blocks = {std::move(output), std::move(input), UniformRanks(kModesPerSide, rank)};
    LimitRanks(shape.blocks);
  }
  return shape;
}

int LimitRanks(TtShape& shape) { return LimitRanksOf(shape); }
int LimitRanks(TtmShape& shape) { return LimitRanksOf(shape); }

void Validate(const MatrixShape& shape, std::int64_t rows, std::int64_t columns,
              std::string_view field) {
  if (shape.format == MatrixFormat::kTt) Validate(shape.train, rows, columns, field);
  if (shape.format == MatrixFormat::kTtm) Validate(shape.blocks, rows, columns, field);
}

Chain MakeChain(const MatrixShape& shape, std::int64_t rows, std::int64_t columns) {
  switch (shape.format) {
    case MatrixFormat::kTt:
      return TtChain(shape.train);
    case MatrixFormat::kTtm:
      return TtmChain(shape.blocks);
    case MatrixFormat::kDense:
      return DenseChain(rows, columns);
  }
  BITTERN_CHECK(false);
}

}  // namespace bittern
