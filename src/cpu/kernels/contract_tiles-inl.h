// SPDX-License-Identifier: Apache-2.0
// The register tiles of contractions, in two forms: lanes of columns, and dots over a contiguous
// sum. Included once for every SIMD target.
//
// Machine model (Zen 4, AVX-512): one full-width multiply-add a cycle, latency 4, 32 registers; so
// at least 4 accumulators, and 12 rows x 2 vectors (24 accumulators) need 14 loads in 24 cycles.
// Measured on data in L1: 12 x 2 reaches 91 % of peak at 30 terms and 82 to 92 % at 12, as the 24
// stores behind a tile hold up the next one's start; 12 x 1 reaches 97 % at 12 terms and 98 %
// at 30. So tiles are narrow unless their rows of a, which are then read twice as often, leave the
// cache.
//
// Tried and lost: 6 x 4 and 8 x 3 tiles (no faster than 12 x 2, worse remainders);
#ifndef BITTERN_KERNELS_CONTRACT_TILE_
#define BITTERN_KERNELS_CONTRACT_TILE_

#include <array>
#include <cstdint>

namespace bittern {

// One register tile: rows x lanes (or rows x columns, for dots) of c. Strides in floats.
struct ContractTile {
  const float* a;
  const float* b;
  const float* start;  // null: zero
  float* c;
  // Terms of the outer sum: those of the plan, or (not null) at these offsets. a and b are at the
  // first one.
  const int64_t* a_terms;
  const int64_t* b_terms;
  int64_t a_row, a_sum, a_sum_outer;
  int64_t b_sum, b_sum_outer;
  int64_t b_column, start_column, c_column;  // dots only, but start_column also is 0 for a scalar
  int64_t start_row, c_row;
  int64_t sum, sum_outer;  // extents, the outer one at least 1
  int64_t lanes;           // of the last vector, if the tile is masked; dots: sum % vector
  float scale;
  bool scaled;  // scale != 1

  const float* ATerm(int64_t i) const {
    return a + (a_terms != nullptr ? a_terms[i] - a_terms[0] : i * a_sum_outer);
  }
  const float* BTerm(int64_t i) const {
    return b + (b_terms != nullptr ? b_terms[i] - b_terms[0] : i * b_sum_outer);
  }
};

}  // namespace bittern
#endif  // BITTERN_KERNELS_CONTRACT_TILE_

#if defined(BITTERN_CPU_KERNELS_CONTRACT_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BITTERN_CPU_KERNELS_CONTRACT_TILES_INL_H_
#undef BITTERN_CPU_KERNELS_CONTRACT_TILES_INL_H_
#else
#define BITTERN_CPU_KERNELS_CONTRACT_TILES_INL_H_
#endif

#include "base/vectors-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bittern {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSSE3
constexpr std::array<int32_t, 6> kTileRows = {6, 5, 4, 3, 2, 1};  // 16 registers
constexpr int kDotRows = 4, kDotColumns = 2;
#else
constexpr std::array<int32_t, 6> kTileRows = {12, 8, 6, 4, 2, 1};  // 32 registers
constexpr int kDotRows = 4, kDotColumns = 4;
#endif
// Tiles of at least so many rows may take one vector of columns instead of two. With 512-bit
// vectors 8 accumulators saturate the one multiply-adder of Zen 4 (its latency is 4).
constexpr int kNarrowRows = kLanes >= 16 ? 8 : kTileRows[0] + 1;

