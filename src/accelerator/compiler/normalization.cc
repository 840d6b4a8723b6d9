#include "accelerator/compiler/normalization.h"

#include <algorithm>

#include "accelerator/compiler/pass.h"
#include "base/error.h"

namespace bittern {
namespace {

using isa::Function;
using isa::Source;
using isa::Tap;

class NormalizationLowering {
 public:
  NormalizationLowering(const Group& group, Emitter& emitter)
      : group_(group), emitter_(emitter), pass_(emitter) {}

  void Lower() {
    const Op& op = group_[0];
    switch (op.kind) {
      case OpKind::kAdd:
      case OpKind::kDropoutAdd:
        return AddAndMoments(op, group_[1]);
      case OpKind::kMoments:
        return Moments(op, Pass{}.Read(In(op, 0)));
      case OpKind::kNormalize:
        return Normalize(op);
      case OpKind::kDropout:
        return Gradient(group_[2], &op);
      case OpKind::kNormalizeGradAffine:
        return group_.size() > 1 ? GradientAndUpdates() : AffineGradients(op);
      case OpKind::kNormalizeGradSums:
        return Sums(op);
      case OpKind::kNormalizeGrad:
        return Gradient(op, nullptr);
      default:
        BITTERN_CHECK(false);
    }
  }

 private:
  // Lane registers.
  enum : uint32_t { kMean, kRstd, kMeanRstd, kS0, kS1, kK0, kK1, kPartial };

  static Words In(const Op& op, size_t i) { return {.tensor = op.in[i]}; }
  static Words Out(const Op& op, size_t i = 0) { return {.tensor = op.out[i]}; }
  int64_t FeaturesOf(const Op& op) const { return emitter_.storage(op.in[0]).words(); }

  // The sum, and beside it the sum of its words.
  void AddAndMoments(const Op& add, const Op& moments) {
    Pass pass = Pass{}.Read(In(add, 1)).With(In(add, 0)).Write(Out(add));
    if (add.kind == OpKind::kDropoutAdd) PassEmitter::Mask(pass, add, &isa::Vector::p1);
    pass.code.q1 = Source::kB;
    Moments(moments, pass);
  }

  // moments[0] = mean, moments[1] = 1 / sqrt(variance + epsilon); `first` makes x or reads it.
  void Moments(const Op& op, const Pass& first) {
    const int64_t features = FeaturesOf(op);
    const float share = 1 / static_cast<float>(features);
    pass_.Reduce(first, {Tap::kAdd, kMean, kPartial}, features);
    Pass mean = PassEmitter::OfRegister(kMean)
                    .Scalar(pass_.Constant(share))
                    .Write(PassEmitter::Row(Out(op), 0));
    mean.code.p1 = Source::kG;
    pass_.Lane(mean, kMean);
    Pass square = Pass{}.Read(In(op, 0));
    square.code.l0 = PassEmitter::Register(kMean);
    square.code.q1 = Source::kL0;
    square.code.negate_q1 = 1;
    square.code.p2 = Source::kSelf;
    pass_.Reduce(square, {Tap::kAdd, kRstd, kPartial}, features);
    Pass root = PassEmitter::OfRegister(kRstd)
                    .Scalar(pass_.Constant(share))
                    .SecondScalar(pass_.Constant(static_cast<float>(op.epsilon)))
                    .Write(PassEmitter::Row(Out(op), 1));
    root.code.p1 = Source::kG;
    root.code.q1 = Source::kH;
    root.code.function = Function::kRsqrt;
    pass_.Emit(root, 1);
  }

  // x * rstd - mean * rstd is the normalised x.
  void LoadMoments(Words moments) {
    pass_.LoadRegister(PassEmitter::Row(moments, 1), kRstd);
    Pass pass = Pass{}.Read(PassEmitter::Row(moments, 0));
    pass.code.l0 = PassEmitter::Register(kRstd);
    pass.code.p1 = Source::kL0;
    pass_.Lane(pass, kMeanRstd);
  }
  static void NormalizeInput(Pass& pass) {
    pass.code.l0 = PassEmitter::Register(kRstd);
    pass.code.l1 = PassEmitter::Register(kMeanRstd);
    pass.code.p1 = Source::kL0;
    pass.code.q1 = Source::kL1;
    pass.code.negate_q1 = 1;
  }

