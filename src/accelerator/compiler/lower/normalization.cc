#include "accelerator/compiler/lower/normalization.h"

#include <algorithm>

#include "accelerator/compiler/lower/vector_op.h"
#include "base/error.h"

namespace bittern {
namespace {

using isa::Function;
using isa::Source;
using isa::Tap;

class NormalizationLowering {
 public:
  NormalizationLowering(const FusionGroup& group, Lowering& lowering)
      : group_(group), lowering_(lowering), vector_(lowering) {}

  void Lower() {
    const Op& op = group_[0];
    switch (op.kind) {
      case OpKind::kAdd:
      case OpKind::kDropoutAdd:
        return AddAndMoments(op, group_[1]);
      case OpKind::kMoments:
        return Moments(op, VectorOp{}.Read(In(op, 0)));
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

  static WordRun In(const Op& op, size_t i) { return {.tensor = op.in[i]}; }
  static WordRun Out(const Op& op, size_t i = 0) { return {.tensor = op.out[i]}; }
  int64_t FeaturesOf(const Op& op) const { return lowering_.layout(op.in[0]).words(); }

  // The sum, and beside it the sum of its words.
  void AddAndMoments(const Op& add, const Op& moments) {
    VectorOp vector_op = VectorOp{}.Read(In(add, 1)).With(In(add, 0)).Write(Out(add));
    if (add.kind == OpKind::kDropoutAdd) VectorOpEmitter::Mask(vector_op, add, &isa::Vector::p1);
    vector_op.code.q1 = Source::kB;
    Moments(moments, vector_op);
  }

  // moments[0] = mean, moments[1] = 1 / sqrt(variance + epsilon); `first` makes x or reads it.
  void Moments(const Op& op, const VectorOp& first) {
    const int64_t features = FeaturesOf(op);
    const float share = 1 / static_cast<float>(features);
    vector_.Reduce(first, {Tap::kAdd, kMean, kPartial}, features);
    VectorOp mean = VectorOpEmitter::OfRegister(kMean)
                        .Scalar(vector_.Constant(share))
                        .Write(VectorOpEmitter::Row(Out(op), 0));
    mean.code.p1 = Source::kG;
    vector_.Lane(mean, kMean);
    VectorOp square = VectorOp{}.Read(In(op, 0));
    square.code.l0 = VectorOpEmitter::Register(kMean);
    square.code.q1 = Source::kL0;
    square.code.negate_q1 = 1;
    square.code.p2 = Source::kSelf;
    vector_.Reduce(square, {Tap::kAdd, kRstd, kPartial}, features);
    VectorOp root = VectorOpEmitter::OfRegister(kRstd)
                        .Scalar(vector_.Constant(share))
                        .SecondScalar(vector_.Constant(static_cast<float>(op.epsilon)))
                        .Write(VectorOpEmitter::Row(Out(op), 1));
    root.code.p1 = Source::kG;
    root.code.q1 = Source::kH;
    root.code.function = Function::kRsqrt;
    vector_.Emit(root, 1);
  }

  // x * rstd - mean * rstd is the normalised x.
  void LoadMoments(WordRun moments) {
    vector_.LoadRegister(VectorOpEmitter::Row(moments, 1), kRstd);
    VectorOp vector_op = VectorOp{}.Read(VectorOpEmitter::Row(moments, 0));
    vector_op.code.l0 = VectorOpEmitter::Register(kRstd);
    vector_op.code.p1 = Source::kL0;
    vector_.Lane(vector_op, kMeanRstd);
  }
  static void NormalizeInput(VectorOp& vector_op) {
    vector_op.code.l0 = VectorOpEmitter::Register(kRstd);
    vector_op.code.l1 = VectorOpEmitter::Register(kMeanRstd);
    vector_op.code.p1 = Source::kL0;
    vector_op.code.q1 = Source::kL1;
    vector_op.code.negate_q1 = 1;
  }

  void Normalize(const Op& op) {  // x, moments[, gain, shift]
    LoadMoments(In(op, 1));
    VectorOp vector_op = VectorOp{}.Read(In(op, 0)).Write(Out(op));
    NormalizeInput(vector_op);
    if (op.in.size() > 2) {
      vector_op.Scalar(In(op, 2)).SecondScalar(In(op, 3));
      vector_op.code.p2 = Source::kG;
      vector_op.code.q2 = Source::kH;
    } else if (group_.size() > 1) {
      VectorOpEmitter::Mask(vector_op, group_[1], &isa::Vector::p2);
    }
    vector_.Emit(vector_op, lowering_.TraversalOf(op.out[0]));
  }

  void AffineGradients(const Op& op) {  // dy, x, moments -> dgain, dshift
    LoadMoments(In(op, 2));
    VectorOp gain = VectorOp{}.Read(In(op, 1)).With(In(op, 0));
    NormalizeInput(gain);
    gain.code.p2 = Source::kB;
    gain.lanes = Out(op, 0);
    vector_.Emit(gain, FeaturesOf(op));
    VectorOp shift = VectorOp{}.Read(In(op, 0));
    shift.lanes = Out(op, 1);
    shift.code.lane_source = 1;
    vector_.Emit(shift, FeaturesOf(op));
  }

  // dy [gain]: S0 sums it.
  VectorOp Plain(const Op& op) {
    VectorOp plain = VectorOp{}.Read(In(op, 0));
    if (op.in.size() > 3) {
      plain.Scalar(In(op, 3));
      plain.code.p1 = Source::kG;
    }
    return plain;
  }
  // xhat dy [gain]: S1 sums it. v3 is without the gain.
  VectorOp Product(const Op& op) {
    VectorOp product = VectorOp{}.Read(In(op, 1)).With(In(op, 0));
    NormalizeInput(product);
    product.code.p2 = Source::kB;
    if (op.in.size() > 3) {
      product.Scalar(In(op, 3));
      product.code.p3 = Source::kG;
    }
    return product;
  }
  void SumUp(const Op& op, const VectorOp& plain, const VectorOp& product) {
    LoadMoments(In(op, 2));
    vector_.Reduce(plain, {Tap::kAdd, kS0, kPartial}, FeaturesOf(op));
    vector_.Reduce(product, {Tap::kAdd, kS1, kPartial}, FeaturesOf(op));
  }

  void Sums(const Op& op) {  // dy, x, moments[, gain] -> sums[2]
    SumUp(op, Plain(op), Product(op));
    vector_.Emit(VectorOpEmitter::OfRegister(kS0).Write(VectorOpEmitter::Row(Out(op), 0)), 1);
    vector_.Emit(VectorOpEmitter::OfRegister(kS1).Write(VectorOpEmitter::Row(Out(op), 1)), 1);
  }

  // One pass: dx = ((-S1 rstd / F) x + dy gain) rstd - (S0 - S1 mean rstd) rstd / F, from dy gain
  // at `scaled`. kS0 and kS1 hold the sums.
  void Combine(const Op& op, WordRun scaled) {
    const float share = 1 / static_cast<float>(FeaturesOf(op));
    vector_.ScaleRegister(kS1, -share, kS1);             // -S1 / F
    vector_.MultiplyRegisters(kS1, kRstd, kK1);          // -S1 rstd / F
    vector_.ScaleRegister(kS0, -share, kS0);             // -S0 / F
    VectorOp offset = VectorOpEmitter::OfRegister(kS1);  // (-S1 / F)(-mean rstd) - S0 / F
    offset.code.negate_x1 = 1;
    offset.code.l1 = VectorOpEmitter::Register(kMeanRstd);
    offset.code.p1 = Source::kL1;
    offset.code.l2 = VectorOpEmitter::Register(kS0);
    offset.code.q1 = Source::kL2;
    vector_.Lane(offset, kK0);
    vector_.MultiplyRegisters(kK0, kRstd, kK0);
    VectorOp result = VectorOp{}.Read(In(op, 1)).With(scaled).Write(Out(op));
    result.code.l0 = VectorOpEmitter::Register(kK1);
    result.code.p1 = Source::kL0;
    result.code.q1 = Source::kB;
    result.code.l1 = VectorOpEmitter::Register(kRstd);
    result.code.p2 = Source::kL1;
    result.code.l2 = VectorOpEmitter::Register(kK0);
    result.code.q2 = Source::kL2;
    vector_.Emit(result, FeaturesOf(op));
  }

  // kNormalizeGrad: dy, x, moments, sums[, gain] -> dx. With a dropout of dy and the sums before
  // it, where the sums stay in registers.
  void Gradient(const Op& op, const Op* dropout) {
    WordRun scaled = In(op, 0);
    if (dropout != nullptr) {
      VectorOp plain = VectorOp{}.Read(In(*dropout, 0)).Write(Out(*dropout));
      VectorOpEmitter::Mask(plain, *dropout, &isa::Vector::p1);
      SumUp(group_[1], plain, Product(group_[1]));
    } else {
      LoadMoments(In(op, 2));
      vector_.LoadRegister(VectorOpEmitter::Row(In(op, 3), 0), kS0);
      vector_.LoadRegister(VectorOpEmitter::Row(In(op, 3), 1), kS1);
      if (op.in.size() > 4) {
        scaled = {.tensor = lowering_.tensors.NewScratch(op.in[0])};
        vector_.Emit(VectorOpEmitter::Scaled(In(op, 0), In(op, 4)).Write(scaled), FeaturesOf(op));
      }
    }
    Combine(op, scaled);
  }

  // Three passes do all of LayerNorm's backward: dy gain with its sum and the update of shift; the
  // sum with xhat and the update of gain, which nothing reads afterwards; dx.
  void GradientAndUpdates() {
    if (lowering_.objective == LoweringObjective::kWords) return GradientInPlace();
    const Op &sums = group_[1], &grad = group_[2], &gain = group_[3], &shift = group_[4];
    const WordRun scaled = {.tensor = lowering_.tensors.NewScratch(sums.in[0])};
    VectorOp plain = Plain(sums).Write(scaled);
    vector_.UpdateBySum(plain, shift, /*of_input=*/true);
    VectorOp product = Product(sums);
    vector_.UpdateBySum(product, gain, /*of_input=*/false);
    SumUp(sums, plain, product);
    Combine(grad, scaled);
  }

  // The same, with dy gain where dy was: the pass with xhat, which wants dy, comes first, so gain,
  // which is still wanted then, is updated last.
  void GradientInPlace() {
    const Op &sums = group_[1], &grad = group_[2], &gain = group_[3], &shift = group_[4];
    const WordRun gradient = {.tensor = lowering_.tensors.NewScratch(gain.out[0])};
    LoadMoments(In(sums, 2));
    VectorOp product = Product(sums);
    product.lanes = gradient;
    vector_.Reduce(product, {Tap::kAdd, kS1, kPartial}, FeaturesOf(sums));
    VectorOp plain = Plain(sums).Write(In(sums, 0));
    vector_.UpdateBySum(plain, shift, /*of_input=*/true);
    vector_.Reduce(plain, {Tap::kAdd, kS0, kPartial}, FeaturesOf(sums));
    Combine(grad, In(sums, 0));
    VectorOp update = VectorOpEmitter::Scaled(gradient, vector_.Rate(gain.scale))
                          .With(Out(gain))
                          .Write(Out(gain));
    update.code.q1 = Source::kB;
    vector_.Emit(update, FeaturesOf(sums));
  }

  const FusionGroup& group_;
  Lowering& lowering_;
  VectorOpEmitter vector_;
};

}  // namespace

bool IsNormalization(const FusionGroup& group) {
  return std::any_of(group.begin(), group.end(), [](const Op& op) {
    return op.kind == OpKind::kMoments || op.kind == OpKind::kNormalize ||
           op.kind == OpKind::kNormalizeGradAffine || op.kind == OpKind::kNormalizeGradSums ||
           op.kind == OpKind::kNormalizeGrad;
  });
}

void LowerNormalization(const FusionGroup& group, Lowering& lowering) {
  NormalizationLowering(group, lowering).Lower();
}

}  // namespace bittern
