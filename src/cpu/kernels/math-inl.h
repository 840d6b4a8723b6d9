// SPDX-License-Identifier: Apache-2.0
// exp and what is made of it; included once for every SIMD target. Polynomials: near-minimax fits
// of our own. Errors were measured over all floats of the ranges given (elementwise_test.cc holds
// them to it).
#if defined(BITTERN_CPU_KERNELS_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BITTERN_CPU_KERNELS_MATH_INL_H_
#undef BITTERN_CPU_KERNELS_MATH_INL_H_
#else
#define BITTERN_CPU_KERNELS_MATH_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bittern {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// exp(x) for x <= 0 in two steps: x = n log 2 + r, |r| <= log(2) / 2, power = 2^n.
template <class Tag>
struct ExpArgument {
  hn::Vec<Tag> r, power;
};

template <class Tag>
HWY_INLINE ExpArgument<Tag> ExpArgumentOf(Tag d, hn::Vec<Tag> x) {
  const hn::RebindToUnsigned<Tag> du;
  const auto least = hn::Set(d, -88.0f);
  x = hn::IfThenElse(hn::Lt(x, least), least, x);  // unlike a maximum lets NaN pass everywhere
  // log 2 in two parts. The sum with 1.5 * 2^23 + 127 has no fraction bits, so it rounds, and its
  // last bits are 127 + n: the exponent of 2^n, 0 for n = -127.
  const auto shift = hn::Set(d, 12583039.0f);
  const auto shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), shift);
  const auto n = hn::Sub(shifted, shift);
  const auto power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(du, shifted)));
  const auto r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  return {hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r), power};
}

template <class Tag>
HWY_INLINE hn::Vec<Tag> ExpOf(Tag d, const ExpArgument<Tag>& argument) {
  const auto r = argument.r;
  auto q = hn::Set(d, 0.0013813142f);
  q = hn::MulAdd(q, r, hn::Set(d, 0.0083694188f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.0416684560f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.1666651517f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.49999994f));
  const auto p = hn::Add(hn::MulAdd(hn::Mul(q, r), r, r), hn::Set(d, 1.0f));
  return hn::Mul(p, argument.power);
}

// exp(x) for x <= 0, within 2 ulp down to -87; exactly 0 from about -87.7 on, so no subnormal
// results. NaN stays NaN.
template <class Tag>
HWY_INLINE hn::Vec<Tag> ExpOfNegative(Tag d, hn::Vec<Tag> x) {
  return ExpOf(d, ExpArgumentOf(d, x));
}

// A function of x by way of e = exp(Argument(d, x)), Argument <= 0: Value(d, x, e).

// tanh(x): a polynomial near 0, the exponential beyond. Within 3 ulp.
struct TanhOf {
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> Argument(Tag d, hn::Vec<Tag> x) {
    return hn::Mul(hn::Abs(x), hn::Set(d, -2.0f));
  }
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> Value(Tag d, hn::Vec<Tag> x, hn::Vec<Tag> e) {
    const auto one = hn::Set(d, 1.0f);
    const auto large = hn::CopySign(hn::Div(hn::Sub(one, e), hn::Add(one, e)), x);
    const auto z = hn::Mul(x, x);
    auto q = hn::Set(d, -0.0059058606f);
    q = hn::MulAdd(q, z, hn::Set(d, 0.0208053774f));
    q = hn::MulAdd(q, z, hn::Set(d, -0.0537866801f));
    q = hn::MulAdd(q, z, hn::Set(d, 0.1333195865f));
    q = hn::MulAdd(q, z, hn::Set(d, -0.3333329856f));
    const auto small = hn::MulAdd(hn::Mul(q, z), x, x);
    return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 0.6f)), small, large);
  }
};

// GELU is x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3), as (1 + tanh u) / 2 = sigmoid(2u). With
// e = exp(-|2u|) there is no overflow and no cancellation: sigmoid = (x < 0 ? e : 1) / (1 + e).
struct GeluOf {
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> Argument(Tag d, hn::Vec<Tag> x) {
    const auto factor =
        hn::MulAdd(hn::Mul(x, x), hn::Set(d, 0.0713548163f), hn::Set(d, 1.59576912f));
    return hn::Neg(hn::Abs(hn::Mul(x, factor)));
  }
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> Sigmoid(Tag d, hn::Vec<Tag> x, hn::Vec<Tag> e,
                                         hn::Vec<Tag> inverse) {
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(e, inverse), inverse);
  }
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> Value(Tag d, hn::Vec<Tag> x, hn::Vec<Tag> e) {
    const auto one = hn::Set(d, 1.0f);
    return hn::Mul(x, Sigmoid(d, x, e, hn::Div(one, hn::Add(one, e))));
  }
};

// gelu'(x) = sigmoid + x sigmoid (1 - sigmoid) 2u',  sigmoid (1 - sigmoid) = e / (1 + e)^2.
struct GeluSlopeOf : GeluOf {
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> Value(Tag d, hn::Vec<Tag> x, hn::Vec<Tag> e) {
    const auto one = hn::Set(d, 1.0f);
    const auto inverse = hn::Div(one, hn::Add(one, e));
    const auto slope = hn::MulAdd(hn::Mul(x, x), hn::Set(d, 0.214064449f), hn::Set(d, 1.59576912f));
    const auto product = hn::Mul(hn::Mul(e, inverse), inverse);
    // 0 first: x * slope may overflow
    return hn::MulAdd(hn::Mul(product, x), slope, Sigmoid(d, x, e, inverse));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace bittern
HWY_AFTER_NAMESPACE();

#endif  // BITTERN_CPU_KERNELS_MATH_INL_H_