  void Normalize(const Op& op) {  // x, moments[, gain, shift]
    LoadMoments(In(op, 1));
    Pass pass = Pass{}.Read(In(op, 0)).Write(Out(op));
    NormalizeInput(pass);
    if (op.in.size() > 2) {
      pass.Scalar(In(op, 2)).SecondScalar(In(op, 3));
      pass.code.p2 = Source::kG;
      pass.code.q2 = Source::kH;
    } else if (group_.size() > 1) {
      PassEmitter::Mask(pass, group_[1], &isa::Vector::p2);
    }
    pass_.Emit(pass, emitter_.OrderOf(op.out[0]));
  }

  void AffineGradients(const Op& op) {  // dy, x, moments -> dgain, dshift
    LoadMoments(In(op, 2));
    Pass gain = Pass{}.Read(In(op, 1)).With(In(op, 0));
    NormalizeInput(gain);
    gain.code.p2 = Source::kB;
    gain.lanes = Out(op, 0);
    pass_.Emit(gain, FeaturesOf(op));
    Pass shift = Pass{}.Read(In(op, 0));
    shift.lanes = Out(op, 1);
    shift.code.lane_source = 1;
    pass_.Emit(shift, FeaturesOf(op));
  }

  // dy [gain]: S0 sums it.
  Pass Plain(const Op& op) {
    Pass plain = Pass{}.Read(In(op, 0));
    if (op.in.size() > 3) {
      plain.Scalar(In(op, 3));
      plain.code.p1 = Source::kG;
    }
    return plain;
  }
  // xhat dy [gain]: S1 sums it. v3 is without the gain.
  Pass Product(const Op& op) {
    Pass product = Pass{}.Read(In(op, 1)).With(In(op, 0));
    NormalizeInput(product);
    product.code.p2 = Source::kB;
    if (op.in.size() > 3) {
      product.Scalar(In(op, 3));
      product.code.p3 = Source::kG;
    }
    return product;
  }
  void SumUp(const Op& op, const Pass& plain, const Pass& product) {
    LoadMoments(In(op, 2));
    pass_.Reduce(plain, {Tap::kAdd, kS0, kPartial}, FeaturesOf(op));
    pass_.Reduce(product, {Tap::kAdd, kS1, kPartial}, FeaturesOf(op));
  }

  void Sums(const Op& op) {  // dy, x, moments[, gain] -> sums[2]
    SumUp(op, Plain(op), Product(op));
    pass_.Emit(PassEmitter::OfRegister(kS0).Write(PassEmitter::Row(Out(op), 0)), 1);
    pass_.Emit(PassEmitter::OfRegister(kS1).Write(PassEmitter::Row(Out(op), 1)), 1);
  }

  // One pass: dx = ((-S1 rstd / F) x + dy gain) rstd - (S0 - S1 mean rstd) rstd / F, from dy gain
  // at `scaled`. kS0 and kS1 hold the sums.
  void Combine(const Op& op, Words scaled) {
    const float share = 1 / static_cast<float>(FeaturesOf(op));
    pass_.ScaleRegister(kS1, -share, kS1);       // -S1 / F
    pass_.MultiplyRegisters(kS1, kRstd, kK1);    // -S1 rstd / F
    pass_.ScaleRegister(kS0, -share, kS0);       // -S0 / F
    Pass offset = PassEmitter::OfRegister(kS1);  // (-S1 / F)(-mean rstd) - S0 / F
    offset.code.negate_x1 = 1;
    offset.code.l1 = PassEmitter::Register(kMeanRstd);
    offset.code.p1 = Source::kL1;
    offset.code.l2 = PassEmitter::Register(kS0);
    offset.code.q1 = Source::kL2;
    pass_.Lane(offset, kK0);
    pass_.MultiplyRegisters(kK0, kRstd, kK0);
    Pass result = Pass{}.Read(In(op, 1)).With(scaled).Write(Out(op));
    result.code.l0 = PassEmitter::Register(kK1);
    result.code.p1 = Source::kL0;
    result.code.q1 = Source::kB;
    result.code.l1 = PassEmitter::Register(kRstd);
    result.code.p2 = Source::kL1;
    result.code.l2 = PassEmitter::Register(kK0);
    result.code.q2 = Source::kL2;
    pass_.Emit(result, FeaturesOf(op));
  }

