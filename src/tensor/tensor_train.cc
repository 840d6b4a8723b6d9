// SPDX-License-Identifier: Apache-2.0
#include "tensor/tensor_train.h"

#include <algorithm>

#include "base/error.h"

namespace bittern {
namespace {

// product (rows, rank) times one core, seen as (rank, width) with `stride` elements between rows:
// returns (rows, width).
template <typename T>
std::vector<T> Extend(const std::vector<T>& product, std::int64_t rank, const T* core,
                      std::int64_t width, std::int64_t stride) {
  const std::int64_t rows = static_cast<std::int64_t>(product.size()) / rank;
  std::vector<T> extended(rows * width, T{0});
  for (std::int64_t row = 0; row < rows; ++row) {
    // The innermost loop runs over contiguous elements of core and result.
    T* out = extended.data() + row * width;
    for (std::int64_t r = 0; r < rank; ++r) {
      const T factor = product[row * rank + r];
      for (std::int64_t i = 0; i < width; ++i) out[i] += factor * core[r * stride + i];
    }
  }
  return extended;
}

}  // namespace

template <typename T>
std::vector<T> Reconstruct(const TtMatrix<T>& matrix) {
  const TtShape& shape = matrix.shape;
  std::vector<T> product = {T{1}};  // [modes so far][rank], row-major
  for (int core = 0; core < shape.cores(); ++core) {
    const auto [rank, mode, next_rank] = shape.CoreShape(core);
    // Seen as a matrix, a core is [rank][mode next_rank]. The result [..][mode][next_rank] is
    // row-major again.
    const std::int64_t width = mode * next_rank;
    product = Extend(product, rank, matrix.cores[core].data(), width, width);
  }
  return product;
}

template <typename T>
std::vector<T> Reconstruct(const TtmMatrix<T>& matrix) {
  const std::int64_t rows = matrix.shape.rows(), columns = matrix.shape.columns();
  std::vector<T> dense(rows * columns);
  for (std::int64_t word = 0; word < rows; ++word) {
    WordRow(matrix, word, std::span<T>(dense).subspan(word * columns, columns));
  }
  return dense;
}

template <typename T>
void WordRow(const TtmMatrix<T>& matrix, std::int64_t word, std::span<T> row) {
  const TtmShape& shape = matrix.shape;
  BITTERN_CHECK(word >= 0 && word < shape.rows());
  BITTERN_CHECK(static_cast<std::int64_t>(row.size()) == shape.columns());
  // `product` is [features so far][rank].
  std::vector<T> product = {T{1}};
  std::int64_t words = shape.rows();  // words that share all of v1..v(core-1)
  for (int core = 0; core < shape.cores(); ++core) {
    const auto [rank, vocabulary_mode, feature_mode, next_rank] = shape.CoreShape(core);
    words /= vocabulary_mode;
    // This is the word's digit at this core, most significant first.
    const std::int64_t v = word / words % vocabulary_mode;
    const std::int64_t width = feature_mode * next_rank;
    // The slice v of core [rank][v][d][next_rank] has rows of d next_rank elements, one for each
    // rank.
    product = Extend(product, rank, matrix.cores[core].data() + v * width, width,
                     vocabulary_mode * width);
  }
  std::copy(product.begin(), product.end(), row.begin());
}

template std::vector<float> Reconstruct(const TtMatrix<float>&);
template std::vector<double> Reconstruct(const TtMatrix<double>&);
template std::vector<float> Reconstruct(const TtmMatrix<float>&);
template std::vector<double> Reconstruct(const TtmMatrix<double>&);
template void WordRow(const TtmMatrix<float>&, std::int64_t, std::span<float>);
template void WordRow(const TtmMatrix<double>&, std::int64_t, std::span<double>);

}  // namespace bittern
