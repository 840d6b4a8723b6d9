// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/softmax.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/kernels/softmax.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
//
#include <algorithm>
#include <cmath>

#include "base/vectors-inl.h"
#include "cpu/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bittern {
namespace HWY_NAMESPACE {

// The largest of each column. NaN may be lost here; the exponentials bring it back.
template <class Tag, class P>
HWY_INLINE hn::Vec<Tag> ColumnMax(Tag, const P& piece, const float* x, int64_t rows,
                                  int64_t stride) {
  auto max = piece.Load(x);
  for (int64_t r = 1; r < rows; ++r) max = hn::Max(max, piece.Load(x + r * stride));
  return max;
}

void SoftmaxAll(const float* s, int64_t batch, int64_t keys, int64_t queries, int64_t valid,
                float* p) {
  for (int64_t b = 0; b < batch; ++b, s += keys * queries, p += keys * queries) {
    ForPieces(queries, [=](auto d, const auto& piece) HWY_ATTR {
      const auto max = ColumnMax(d, piece, s, valid, queries);
      auto sum = hn::Zero(d);
      for (int64_t k = 0; k < valid; ++k) {
        const auto e = ExpOfNegative(d, hn::Sub(piece.Load(s + k * queries), max));
        sum = hn::Add(sum, e);
        piece.Store(e, p + k * queries);
      }
      const auto inverse = hn::Div(hn::Set(d, 1.0f), sum);
      for (int64_t k = 0; k < valid; ++k) {
        piece.Store(hn::Mul(piece.Load(p + k * queries), inverse), p + k * queries);
      }
      for (int64_t k = valid; k < keys; ++k) piece.Store(hn::Zero(d), p + k * queries);
    });
  }
}

void SoftmaxGradAll(const float* p, const float* dp, int64_t batch, int64_t keys, int64_t queries,
                    int64_t valid, float* ds) {
  const int64_t size = keys * queries;
  for (int64_t b = 0; b < batch; ++b, p += size, dp += size, ds += size) {
    ForPieces(queries, [=](auto d, const auto& piece) HWY_ATTR {
      auto even = hn::Zero(d), odd = hn::Zero(d);
      for (int64_t k = 0; k < valid; ++k) {
        auto& sum = k % 2 == 0 ? even : odd;
        sum = hn::MulAdd(piece.Load(p + k * queries), piece.Load(dp + k * queries), sum);
      }
      const auto sum = hn::Add(even, odd);
      for (int64_t k = 0; k < valid; ++k) {
        const auto centred = hn::Sub(piece.Load(dp + k * queries), sum);
        piece.Store(hn::Mul(piece.Load(p + k * queries), centred), ds + k * queries);
      }
      for (int64_t k = valid; k < keys; ++k) piece.Store(hn::Zero(d), ds + k * queries);
    });
  }
}

// Key k of a piece of queries under a causal mask: query q sees it if q >= k.
template <class Tag, class P>
HWY_INLINE hn::Mask<Tag> Sees(Tag d, const P& piece, int64_t k) {
  const hn::RebindToSigned<Tag> di;
  const auto query = hn::Iota(di, static_cast<int32_t>(piece.offset));
  return hn::RebindMask(d, hn::Gt(query, hn::Set(di, static_cast<int32_t>(k - 1))));
}

void CausalSoftmaxAll(const float* s, int64_t batch, int64_t keys, int64_t queries, int64_t valid,
                      float* p) {
  for (int64_t b = 0; b < batch; ++b, s += keys * queries, p += keys * queries) {
    ForPieces(queries, [=](auto d, const auto& piece) HWY_ATTR {
      // All queries of the piece see the keys before `every`, none those from `end` on.
      const int64_t every = std::min(piece.offset + 1, valid);
      const int64_t end = std::min(piece.offset + piece.count, valid);
      const auto least = hn::Set(d, hwy::LowestValue<float>());
      const auto score = [=](int64_t k) HWY_ATTR {
        const auto x = piece.Load(s + k * queries);
        return k < every ? x : hn::IfThenElse(Sees(d, piece, k), x, least);
      };
      auto max = score(0);
      for (int64_t k = 1; k < end; ++k) max = hn::Max(max, score(k));
      auto sum = hn::Zero(d);
      for (int64_t k = 0; k < end; ++k) {
        auto e = ExpOfNegative(d, hn::Sub(score(k), max));
        if (k >= every) e = hn::IfThenElseZero(Sees(d, piece, k), e);
        sum = hn::Add(sum, e);
        piece.Store(e, p + k * queries);
      }
      const auto inverse = hn::Div(hn::Set(d, 1.0f), sum);
      for (int64_t k = 0; k < end; ++k) {
        piece.Store(hn::Mul(piece.Load(p + k * queries), inverse), p + k * queries);
      }
      for (int64_t k = end; k < keys; ++k) piece.Store(hn::Zero(d), p + k * queries);
    });
  }
}

void CausalSoftmaxGradAll(const float* p, const float* dp, int64_t batch, int64_t keys,
                          int64_t queries, int64_t valid, float* ds) {
  const int64_t size = keys * queries;
  for (int64_t b = 0; b < batch; ++b, p += size, dp += size, ds += size) {
    ForPieces(queries, [=](auto d, const auto& piece) HWY_ATTR {
      const int64_t every = std::min(piece.offset + 1, valid);
      const int64_t end = std::min(piece.offset + piece.count, valid);
      const auto seen = [=](auto x, int64_t k) HWY_ATTR {
        return k < every ? x : hn::IfThenElseZero(Sees(d, piece, k), x);
      };
      auto even = hn::Zero(d), odd = hn::Zero(d);
      for (int64_t k = 0; k < end; ++k) {
        auto& sum = k % 2 == 0 ? even : odd;
        sum = hn::MulAdd(piece.Load(p + k * queries), seen(piece.Load(dp + k * queries), k), sum);
      }
      const auto sum = hn::Add(even, odd);
      for (int64_t k = 0; k < end; ++k) {
        const auto centred = hn::Sub(piece.Load(dp + k * queries), sum);
        const auto gradient = hn::Mul(piece.Load(p + k * queries), centred);
        piece.Store(seen(gradient, k), ds + k * queries);
      }
      for (int64_t k = end; k < keys; ++k) piece.Store(hn::Zero(d), ds + k * queries);
    });
  }
}

void CrossEntropyAll(const float* logits, const int32_t* labels, int64_t classes, int64_t tokens,
                     float weight, float smoothing, float* loss, float* dlogits) {
  const float share = smoothing / static_cast<float>(classes);
  ForPieces(tokens, [=](auto d, const auto& piece) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    alignas(64) int32_t label[HWY_MAX_BYTES / sizeof(float)];
    alignas(64) float at_label[HWY_MAX_BYTES / sizeof(float)];
    for (int64_t t = 0; t < static_cast<int64_t>(hn::Lanes(d)); ++t) {
      label[t] = t < piece.count ? labels[piece.offset + t] : -1;
      at_label[t] = label[t] < 0 ? 0.0f : logits[label[t] * tokens + piece.offset + t];
    }
    const auto labelled = hn::RebindMask(d, hn::Gt(hn::Load(di, label), hn::Set(di, -1)));
    const auto max = ColumnMax(d, piece, logits, classes, tokens);
    auto sum = hn::Zero(d);
    auto sum_logits = hn::Zero(d);  // relative to the maximum
    for (int64_t c = 0; c < classes; ++c) {
      const auto x = hn::Sub(piece.Load(logits + c * tokens), max);
      const auto e = ExpOfNegative(d, x);
      sum = hn::Add(sum, e);
      sum_logits = hn::Add(sum_logits, x);
      piece.Store(e, dlogits + c * tokens);
    }
    const auto factor = hn::Div(hn::Set(d, weight), sum);
    const auto smooth = hn::Set(d, weight * share);
    for (int64_t c = 0; c < classes; ++c) {
      const auto gradient = hn::MulSub(piece.Load(dlogits + c * tokens), factor, smooth);
      piece.Store(hn::IfThenElseZero(labelled, gradient), dlogits + c * tokens);
    }
    alignas(64) float maxima[HWY_MAX_BYTES / sizeof(float)];
    alignas(64) float sums[HWY_MAX_BYTES / sizeof(float)];
    alignas(64) float logit_sums[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(max, d, maxima);
    hn::Store(sum, d, sums);
    hn::Store(sum_logits, d, logit_sums);
    for (int64_t t = 0; t < piece.count; ++t) {
      float* out = loss + piece.offset + t;
      *out = 0.0f;
      if (label[t] < 0) continue;
      const double target = (1.0 - smoothing) * (at_label[t] - maxima[t]) +
                            static_cast<double>(share) * logit_sums[t];
      *out = static_cast<float>(weight * (std::log(static_cast<double>(sums[t])) - target));
      dlogits[label[t] * tokens + piece.offset + t] -= weight * (1.0f - smoothing);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace bittern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bittern {

HWY_EXPORT(SoftmaxAll);
HWY_EXPORT(SoftmaxGradAll);
HWY_EXPORT(CausalSoftmaxAll);
HWY_EXPORT(CausalSoftmaxGradAll);
HWY_EXPORT(CrossEntropyAll);

void Softmax(const float* s, int64_t batch, int64_t keys, int64_t queries, int64_t valid,
             float* p) {
  HWY_DYNAMIC_DISPATCH(SoftmaxAll)(s, batch, keys, queries, valid, p);
}

void SoftmaxGrad(const float* p, const float* dp, int64_t batch, int64_t keys, int64_t queries,
                 int64_t valid, float* ds) {
  HWY_DYNAMIC_DISPATCH(SoftmaxGradAll)(p, dp, batch, keys, queries, valid, ds);
}

void CausalSoftmax(const float* s, int64_t batch, int64_t keys, int64_t queries, int64_t valid,
                   float* p) {
  HWY_DYNAMIC_DISPATCH(CausalSoftmaxAll)(s, batch, keys, queries, valid, p);
}

void CausalSoftmaxGrad(const float* p, const float* dp, int64_t batch, int64_t keys,
                       int64_t queries, int64_t valid, float* ds) {
  HWY_DYNAMIC_DISPATCH(CausalSoftmaxGradAll)(p, dp, batch, keys, queries, valid, ds);
}

void CrossEntropy(const float* logits, const int32_t* labels, int64_t classes, int64_t tokens,
                  float weight, float smoothing, float* loss, float* dlogits) {
  HWY_DYNAMIC_DISPATCH(CrossEntropyAll)
  (logits, labels, classes, tokens, weight, smoothing, loss, dlogits);
}

}  // namespace bittern
#endif  // HWY_ONCE