  // kNormalizeGrad: dy, x, moments, sums[, gain] -> dx. With a dropout of dy and the sums before
  // it, where the sums stay in registers.
  void Gradient(const Op& op, const Op* dropout) {
    Words scaled = In(op, 0);
    if (dropout != nullptr) {
      Pass plain = Pass{}.Read(In(*dropout, 0)).Write(Out(*dropout));
      PassEmitter::Mask(plain, *dropout, &isa::Vector::p1);
      SumUp(group_[1], plain, Product(group_[1]));
    } else {
      LoadMoments(In(op, 2));
      pass_.LoadRegister(PassEmitter::Row(In(op, 3), 0), kS0);
      pass_.LoadRegister(PassEmitter::Row(In(op, 3), 1), kS1);
      if (op.in.size() > 4) {
        scaled = {.tensor = emitter_.NewScratch(op.in[0])};
        pass_.Emit(PassEmitter::Scaled(In(op, 0), In(op, 4)).Write(scaled), FeaturesOf(op));
      }
    }
    Combine(op, scaled);
  }

  // Three passes do all of LayerNorm's backward: dy gain with its sum and the update of shift; the
  // sum with xhat and the update of gain, which nothing reads afterwards; dx.
  void GradientAndUpdates() {
    if (emitter_.saving() == Saving::kWords) return GradientInPlace();
    const Op &sums = group_[1], &grad = group_[2], &gain = group_[3], &shift = group_[4];
    const Words scaled = {.tensor = emitter_.NewScratch(sums.in[0])};
    Pass plain = Plain(sums).Write(scaled);
    pass_.UpdateBySum(plain, shift, /*of_input=*/true);
    Pass product = Product(sums);
    pass_.UpdateBySum(product, gain, /*of_input=*/false);
    SumUp(sums, plain, product);
    Combine(grad, scaled);
  }

  // The same, with dy gain where dy was: the pass with xhat, which wants dy, comes first, so gain,
  // which is still wanted then, is updated last.
  void GradientInPlace() {
    const Op &sums = group_[1], &grad = group_[2], &gain = group_[3], &shift = group_[4];
    const Words gradient = {.tensor = emitter_.NewScratch(gain.out[0])};
    LoadMoments(In(sums, 2));
    Pass product = Product(sums);
    product.lanes = gradient;
    pass_.Reduce(product, {Tap::kAdd, kS1, kPartial}, FeaturesOf(sums));
    Pass plain = Plain(sums).Write(In(sums, 0));
    pass_.UpdateBySum(plain, shift, /*of_input=*/true);
    pass_.Reduce(plain, {Tap::kAdd, kS0, kPartial}, FeaturesOf(sums));
    Combine(grad, In(sums, 0));
    Pass update =
        PassEmitter::Scaled(gradient, pass_.Rate(gain.scale)).With(Out(gain)).Write(Out(gain));
    update.code.q1 = Source::kB;
    pass_.Emit(update, FeaturesOf(sums));
  }

  const Group& group_;
  Emitter& emitter_;
  PassEmitter pass_;
};

}  // namespace

bool IsNormalization(const Group& group) {
  return std::any_of(group.begin(), group.end(), [](const Op& op) {
    return op.kind == OpKind::kMoments || op.kind == OpKind::kNormalize ||
           op.kind == OpKind::kNormalizeGradAffine || op.kind == OpKind::kNormalizeGradSums ||
           op.kind == OpKind::kNormalizeGrad;
  });
}

void LowerNormalization(const Group& group, Emitter& emitter) {
  NormalizationLowering(group, emitter).Lower();
}

}  // namespace bittern