// c[row][lane] = start + scale * sum a[row] b[lane]: kRows rows of kFull vectors and, if kHalf, one
// half vector. The last vector has t.lanes lanes if kPartial.
template <int kRows, int kFull, bool kHalf, bool kPartial>
void LanesTile(const ContractTile& t) {
  const D d;
  const hn::Half<D> dh;
  using VH = hn::Vec<hn::Half<D>>;
  constexpr int kWhole = kPartial && !kHalf ? kFull - 1 : kFull;  // vectors that are not partial
  constexpr int kGroups = (kRows + 2) / 3;  // of three rows that share a pointer
  constexpr int kFullOrOne = kFull > 0 ? kFull : 1;
  const FirstLanes<D, kPartial> last(t.lanes);
  const FirstLanes<hn::Half<D>, kPartial> last_half(t.lanes);
  const auto load = [&](const float* p, int v) HWY_ATTR {
    return v < kWhole ? hn::LoadU(d, p + v * kLanes) : last.Load(p + v * kLanes);
  };

  V acc[kRows][kFullOrOne];
  VH half[kRows];
  // Calls put(i, start of row i's vector v) for all vectors, and put_half.
  const auto each_start = [&](const auto& put, [[maybe_unused]] const auto& put_half) HWY_ATTR {
    if (t.start == nullptr) {
      BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
        BITTERN_UNROLL for (int v = 0; v < kFull; ++v) put(i, v, hn::Zero(d));
        if constexpr (kHalf) put_half(i, hn::Zero(dh));
      }
    } else if (t.start_column == 0) {
      const float* start = t.start;
      BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
        BITTERN_UNROLL for (int v = 0; v < kFull; ++v) put(i, v, hn::Set(d, *start));
        if constexpr (kHalf) put_half(i, hn::Set(dh, *start));
        start += t.start_row;
      }
    } else {
      const float* start = t.start;
      BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
        BITTERN_UNROLL for (int v = 0; v < kFull; ++v) put(i, v, load(start, v));
        if constexpr (kHalf) put_half(i, last_half.Load(start + kFull * kLanes));
        start += t.start_row;
      }
    }
  };
  const bool scaled = t.scaled;
  if (scaled) {
    BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
      BITTERN_UNROLL for (int v = 0; v < kFull; ++v) acc[i][v] = hn::Zero(d);
      if constexpr (kHalf) half[i] = hn::Zero(dh);
    }
  } else {
    each_start([&](int i, int v, V start) HWY_ATTR { acc[i][v] = start; },
               [&](int i, VH start) HWY_ATTR { half[i] = start; });
  }

  const float* a_outer = t.a;
  const float* b_outer = t.b;
  for (int64_t outer = 0;;) {
    const float* a[kGroups];
    BITTERN_UNROLL for (int i = 0; i < kGroups; ++i) a[i] = a_outer + 3 * i * t.a_row;
    const float* b = b_outer;
    const int64_t a_row = t.a_row;
    for (int64_t sum = t.sum; sum != 0; --sum) {
      V bv[kFullOrOne];
      VH bh;
      BITTERN_UNROLL for (int v = 0; v < kFull; ++v) bv[v] = load(b, v);
      if constexpr (kHalf) bh = last_half.Load(b + kFull * kLanes);
      BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
        const float factor = a[i / 3][(i % 3) * a_row];
        BITTERN_UNROLL for (int v = 0; v < kFull; ++v) {
          acc[i][v] = hn::MulAdd(hn::Set(d, factor), bv[v], acc[i][v]);
        }
        // Alone, a half vector takes half broadcasts: twice as many a cycle.
        if constexpr (kHalf) half[i] = hn::MulAdd(hn::Set(dh, factor), bh, half[i]);
      }
      BITTERN_UNROLL for (int i = 0; i < kGroups; ++i) a[i] += t.a_sum;
      b += t.b_sum;
    }
    if (++outer == t.sum_outer) break;
    a_outer = t.ATerm(outer);
    b_outer = t.BTerm(outer);
  }

  if (scaled) {
    const V scale = hn::Set(d, t.scale);
    each_start([&](int i, int v, V start)
                   HWY_ATTR { acc[i][v] = hn::MulAdd(scale, acc[i][v], start); },
               [&](int i, VH start)
                   HWY_ATTR { half[i] = hn::MulAdd(hn::Set(dh, t.scale), half[i], start); });
  }
  float* c = t.c;
  const int64_t c_row = t.c_row;
  BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
    BITTERN_UNROLL for (int v = 0; v < kFull; ++v) {
      if (v < kWhole) {
        hn::StoreU(acc[i][v], d, c + v * kLanes);
      } else {
        last.Store(acc[i][v], c + v * kLanes);
      }
    }
    if constexpr (kHalf) last_half.Store(half[i], c + kFull * kLanes);
    c += c_row;
  }
}

using TileFunction = void (*)(const ContractTile&);

// How the columns that are left after blocks of two vectors are covered.
struct Columns {
  int kind = 0;       // index of TileTable; 0: two full vectors
  int64_t lanes = 0;  // of the last vector
};
constexpr int kColumnKinds = 8;

