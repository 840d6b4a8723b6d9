// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/kernels/elementwise.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
//
#include <algorithm>

#include "base/vectors-inl.h"
#include "cpu/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bittern {
namespace HWY_NAMESPACE {

// y = factor * Function(x), factor null: 1. The chain of one vector is some 80 cycles, and the
// processor looks ahead over four; in steps over a group of vectors, twice as many are at work.
template <class Function>
HWY_INLINE void MapByExp(const float* x, const float* factor, int64_t count, float* y) {
  const D d;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSSE3
  constexpr int kGroup = 4;  // 16 registers
#else
  constexpr int kGroup = 8;
#endif
  const auto finish = [=](auto tag, const auto& piece, auto e) HWY_ATTR {
    auto v = Function::Value(tag, piece.Load(x), e);
    if (factor != nullptr) v = hn::Mul(piece.Load(factor), v);
    piece.Store(v, y);
  };
  int64_t first = 0;
  for (; first + kGroup * kLanes <= count; first += kGroup * kLanes) {
    ExpArgument<D> arguments[kGroup];
    V e[kGroup];
    BITTERN_UNROLL for (int i = 0; i < kGroup; ++i) {
      const V v = hn::LoadU(d, x + first + i * kLanes);
      arguments[i] = ExpArgumentOf(d, Function::Argument(d, v));
    }
    BITTERN_UNROLL for (int i = 0; i < kGroup; ++i) e[i] = ExpOf(d, arguments[i]);
    BITTERN_UNROLL for (int i = 0; i < kGroup; ++i) {
      finish(d, Piece<D, false>{first + i * kLanes, kLanes}, e[i]);
    }
  }
  x += first;
  y += first;
  if (factor != nullptr) factor += first;
  ForPieces(count - first, [=](auto tag, const auto& piece) HWY_ATTR {
    const auto v = piece.Load(x);
    auto value = Function::Value(tag, v, ExpOfNegative(tag, Function::Argument(tag, v)));
    if (factor != nullptr) value = hn::Mul(piece.Load(factor), value);
    piece.Store(value, y);
  });
}

void GeluAll(const float* x, int64_t count, float* y) { MapByExp<GeluOf>(x, nullptr, count, y); }

void GeluGradAll(const float* x, const float* dy, int64_t count, float* dx) {
  MapByExp<GeluSlopeOf>(x, dy, count, dx);
}

void TanhAll(const float* x, int64_t count, float* y) { MapByExp<TanhOf>(x, nullptr, count, y); }

void TanhGradAll(const float* y, const float* dy, int64_t count, float* dx) {
  ForPieces(count, [=](auto d, const auto& piece) HWY_ATTR {
    const auto v = piece.Load(y);
    const auto slope = hn::NegMulAdd(v, v, hn::Set(d, 1.0f));
    piece.Store(hn::Mul(piece.Load(dy), slope), dx);
  });
}

void ReluAll(const float* x, int64_t count, float* y) {
  ForPieces(count, [=](auto d, const auto& piece) HWY_ATTR {
    const auto v = piece.Load(x);
    // A comparison, not a maximum: NaN must stay.
    piece.Store(hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Zero(d), v), y);
  });
}

void ReluGradAll(const float* y, const float* dy, int64_t count, float* dx) {
  ForPieces(count, [=](auto d, const auto& piece) HWY_ATTR {
    piece.Store(hn::IfThenElseZero(hn::Gt(piece.Load(y), hn::Zero(d)), piece.Load(dy)), dx);
  });
}

void AddAll(const float* a, const float* b, int64_t count, float* y) {
  ForPieces(count, [=](auto, const auto& piece)
                       HWY_ATTR { piece.Store(hn::Add(piece.Load(a), piece.Load(b)), y); });
}

// DropoutBlock for the blocks first, first + 1, ... of consecutive tokens.
template <class TagU>
struct DropoutWords {
  hn::Vec<TagU> x, y;
};

template <class TagU>
HWY_INLINE DropoutWords<TagU> DropoutWordsOf(TagU du, const DropoutMask& mask, uint32_t first) {
  auto x = hn::Zero(du);
  auto y = hn::Iota(du, first);
  BITTERN_UNROLL for (uint32_t round = 0; round < kDropoutRounds; ++round) {
    const auto key = hn::Set(du, mask.key[round % 2] + round);
    x = hn::Xor(hn::Add(hn::RotateRight<8>(x), y), key);
    y = hn::Xor(hn::RotateRight<29>(y), x);
  }
  return {x, y};
}

