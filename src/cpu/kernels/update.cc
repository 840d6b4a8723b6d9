// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/update.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/kernels/update.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
//
#include "base/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bittern {
namespace HWY_NAMESPACE {

void SgdAll(const float* gradient, int64_t count, float rate, float* parameter) {
  ForPieces(count, [=](auto d, const auto& piece) HWY_ATTR {
    piece.Store(hn::NegMulAdd(hn::Set(d, rate), piece.Load(gradient), piece.Load(parameter)),
                parameter);
  });
}

void MomentumAll(const float* gradient, int64_t count, float rate, float momentum, float* velocity,
                 float* parameter) {
  ForPieces(count, [=](auto d, const auto& piece) HWY_ATTR {
    const auto v = hn::MulAdd(hn::Set(d, momentum), piece.Load(velocity), piece.Load(gradient));
    piece.Store(v, velocity);
    piece.Store(hn::NegMulAdd(hn::Set(d, rate), v, piece.Load(parameter)), parameter);
  });
}

void AdamWAll(const float* gradient, int64_t count, const AdamWStep& step, float* m, float* v,
              float* parameter) {
  const float rate = step.rate / step.correction1;
  const float decay = step.rate * step.weight_decay;
  const float scale = 1.0f / step.correction2;
  ForPieces(count, [&](auto d, const auto& piece) HWY_ATTR {
    const auto g = piece.Load(gradient);
    const auto new_m = hn::MulAdd(hn::Set(d, step.beta1), piece.Load(m),
                                  hn::Mul(hn::Set(d, 1.0f - step.beta1), g));
    const auto new_v = hn::MulAdd(hn::Set(d, step.beta2), piece.Load(v),
                                  hn::Mul(hn::Set(d, 1.0f - step.beta2), hn::Mul(g, g)));
    piece.Store(new_m, m);
    piece.Store(new_v, v);
    const auto size =
        hn::Add(hn::Sqrt(hn::Mul(new_v, hn::Set(d, scale))), hn::Set(d, step.epsilon));
    auto p = piece.Load(parameter);
    p = hn::NegMulAdd(hn::Set(d, decay), p, p);
    p = hn::NegMulAdd(hn::Set(d, rate), hn::Div(new_m, size), p);
    piece.Store(p, parameter);
  });
}

double SumSquaresAll(const float* x, int64_t count) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> df;
  const auto step = static_cast<int64_t>(hn::Lanes(dd));
  auto sum0 = hn::Zero(dd), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  const auto add = [&](auto& sum, const float* p) HWY_ATTR {
    const auto v = hn::PromoteTo(dd, hn::LoadU(df, p));
    sum = hn::MulAdd(v, v, sum);
  };
  int64_t i = 0;
  for (; i + 4 * step <= count; i += 4 * step) {
    add(sum0, x + i);
    add(sum1, x + i + step);
    add(sum2, x + i + 2 * step);
    add(sum3, x + i + 3 * step);
  }
  const auto sum = hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
  double total = hn::GetLane(hn::SumOfLanes(dd, sum));
  for (; i < count; ++i) total += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return total;
}

void ScaleAll(float factor, int64_t count, float* x) {
  ForPieces(count, [=](auto d, const auto& piece)
                       HWY_ATTR { piece.Store(hn::Mul(piece.Load(x), hn::Set(d, factor)), x); });
}

}  // namespace HWY_NAMESPACE
}  // namespace bittern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <cmath>

namespace bittern {

HWY_EXPORT(SgdAll);
HWY_EXPORT(MomentumAll);
HWY_EXPORT(AdamWAll);
HWY_EXPORT(SumSquaresAll);
HWY_EXPORT(ScaleAll);

void Sgd(const float* gradient, int64_t count, float rate, float* parameter) {
  HWY_DYNAMIC_DISPATCH(SgdAll)(gradient, count, rate, parameter);
}

void Momentum(const float* gradient, int64_t count, float rate, float momentum, float* velocity,
              float* parameter) {
  HWY_DYNAMIC_DISPATCH(MomentumAll)(gradient, count, rate, momentum, velocity, parameter);
}

void AdamW(const float* gradient, int64_t count, const AdamWStep& step, float* m, float* v,
           float* parameter) {
  HWY_DYNAMIC_DISPATCH(AdamWAll)(gradient, count, step, m, v, parameter);
}

double SumSquares(const float* x, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(SumSquaresAll)(x, count);
}

void Scale(float factor, int64_t count, float* x) {
  HWY_DYNAMIC_DISPATCH(ScaleAll)(factor, count, x);
}

void Fill(float value, int64_t count, float* x) { std::fill(x, x + count, value); }

namespace {

// The rate of a step for one parameter.
template <class O>
float RateOf(const O& update, const UpdateStep& step) {
  return static_cast<float>(update.rate_factor * step.learning_rate);
}

// parameter -= rate * decay * parameter. AdamW's kernel does this on its own way.
template <class O>
void Decay(const O& update, const UpdateStep& step, float* parameter) {
  if (update.decay <= 0) return;
  Scale(1 - RateOf(update, step) * static_cast<float>(update.decay), step.count, parameter);
}

}  // namespace

void UpdateParameter(const ops::Sgd& sgd, const UpdateStep& step, UpdateInputs<ops::Sgd> in,
                     UpdateOutputs<ops::Sgd> out) {
  Decay(sgd, step, out.parameter);
  Sgd(in.gradient, step.count, RateOf(sgd, step), out.parameter);
}

void UpdateParameter(const ops::Momentum& momentum, const UpdateStep& step,
                     UpdateInputs<ops::Momentum> in, UpdateOutputs<ops::Momentum> out) {
  Decay(momentum, step, out.parameter);
  Momentum(in.gradient, step.count, RateOf(momentum, step), static_cast<float>(momentum.momentum),
           out.velocity, out.parameter);
}

void UpdateParameter(const ops::AdamW& adamw, const UpdateStep& step, UpdateInputs<ops::AdamW> in,
                     UpdateOutputs<ops::AdamW> out) {
  const auto n = static_cast<double>(step.update);
  AdamW(in.gradient, step.count,
        {.rate = RateOf(adamw, step),
         .beta1 = static_cast<float>(adamw.beta1),
         .beta2 = static_cast<float>(adamw.beta2),
         .epsilon = static_cast<float>(adamw.epsilon),
         .weight_decay = static_cast<float>(adamw.decay),
         .correction1 = static_cast<float>(1 - std::pow(adamw.beta1, n)),
         .correction2 = static_cast<float>(1 - std::pow(adamw.beta2, n))},
        out.first, out.second, out.parameter);
}

}  // namespace bittern
#endif  // HWY_ONCE
