// SPDX-License-Identifier: Apache-2.0
#include "accelerator/simulator/array_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "accelerator/simulator/array_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
//
#include <vector>

#include "accelerator/isa/arithmetic/trees.h"
#include "base/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bittern {
namespace HWY_NAMESPACE {

// Folds kN vectors as trees.h folds kN numbers, in each lane. The middle one of an odd number
// waits.
template <int kN, class V>
HWY_INLINE V FoldVectors(V* v) {
  if constexpr (kN == 1) {
    return v[0];
  } else {
    // Element i meets element i + kHalf. The half is rounded up, so the middle one of an odd number
    // has no partner.
    constexpr int kHalf = kN - kN / 2;
    BITTERN_UNROLL for (int i = 0; i < kN - kHalf; ++i) v[i] = hn::Add(v[i], v[i + kHalf]);
    return FoldVectors<kHalf>(v);
  }
}

// Folds a vector of kN lanes by halves until four are left.
template <int kN, class V>
HWY_INLINE auto FoldToFour(V v) {
  if constexpr (kN == 4) {
    return v;
  } else {
    const hn::CappedTag<float, kN> d;
    const hn::Half<decltype(d)> half;
    return FoldToFour<kN / 2>(hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

// The kernels for R = kRows and T = kTokens. A tile is [kRows][kTokens], a word of x has kTokens
// floats, a word of b kRows. Multiplications and additions are separate, because the specification
// has no fused rounding.
template <int kRows, int kTokens>
struct Array {
  static constexpr int kT = kTokens;
  using Tag = hn::CappedTag<float, kT>;
  using Vector = hn::Vec<Tag>;
  static constexpr int kWidth = static_cast<int>(hn::MaxLanes(Tag()));
  static constexpr int kVectors = kT / kWidth;
  // The number of rows whose accumulators fit into registers together with a word of x.
  static constexpr int kRegisters = HWY_TARGET <= HWY_AVX3 ? 28 : 12;
  // Rows are computed in blocks of equal size that fit the registers, so kBlock divides kRows.
  static constexpr int kBlock = kRows * kVectors <= kRegisters ? kRows
                                : kRows % 3 == 0               ? 3
                                : kRows % 2 == 0               ? 2
                                                               : 1;

  // A block of rows stays in registers while it adds all elements, each in their order.
  static void Time(const ArrayKernels&, bool keep, int64_t n, const float* const* b,
                   const float* const* x, float* tile) {
    const Tag d;
    for (int row = 0; row < kRows; row += kBlock) {
      float* block = tile + row * kT;
      Vector sum[kBlock][kVectors];
      int64_t i = 0;
      if (keep) {
        BITTERN_UNROLL for (int r = 0; r < kBlock; ++r) {
          BITTERN_UNROLL for (int k = 0; k < kVectors; ++k) {
            sum[r][k] = hn::LoadU(d, block + r * kT + k * kWidth);
          }
        }
      } else {
        // Without `keep`, the first products overwrite the tile. Adding them to 0 would change the
        // sign of -0.
        BITTERN_UNROLL for (int k = 0; k < kVectors; ++k) {
          const auto xs = hn::LoadU(d, x[0] + k * kWidth);
          BITTERN_UNROLL for (int r = 0; r < kBlock; ++r) {
            sum[r][k] = hn::Mul(hn::Set(d, b[0][row + r]), xs);
          }
        }
        i = 1;
      }
      // Rows and vectors are independent sums, so they hide the latency of one another's additions.
      for (; i < n; ++i) {
        Vector xs[kVectors];
        BITTERN_UNROLL for (int k = 0; k < kVectors; ++k) xs[k] = hn::LoadU(d, x[i] + k * kWidth);
        BITTERN_UNROLL for (int r = 0; r < kBlock; ++r) {
          const auto br = hn::Set(d, b[i][row + r]);
          BITTERN_UNROLL for (int k = 0; k < kVectors; ++k) {
            sum[r][k] = hn::Add(sum[r][k], hn::Mul(br, xs[k]));
          }
        }
      }
      BITTERN_UNROLL for (int r = 0; r < kBlock; ++r) {
        BITTERN_UNROLL for (int k = 0; k < kVectors; ++k) {
          hn::StoreU(sum[r][k], d, block + r * kT + k * kWidth);
        }
      }
    }
  }

  // out[i][t]: the products of all rows, folded over rows. Each lane of a vector is one token.
  static void Rank(const ArrayKernels&, int64_t n, const float* const* b, const float* const* tile,
                   float* out) {
    const Tag d;
    for (int64_t i = 0; i < n; ++i) {
      for (int k = 0; k < kVectors; ++k) {
        Vector v[kRows];
        BITTERN_UNROLL for (int r = 0; r < kRows; ++r) {
          v[r] = hn::Mul(hn::Set(d, b[i][r]), hn::LoadU(d, tile[i] + r * kT + k * kWidth));
        }
        hn::StoreU(FoldVectors<kRows>(v), d, out + i * kT + k * kWidth);
      }
    }
  }

  // out[i][r]: the products of a row, folded over its kT tokens. The first levels of the fold add
  // whole vectors, then halves of a vector until four numbers are left. The last two levels work on
  // four rows at once.
  static void Token(const ArrayKernels&, int64_t n, const float* const* x, const float* const* tile,
                    float* out) {
    static_assert(kRows % 4 == 0 && kT % kWidth == 0 && kWidth >= 4);
    const Tag d;
    // FoldToFour leaves four numbers for each row. The last two folds work on vectors of four.
    const hn::CappedTag<float, 4> four;
    for (int64_t i = 0; i < n; ++i) {
      Vector xs[kVectors];
      BITTERN_UNROLL for (int k = 0; k < kVectors; ++k) xs[k] = hn::LoadU(d, x[i] + k * kWidth);
      for (int row = 0; row < kRows; row += 4) {
        hn::Vec<decltype(four)> v[4];
        BITTERN_UNROLL for (int r = 0; r < 4; ++r) {
          const float* tile_row = tile[i] + (row + r) * kT;
          Vector product[kVectors];
          BITTERN_UNROLL for (int k = 0; k < kVectors; ++k) {
            product[k] = hn::Mul(xs[k], hn::LoadU(d, tile_row + k * kWidth));
          }
          v[r] = FoldToFour<kWidth>(FoldVectors<kVectors>(product));
        }
        // A vector holds two rows, later four.
        const auto ab =
            hn::Add(hn::ConcatLowerLower(four, v[1], v[0]), hn::ConcatUpperUpper(four, v[1], v[0]));
        const auto cd =
            hn::Add(hn::ConcatLowerLower(four, v[3], v[2]), hn::ConcatUpperUpper(four, v[3], v[2]));
        hn::StoreU(hn::Add(hn::ConcatEven(four, cd, ab), hn::ConcatOdd(four, cd, ab)), four,
                   out + i * kRows + row);
      }
    }
  }

  static ArrayKernels Kernels() {
    return {.rows = kRows, .lanes = kT, .time = Time, .rank = Rank, .token = Token};
  }
};

ArrayKernels ChooseArrayKernels(int64_t rows, int64_t lanes) {
  // The first size is that of `u50` and `k26`, the second one that of `nano`. Other sizes use the
  // generic kernels.
  if (rows == 12 && lanes == 32) return Array<12, 32>::Kernels();
  if (rows == 4 && lanes == 16) return Array<4, 16>::Kernels();
  if (rows == 12 && lanes == 16) return Array<12, 16>::Kernels();
  if (rows == 12 && lanes == 8) return Array<12, 8>::Kernels();
  return GenericArrayKernels(rows, lanes);
}

}  // namespace HWY_NAMESPACE
}  // namespace bittern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bittern {
namespace {

// The generic kernels follow the formulas literally, for sizes without a specialisation.
void GenericTime(const ArrayKernels& size, bool keep, int64_t n, const float* const* b,
                 const float* const* x, float* tile) {
  for (int64_t i = 0; i < n; ++i) {
    const bool first = i == 0 && !keep;
    for (int64_t r = 0; r < size.rows; ++r) {
      for (int64_t t = 0; t < size.lanes; ++t) {
        const float product = b[i][r] * x[i][t];
        float& sum = tile[r * size.lanes + t];
        sum = first ? product : sum + product;
      }
    }
  }
}

void GenericRank(const ArrayKernels& size, int64_t n, const float* const* b,
                 const float* const* tile, float* out) {
  std::vector<float> products(static_cast<size_t>(size.rows));
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t t = 0; t < size.lanes; ++t) {
      for (int64_t r = 0; r < size.rows; ++r) {
        products[static_cast<size_t>(r)] = b[i][r] * tile[i][r * size.lanes + t];
      }
      out[i * size.lanes + t] = FoldSum(products.data(), size.rows);
    }
  }
}

void GenericToken(const ArrayKernels& size, int64_t n, const float* const* x,
                  const float* const* tile, float* out) {
  std::vector<float> products(static_cast<size_t>(size.lanes));
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t r = 0; r < size.rows; ++r) {
      for (int64_t t = 0; t < size.lanes; ++t) {
        products[static_cast<size_t>(t)] = x[i][t] * tile[i][r * size.lanes + t];
      }
      out[i * size.rows + r] = FoldSum(products.data(), size.lanes);
    }
  }
}

HWY_EXPORT(ChooseArrayKernels);

}  // namespace

ArrayKernels ArrayKernelsFor(int64_t rows, int64_t lanes) {
  return HWY_DYNAMIC_DISPATCH(ChooseArrayKernels)(rows, lanes);
}

ArrayKernels GenericArrayKernels(int64_t rows, int64_t lanes) {
  return {.rows = rows,
          .lanes = lanes,
          .time = GenericTime,
          .rank = GenericRank,
          .token = GenericToken};
}

}  // namespace bittern
#endif  // HWY_ONCE