// y = residual + mask(x), residual null: 0. Four features a block.
void DropoutAll(const DropoutMask& mask, const float* residual, const float* x, int64_t features,
                int64_t tokens, float* y) {
  const float scale = mask.Scale();
  for (int64_t f = 0; f < features; f += 4) {
    const int64_t rows = std::min<int64_t>(4, features - f);
    ForPieces(tokens, [&](auto d, const auto& piece) HWY_ATTR {
      const hn::RebindToUnsigned<decltype(d)> du;
      const hn::RebindToSigned<decltype(d)> di;
      const auto first = static_cast<uint32_t>(f / 4 * kDropoutMaxTokens + piece.offset);
      const auto words = DropoutWordsOf(du, mask, first);
      const auto low = hn::Set(du, 0xFFFF);
      const decltype(words.x) bits[4] = {hn::And(words.x, low), hn::ShiftRight<16>(words.x),
                                         hn::And(words.y, low), hn::ShiftRight<16>(words.y)};
      const auto threshold = hn::Set(di, static_cast<int32_t>(mask.threshold));
      BITTERN_UNROLL for (int64_t i = 0; i < 4; ++i) {
        if (i >= rows) break;
        const int64_t row = (f + i) * tokens;
        const auto keeps = hn::RebindMask(d, hn::Lt(hn::BitCast(di, bits[i]), threshold));
        const auto kept =
            hn::IfThenElseZero(keeps, hn::Mul(piece.Load(x + row), hn::Set(d, scale)));
        piece.Store(residual == nullptr ? kept : hn::Add(piece.Load(residual + row), kept),
                    y + row);
      }
    });
  }
}

