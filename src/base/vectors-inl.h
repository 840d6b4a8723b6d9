// SPDX-License-Identifier: Apache-2.0
// Loads, stores and loops that all kernels share; included once for every SIMD target.
#if defined(BITTERN_BASE_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BITTERN_BASE_VECTORS_INL_H_
#undef BITTERN_BASE_VECTORS_INL_H_
#else
#define BITTERN_BASE_VECTORS_INL_H_
#endif

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "hwy/highway.h"

#ifndef BITTERN_UNROLL
#if defined(__clang__)
#define BITTERN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define BITTERN_UNROLL _Pragma("GCC unroll 16")
#endif
#endif

HWY_BEFORE_NAMESPACE();
namespace bittern {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = HWY_LANES(float);
constexpr bool kHasHalf = kLanes >= 8;

// Accesses the first n lanes of vectors of Tag, or all lanes if not kPartial. A load gives 0 in the
// other lanes, and no access touches memory beyond the first n. The mask is computed once, because
// computing it for every load costs as much as the load.
template <class Tag, bool kPartial>
class FirstLanes {
  using VT = hn::Vec<Tag>;

 public:
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_INLINE explicit FirstLanes(int64_t n) : bytes_(static_cast<size_t>(n) * sizeof(float)) {}
  HWY_INLINE VT Load(const float* p) const {
    if constexpr (!kPartial) return hn::LoadU(Tag(), p);
    alignas(64) float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
    std::memcpy(lanes, p, bytes_);
    return hn::Load(Tag(), lanes);
  }
  HWY_INLINE void Store(VT v, float* p) const {
    if constexpr (!kPartial) return hn::StoreU(v, Tag(), p);
    alignas(64) float lanes[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(v, Tag(), lanes);
    std::memcpy(p, lanes, bytes_);
  }

 private:
  size_t bytes_;
#else
  HWY_INLINE explicit FirstLanes(int64_t n) : mask_(hn::FirstN(Tag(), static_cast<size_t>(n))) {}
  HWY_INLINE VT Load(const float* p) const {
    if constexpr (!kPartial) return hn::LoadU(Tag(), p);
    return hn::MaskedLoad(mask_, Tag(), p);
  }
  HWY_INLINE void Store(VT v, float* p) const {
    if constexpr (!kPartial) return hn::StoreU(v, Tag(), p);
    hn::BlendedStore(v, mask_, Tag(), p);
  }

 private:
  hn::Mask<Tag> mask_;
#endif
};

template <class Tag>
HWY_INLINE hn::Vec<Tag> LoadFirst(Tag /*d*/, const float* p, int64_t n) {
  return FirstLanes<Tag, true>(n).Load(p);
}

template <class Tag>
HWY_INLINE void StoreFirst(hn::Vec<Tag> v, Tag /*d*/, float* p, int64_t n) {
  FirstLanes<Tag, true>(n).Store(v, p);
}

// A piece of a row: `count` lanes from `offset` on, loaded and stored by vectors of Tag.
template <class Tag, bool kPartial>
class Piece {
 public:
  HWY_INLINE Piece(int64_t first, int64_t n) : offset(first), count(n), lanes_(n) {}
  HWY_INLINE hn::Vec<Tag> Load(const float* row) const { return lanes_.Load(row + offset); }
  HWY_INLINE void Store(hn::Vec<Tag> v, float* row) const { lanes_.Store(v, row + offset); }

  const int64_t offset, count;