template <int kRows>
constexpr std::array<TileFunction, kColumnKinds> TileTable() {
  std::array<TileFunction, kColumnKinds> table = {
      LanesTile<kRows, 2, false, false>, LanesTile<kRows, 2, false, true>,
      LanesTile<kRows, 1, false, false>, LanesTile<kRows, 1, false, true>};
  if constexpr (kHasHalf) {
    table[4] = LanesTile<kRows, 1, true, false>;
    table[5] = LanesTile<kRows, 1, true, true>;
    table[6] = LanesTile<kRows, 0, true, false>;
    table[7] = LanesTile<kRows, 0, true, true>;
  }
  return table;
}

constexpr std::array<std::array<TileFunction, kColumnKinds>, kTileRows.size()> kTiles = {
    TileTable<kTileRows[0]>(), TileTable<kTileRows[1]>(), TileTable<kTileRows[2]>(),
    TileTable<kTileRows[3]>(), TileTable<kTileRows[4]>(), TileTable<kTileRows[5]>()};

// `rest` lanes, 0 < rest < 2 vectors.
HWY_INLINE Columns RestColumns(int64_t rest) {
  const int64_t full = rest > kLanes ? 1 : 0;
  const int64_t last = rest - full * kLanes;
  if (kHasHalf && last <= kLanes / 2) {
    return {(full ? 4 : 6) + (last < kLanes / 2 ? 1 : 0), last};
  }
  return {(full ? 0 : 2) + (last < kLanes ? 1 : 0), last};
}

// ------------------------------------------------------------------------------- dot form

// c[row][column] = start + scale * sum a[row][...] b[column][...], the inner sum contiguous in
// both.
template <int kRows, int kColumns>
void DotTile(const ContractTile& t) {
  const D d;
  const FirstLanes<D, true> last(t.lanes);
  V acc[kRows][4];
  BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
    BITTERN_UNROLL for (int j = 0; j < 4; ++j) acc[i][j] = hn::Zero(d);
  }
  const int64_t vectors = t.sum / kLanes;
  const float* a_outer = t.a;
  const float* b_outer = t.b;
  for (int64_t outer = 0;;) {
    const float* a = a_outer;
    const float* b = b_outer;
    for (int64_t sum = vectors; sum != 0; --sum) {
      V bv[kColumns];
      BITTERN_UNROLL for (int j = 0; j < kColumns; ++j) bv[j] = hn::LoadU(d, b + j * t.b_column);
      BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
        const V av = hn::LoadU(d, a + i * t.a_row);
        BITTERN_UNROLL for (int j = 0; j < kColumns; ++j) {
          acc[i][j] = hn::MulAdd(av, bv[j], acc[i][j]);
        }
      }
      a += kLanes;
      b += kLanes;
    }
    if (t.lanes != 0) {
      V bv[kColumns];
      BITTERN_UNROLL for (int j = 0; j < kColumns; ++j) { bv[j] = last.Load(b + j * t.b_column); }
      BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
        const V av = last.Load(a + i * t.a_row);
        BITTERN_UNROLL for (int j = 0; j < kColumns; ++j) {
          acc[i][j] = hn::MulAdd(av, bv[j], acc[i][j]);
        }
      }
    }
    if (++outer == t.sum_outer) break;
    a_outer = t.ATerm(outer);
    b_outer = t.BTerm(outer);
  }
  const hn::FixedTag<float, 4> d4;
  if (kColumns == 4 && t.c_column == 1 && (t.start == nullptr || t.start_column == 1)) {
    const auto scale = hn::Set(d4, t.scale);
    BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
      auto y = hn::Mul(scale, SumOfFour(acc[i][0], acc[i][1], acc[i][2], acc[i][3]));
      if (t.start != nullptr) y = hn::Add(hn::LoadU(d4, t.start + i * t.start_row), y);
      hn::StoreU(y, d4, t.c + i * t.c_row);
    }
    return;
  }
  alignas(16) float sums[kRows][4];
  BITTERN_UNROLL for (int i = 0; i < kRows; ++i) {
    hn::Store(SumOfFour(acc[i][0], acc[i][1], acc[i][2], acc[i][3]), d4, sums[i]);
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kColumns; ++j) {
      const float start = t.start == nullptr ? 0.0f : t.start[i * t.start_row + j * t.start_column];
      t.c[i * t.c_row + j * t.c_column] = start + t.scale * sums[i][j];
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bittern
HWY_AFTER_NAMESPACE();

#endif  // BITTERN_CPU_KERNELS_CONTRACT_TILES_INL_H_