void RowSumAll(const float* x, int64_t features, int64_t tokens, bool accumulate, float* out) {
  const D d;
  const FirstLanes<D, true> last(tokens % kLanes);
  for (int64_t f = 0; f < features; f += 4) {
    const int64_t rows = std::min<int64_t>(4, features - f);
    V sums[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    BITTERN_UNROLL for (int64_t i = 0; i < 4; ++i) {
      const float* row = x + (f + std::min(i, rows - 1)) * tokens;
      int64_t t = 0;
      for (; t + kLanes <= tokens; t += kLanes) sums[i] = hn::Add(sums[i], hn::LoadU(d, row + t));
      if (t < tokens) sums[i] = hn::Add(sums[i], last.Load(row + t));
    }
    const hn::FixedTag<float, 4> d4;
    auto total = SumOfFour(sums[0], sums[1], sums[2], sums[3]);
    if (accumulate) total = hn::Add(total, LoadFirst(d4, out + f, rows));
    StoreFirst(total, d4, out + f, rows);
  }
}

// Goes through the tokens for few features at a time: their rows of x stay in the L1 cache.
void GatherAll(const float* rows, const int32_t* slots, const float* add, int64_t add_stride,
               int64_t features, int64_t tokens, float* x) {
  const hn::FixedTag<float, 4> d;
  const auto row_of = [&](int64_t t) { return rows + slots[t] * features; };
  constexpr int64_t kFeatureBlock = 16;
  for (int64_t begin = 0; begin < features; begin += kFeatureBlock) {
    const int64_t end = std::min(begin + kFeatureBlock, features);
    int64_t t = 0;
    for (; t + 4 <= tokens; t += 4) {
      const float *r0 = row_of(t), *r1 = row_of(t + 1), *r2 = row_of(t + 2), *r3 = row_of(t + 3);
      int64_t f = begin;
      for (; f + 4 <= end; f += 4) {
        decltype(hn::Zero(d)) v[4] = {hn::LoadU(d, r0 + f), hn::LoadU(d, r1 + f),
                                      hn::LoadU(d, r2 + f), hn::LoadU(d, r3 + f)};
        TransposeFour(v[0], v[1], v[2], v[3]);
        BITTERN_UNROLL for (int64_t i = 0; i < 4; ++i) {
          if (add != nullptr) v[i] = hn::Add(v[i], hn::LoadU(d, add + (f + i) * add_stride + t));
          hn::StoreU(v[i], d, x + (f + i) * tokens + t);
        }
      }
      for (; f < end; ++f) {
        for (int64_t j = t; j < t + 4; ++j) {
          x[f * tokens + j] = row_of(j)[f] + (add != nullptr ? add[f * add_stride + j] : 0.0f);
        }
      }
    }
    for (; t < tokens; ++t) {
      const float* row = row_of(t);
      for (int64_t f = begin; f < end; ++f) {
        x[f * tokens + t] = row[f] + (add != nullptr ? add[f * add_stride + t] : 0.0f);
      }
    }
  }
}

void ScatterAll(const float* x, int64_t x_stride, const int32_t* slots, int64_t features,
                int64_t tokens, int64_t num_rows, float* rows) {
  std::fill(rows, rows + num_rows * features, 0.0f);
  const hn::FixedTag<float, 4> d;
  const auto row_of = [&](int64_t t) { return rows + slots[t] * features; };
  int64_t t = 0;
  for (; t + 4 <= tokens; t += 4) {
    float* const to[4] = {row_of(t), row_of(t + 1), row_of(t + 2), row_of(t + 3)};
    int64_t f = 0;
    for (; f + 4 <= features; f += 4) {
      const float* from = x + f * x_stride + t;
      auto v0 = hn::LoadU(d, from);
      auto v1 = hn::LoadU(d, from + x_stride);
      auto v2 = hn::LoadU(d, from + 2 * x_stride);
      auto v3 = hn::LoadU(d, from + 3 * x_stride);
      TransposeFour(v0, v1, v2, v3);
      // One after the other: slots may repeat.
      hn::StoreU(hn::Add(hn::LoadU(d, to[0] + f), v0), d, to[0] + f);
      hn::StoreU(hn::Add(hn::LoadU(d, to[1] + f), v1), d, to[1] + f);
      hn::StoreU(hn::Add(hn::LoadU(d, to[2] + f), v2), d, to[2] + f);
      hn::StoreU(hn::Add(hn::LoadU(d, to[3] + f), v3), d, to[3] + f);
    }
    for (; f < features; ++f) {
      for (int64_t j = 0; j < 4; ++j) to[j][f] += x[f * x_stride + t + j];
    }
  }
  for (; t < tokens; ++t) {
    float* row = row_of(t);
    for (int64_t f = 0; f < features; ++f) row[f] += x[f * x_stride + t];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bittern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bittern {

HWY_EXPORT(GeluAll);
HWY_EXPORT(GeluGradAll);
HWY_EXPORT(TanhAll);
HWY_EXPORT(TanhGradAll);
HWY_EXPORT(ReluAll);
HWY_EXPORT(ReluGradAll);
HWY_EXPORT(AddAll);
HWY_EXPORT(DropoutAll);
HWY_EXPORT(RowSumAll);
HWY_EXPORT(GatherAll);
HWY_EXPORT(ScatterAll);

void Gelu(const float* x, int64_t count, float* y) { HWY_DYNAMIC_DISPATCH(GeluAll)(x, count, y); }

void GeluGrad(const float* x, const float* dy, int64_t count, float* dx) {
  HWY_DYNAMIC_DISPATCH(GeluGradAll)(x, dy, count, dx);
}

void Tanh(const float* x, int64_t count, float* y) { HWY_DYNAMIC_DISPATCH(TanhAll)(x, count, y); }

void TanhGrad(const float* y, const float* dy, int64_t count, float* dx) {
  HWY_DYNAMIC_DISPATCH(TanhGradAll)(y, dy, count, dx);
}

void Relu(const float* x, int64_t count, float* y) { HWY_DYNAMIC_DISPATCH(ReluAll)(x, count, y); }

void ReluGrad(const float* y, const float* dy, int64_t count, float* dx) {
  HWY_DYNAMIC_DISPATCH(ReluGradAll)(y, dy, count, dx);
}

void Add(const float* a, const float* b, int64_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(AddAll)(a, b, count, y);
}

void Dropout(const DropoutMask& mask, const float* x, int64_t features, int64_t tokens, float* y) {
  HWY_DYNAMIC_DISPATCH(DropoutAll)(mask, nullptr, x, features, tokens, y);
}

void DropoutAdd(const DropoutMask& mask, const float* residual, const float* x, int64_t features,
                int64_t tokens, float* y) {
  HWY_DYNAMIC_DISPATCH(DropoutAll)(mask, residual, x, features, tokens, y);
}

void RowSum(const float* x, int64_t features, int64_t tokens, bool accumulate, float* out) {
  HWY_DYNAMIC_DISPATCH(RowSumAll)(x, features, tokens, accumulate, out);
}

void GatherColumns(const float* rows, const int32_t* slots, const float* add, int64_t add_stride,
                   int64_t features, int64_t tokens, float* x) {
  HWY_DYNAMIC_DISPATCH(GatherAll)(rows, slots, add, add_stride, features, tokens, x);
}

void ScatterColumns(const float* x, int64_t x_stride, const int32_t* slots, int64_t features,
                    int64_t tokens, int64_t num_rows, float* rows) {
  HWY_DYNAMIC_DISPATCH(ScatterAll)(x, x_stride, slots, features, tokens, num_rows, rows);
}

}  // namespace bittern
#endif  // HWY_ONCE
