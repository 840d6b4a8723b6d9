// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/normalize.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/kernels/normalize.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
//
#include <algorithm>

#include "base/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bittern {
namespace HWY_NAMESPACE {

// Sums term(f, slot) over the features into kSums vectors, four partial sums each: a chain of adds
// has latency 3 to 4.
template <int kSums, class Tag, class Term>
HWY_INLINE void SumFeatures(Tag d, int64_t features, const Term& term, hn::Vec<Tag>* sums) {
  hn::Vec<Tag> part[4][kSums];
  BITTERN_UNROLL for (int i = 0; i < 4; ++i) {
    BITTERN_UNROLL for (int s = 0; s < kSums; ++s) part[i][s] = hn::Zero(d);
  }
  int64_t f = 0;
  for (; f + 4 <= features; f += 4) {
    BITTERN_UNROLL for (int i = 0; i < 4; ++i) term(f + i, part[i]);
  }
  for (; f < features; ++f) term(f, part[0]);
  BITTERN_UNROLL for (int s = 0; s < kSums; ++s) {
    sums[s] = hn::Add(hn::Add(part[0][s], part[1][s]), hn::Add(part[2][s], part[3][s]));
  }
}

void MomentsAll(const float* x, int64_t features, int64_t tokens, float epsilon, float* mean,
                float* rstd) {
  ForPieces(tokens, [=](auto d, const auto& piece) HWY_ATTR {
    using VD = hn::Vec<decltype(d)>;
    const auto inverse = hn::Set(d, 1.0f / static_cast<float>(features));
    VD sum[1];
    SumFeatures<1>(
        d, features,
        [&](int64_t f, VD* s) HWY_ATTR { s[0] = hn::Add(s[0], piece.Load(x + f * tokens)); }, sum);
    const auto mu = hn::Mul(sum[0], inverse);
    SumFeatures<1>(
        d, features,
        [&](int64_t f, VD* s) HWY_ATTR {
          const auto v = hn::Sub(piece.Load(x + f * tokens), mu);
          s[0] = hn::MulAdd(v, v, s[0]);
        },
        sum);
    const auto variance = hn::MulAdd(sum[0], inverse, hn::Set(d, epsilon));
    piece.Store(mu, mean);
    piece.Store(hn::Div(hn::Set(d, 1.0f), hn::Sqrt(variance)), rstd);
  });
}

void NormalizeAll(const float* x, const float* mean, const float* rstd, const float* gain,
                  const float* shift, int64_t features, int64_t tokens, float* y) {
  ForPieces(tokens, [=](auto d, const auto& piece) HWY_ATTR {
    const auto mu = piece.Load(mean), r = piece.Load(rstd);
    for (int64_t f = 0; f < features; ++f) {
      auto v = hn::Mul(hn::Sub(piece.Load(x + f * tokens), mu), r);
      if (gain != nullptr) v = hn::MulAdd(hn::Set(d, gain[f]), v, hn::Set(d, shift[f]));
      piece.Store(v, y + f * tokens);
    }
  });
}

void NormalizeGradSumsAll(const float* x, const float* mean, const float* rstd, const float* gain,
                          const float* dy, int64_t features, int64_t tokens, float* s1, float* s2) {
  ForPieces(tokens, [=](auto d, const auto& piece) HWY_ATTR {
    using VD = hn::Vec<decltype(d)>;
    const auto mu = piece.Load(mean);
    VD sums[2];
    SumFeatures<2>(
        d, features,
        [&](int64_t f, VD* s) HWY_ATTR {
          auto g = piece.Load(dy + f * tokens);
          if (gain != nullptr) g = hn::Mul(g, hn::Set(d, gain[f]));
          s[0] = hn::Add(s[0], g);
          s[1] = hn::MulAdd(g, hn::Sub(piece.Load(x + f * tokens), mu), s[1]);
        },
        sums);
    piece.Store(sums[0], s1);
    piece.Store(hn::Mul(sums[1], piece.Load(rstd)), s2);
  });
}

void NormalizeGradAffineAll(const float* x, const float* mean, const float* rstd, const float* dy,
                            int64_t features, int64_t tokens, bool accumulate, float* dgain,
                            float* dshift) {
  const D d;
  const hn::FixedTag<float, 4> d4;
  const FirstLanes<D, true> last(tokens % kLanes);
  for (int64_t f = 0; f < features; f += 4) {
    const int64_t rows = std::min<int64_t>(4, features - f);
    V gain[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    V shift[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    const auto add = [&](int64_t t, const auto& lanes) HWY_ATTR {
      const V mu = lanes.Load(mean + t), r = lanes.Load(rstd + t);
      BITTERN_UNROLL for (int64_t i = 0; i < 4; ++i) {
        const int64_t at = (f + std::min(i, rows - 1)) * tokens + t;
        const V g = lanes.Load(dy + at);
        const V v = hn::Mul(hn::Sub(lanes.Load(x + at), mu), r);
        gain[i] = hn::MulAdd(g, v, gain[i]);
        shift[i] = hn::Add(shift[i], g);
      }
    };
    int64_t t = 0;
    for (; t + kLanes <= tokens; t += kLanes) add(t, FirstLanes<D, false>(kLanes));
    if (t < tokens) add(t, last);
    auto gains = SumOfFour(gain[0], gain[1], gain[2], gain[3]);
    auto shifts = SumOfFour(shift[0], shift[1], shift[2], shift[3]);
    if (accumulate) {
      gains = hn::Add(gains, LoadFirst(d4, dgain + f, rows));
      shifts = hn::Add(shifts, LoadFirst(d4, dshift + f, rows));
    }
    StoreFirst(gains, d4, dgain + f, rows);
    StoreFirst(shifts, d4, dshift + f, rows);
  }
}

void NormalizeGradAll(const float* x, const float* mean, const float* rstd, const float* gain,
                      const float* dy, const float* s1, const float* s2, int64_t features,
                      int64_t tokens, float* dx) {
  // dx = rstd g - k0 - k1 (x - mean),  k0 = rstd s1 / F,  k1 = rstd^2 s2 / F
  ForPieces(tokens, [=](auto d, const auto& piece) HWY_ATTR {
    const auto mu = piece.Load(mean), r = piece.Load(rstd);
    const auto share = hn::Mul(r, hn::Set(d, 1.0f / static_cast<float>(features)));
    const auto k0 = hn::Mul(share, piece.Load(s1));
    const auto k1 = hn::Mul(hn::Mul(share, r), piece.Load(s2));
    for (int64_t f = 0; f < features; ++f) {
      auto g = piece.Load(dy + f * tokens);
      if (gain != nullptr) g = hn::Mul(g, hn::Set(d, gain[f]));
      const auto centred = hn::Sub(piece.Load(x + f * tokens), mu);
      piece.Store(hn::NegMulAdd(centred, k1, hn::MulSub(g, r, k0)), dx + f * tokens);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace bittern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bittern {

HWY_EXPORT(MomentsAll);
HWY_EXPORT(NormalizeAll);
HWY_EXPORT(NormalizeGradSumsAll);
HWY_EXPORT(NormalizeGradAffineAll);
HWY_EXPORT(NormalizeGradAll);

void Moments(const float* x, int64_t features, int64_t tokens, float epsilon, float* mean,
             float* rstd) {
  HWY_DYNAMIC_DISPATCH(MomentsAll)(x, features, tokens, epsilon, mean, rstd);
}

void Normalize(const float* x, const float* mean, const float* rstd, const float* gain,
               const float* shift, int64_t features, int64_t tokens, float* y) {
  HWY_DYNAMIC_DISPATCH(NormalizeAll)(x, mean, rstd, gain, shift, features, tokens, y);
}

void NormalizeGradSums(const float* x, const float* mean, const float* rstd, const float* gain,
                       const float* dy, int64_t features, int64_t tokens, float* s1, float* s2) {
  HWY_DYNAMIC_DISPATCH(NormalizeGradSumsAll)(x, mean, rstd, gain, dy, features, tokens, s1, s2);
}

void NormalizeGradAffine(const float* x, const float* mean, const float* rstd, const float* dy,
                         int64_t features, int64_t tokens, bool accumulate, float* dgain,
                         float* dshift) {
  HWY_DYNAMIC_DISPATCH(NormalizeGradAffineAll)
  (x, mean, rstd, dy, features, tokens, accumulate, dgain, dshift);
}

void NormalizeGrad(const float* x, const float* mean, const float* rstd, const float* gain,
                   const float* dy, const float* s1, const float* s2, int64_t features,
                   int64_t tokens, float* dx) {
  HWY_DYNAMIC_DISPATCH(NormalizeGradAll)(x, mean, rstd, gain, dy, s1, s2, features, tokens, dx);
}

}  // namespace bittern
#endif  // HWY_ONCE