 private:
  FirstLanes<Tag, kPartial> lanes_;
};

// Calls body(d, piece) for the pieces of a row of n floats: whole vectors, then a half, then a
// part.
template <class Body>
HWY_INLINE void ForPieces(int64_t n, const Body& body) {
  const D d;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) body(d, Piece<D, false>{i, kLanes});
  if (i == n) return;
  if constexpr (kHasHalf) {
    using H = hn::Half<D>;
    if (n - i == kLanes / 2) return body(H(), Piece<H, false>{i, kLanes / 2});
    if (n - i < kLanes / 2) return body(H(), Piece<H, true>{i, n - i});
  }
  body(d, Piece<D, true>{i, n - i});
}

// Sums the lanes of four vectors: lane i of the result is the sum of v_i.
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> SumOfFour(V v0, V v1, V v2, V v3) {
  const D d;
  const hn::RepartitionToWide<D> dw;
  const auto pair = [](V x, V y) HWY_ATTR {
    return hn::Add(hn::InterleaveLower(x, y), hn::InterleaveUpper(D(), x, y));
  };
  const auto p01 = hn::BitCast(dw, pair(v0, v1));
  const auto p23 = hn::BitCast(dw, pair(v2, v3));
  const V blocks = hn::Add(hn::BitCast(d, hn::InterleaveLower(dw, p01, p23)),
                           hn::BitCast(d, hn::InterleaveUpper(dw, p01, p23)));
#if HWY_MAX_BYTES >= 64
  const hn::Half<D> dh;
  const hn::Half<hn::Half<D>> dq;
  const auto halves = hn::Add(hn::LowerHalf(dh, blocks), hn::UpperHalf(dh, blocks));
  return hn::Add(hn::LowerHalf(dq, halves), hn::UpperHalf(dq, halves));
#elif HWY_MAX_BYTES == 32
  const hn::Half<D> dh;
  return hn::Add(hn::LowerHalf(dh, blocks), hn::UpperHalf(dh, blocks));
#else
  return blocks;
#endif
}

// Four rows of four floats become four columns of four.
template <class V4>
HWY_INLINE void TransposeFour(V4& v0, V4& v1, V4& v2, V4& v3) {
  const hn::FixedTag<float, 4> d;
  const hn::RepartitionToWide<decltype(d)> dw;
  const auto low01 = hn::BitCast(dw, hn::InterleaveLower(v0, v1));
  const auto low23 = hn::BitCast(dw, hn::InterleaveLower(v2, v3));
  const auto high01 = hn::BitCast(dw, hn::InterleaveUpper(d, v0, v1));
  const auto high23 = hn::BitCast(dw, hn::InterleaveUpper(d, v2, v3));
  v0 = hn::BitCast(d, hn::InterleaveLower(dw, low01, low23));
  v1 = hn::BitCast(d, hn::InterleaveUpper(dw, low01, low23));
  v2 = hn::BitCast(d, hn::InterleaveLower(dw, high01, high23));
  v3 = hn::BitCast(d, hn::InterleaveUpper(dw, high01, high23));
}

// to[r * to_row + c] = from[r + c * from_column], 4 x 4 at a time: 0.3 cycles a float. In-register
// transposes of 8 x 8 or 16 x 16 need as many shuffles per float.
HWY_INLINE void TransposeBlock(const float* from, int64_t from_column, int64_t rows,
                               int64_t columns, float* to, int64_t to_row) {
  const hn::FixedTag<float, 4> d;
  int64_t c = 0;
  for (; c + 4 <= columns; c += 4) {
    const float* p = from + c * from_column;
    int64_t r = 0;
    for (; r + 4 <= rows; r += 4) {
      auto v0 = hn::LoadU(d, p + r);
      auto v1 = hn::LoadU(d, p + r + from_column);
      auto v2 = hn::LoadU(d, p + r + 2 * from_column);
      auto v3 = hn::LoadU(d, p + r + 3 * from_column);
      TransposeFour(v0, v1, v2, v3);
      float* q = to + r * to_row + c;
      hn::StoreU(v0, d, q);
      hn::StoreU(v1, d, q + to_row);
      hn::StoreU(v2, d, q + 2 * to_row);
      hn::StoreU(v3, d, q + 3 * to_row);
    }
    for (; r < rows; ++r) {
      for (int64_t j = 0; j < 4; ++j) to[r * to_row + c + j] = p[r + j * from_column];
    }
  }
  for (; c < columns; ++c) {
    for (int64_t r = 0; r < rows; ++r) to[r * to_row + c] = from[r + c * from_column];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bittern
HWY_AFTER_NAMESPACE();

#endif  // BITTERN_BASE_VECTORS_INL_H_
