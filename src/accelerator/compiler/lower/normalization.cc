// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/lower/normalization.h"

#include <algorithm>
#include <type_traits>

#include "accelerator/compiler/fuse/lowerings.h"
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
    if (group_.size() > 1 && group_[1].Is<ops::Moments>()) return AddAndMoments();
    Visit(group_[0],
          [&]<class O>(const O& operation, const InputsOf<O>& in, const OutputsOf<O>& out) {
            if constexpr (kLowering<O>.by == LoweredBy::kNormalization) {
              Lower(operation, in, out);
            } else if constexpr (std::is_same_v<O, ops::Dropout>) {
              DropoutAndGradient(operation, in, out);
            } else {
              BITTERN_CHECK(false);
            }
          });
  }

 private:
  // The lane registers. Each has one number for each token. Partial results begin at kPartial.
  enum : uint32_t { kMean, kRstd, kMeanRstd, kS0, kS1, kK0, kK1, kPartial };

  template <class O>
  using In = InputsOf<O>;
  template <class O>
  using Out = OutputsOf<O>;

  int64_t FeaturesOf(StoredId x) const { return lowering_.layout(x).words(); }

  // Writes x = a + b, with dropout of b if the group has it. The same vector op sums x over
  // features for the mean.
  void AddAndMoments() {
    VectorOp vector_op;
    if (const auto* masked = group_[0].As<ops::DropoutAdd>()) {
      const auto in = group_[0].Inputs<ops::DropoutAdd>();
      vector_op.Read({in.x}).With({in.residual}).Write({group_[0].Outputs<ops::DropoutAdd>().y});
      VectorOpEmitter::Mask(vector_op, masked->dropout, &isa::Vector::p1);
    } else {
      const auto in = group_[0].Inputs<ops::Add>();
      vector_op.Read({in.b}).With({in.a}).Write({group_[0].Outputs<ops::Add>().y});
    }
    vector_op.code.q1 = Source::kB;
    LowerMoments(*group_[1].As<ops::Moments>(), group_[1].Inputs<ops::Moments>(),
                 group_[1].Outputs<ops::Moments>(), vector_op);
  }

  // moments[2][T]: row 0 is the mean, row 1 is 1 / sqrt(variance + epsilon). `first` writes x[F][T]
  // or reads it. The variance is the mean of (x - mean)^2 in a second vector op, because E[x^2] -
  // mean^2 loses digits.
  void LowerMoments(const ops::Moments& op, const In<ops::Moments>& in,
                    const Out<ops::Moments>& out, const VectorOp& first) {
    const int64_t features = FeaturesOf(in.x);
    // The mean is a multiplication by 1 / F, rounded to FP32.
    const float share = 1 / static_cast<float>(features);
    vector_.Reduce(first, {Tap::kAdd, kMean, kPartial}, features);
    VectorOp mean = VectorOpEmitter::OfRegister(kMean)
                        .Scalar(vector_.Constant(share))
                        .Write(VectorOpEmitter::Row({out.moments}, 0));
    mean.code.p1 = Source::kG;
    vector_.Lane(mean, kMean);
    VectorOp square = VectorOp{}.Read({in.x});
    square.code.l0 = VectorOpEmitter::Register(kMean);
    square.code.q1 = Source::kL0;
    square.code.negate_q1 = 1;
    // The first stage computes x - mean, the second one its square.
    square.code.p2 = Source::kSelf;
    vector_.Reduce(square, {Tap::kAdd, kRstd, kPartial}, features);
    VectorOp root = VectorOpEmitter::OfRegister(kRstd)
                        .Scalar(vector_.Constant(share))
                        .SecondScalar(vector_.Constant(static_cast<float>(op.epsilon)))
                        .Write(VectorOpEmitter::Row({out.moments}, 1));
    root.code.p1 = Source::kG;
    root.code.q1 = Source::kH;
    // The first stage computes sum / F + epsilon, the argument of the function.
    root.code.function = Function::kRsqrt;
    // The register is not needed later: a reader loads rstd from `moments`.
    vector_.Emit(root, 1);
  }
  void Lower(const ops::Moments& op, const In<ops::Moments>& in, const Out<ops::Moments>& out) {
    LowerMoments(op, in, out, VectorOp{}.Read({in.x}));
  }

  // Loads rstd and mean * rstd for each token. The normalised x is x * rstd - mean * rstd, which
  // fits the first multiplication and addition of a vector op.
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

  void Lower(const ops::Normalize&, const In<ops::Normalize>& in, const Out<ops::Normalize>& out) {
    LoadMoments({in.moments});
    VectorOp vector_op = VectorOp{}.Read({in.x}).Write({out.y});
    NormalizeInput(vector_op);
    if (in.gain != kNoTensor) {
      vector_op.Scalar({in.gain}).SecondScalar({in.shift});
      // The second stage applies gain and shift, which are scalars of each feature.
      vector_op.code.p2 = Source::kG;
      vector_op.code.q2 = Source::kH;
    } else if (group_.size() > 1) {
      VectorOpEmitter::Mask(vector_op, group_[1].As<ops::Dropout>()->dropout, &isa::Vector::p2);
    }
    vector_.Emit(vector_op, lowering_.TraversalOf(out.y));
  }

  void Lower(const ops::NormalizeGradAffine&, const In<ops::NormalizeGradAffine>& in,
             const Out<ops::NormalizeGradAffine>& out) {
    if (group_.size() > 1) return GradientAndUpdates();
    // d_gain[f] = sum over tokens of xhat dy, d_shift[f] = sum over tokens of dy.
    LoadMoments({in.moments});
    VectorOp gain = VectorOp{}.Read({in.x}).With({in.dy});
    NormalizeInput(gain);
    gain.code.p2 = Source::kB;
    // The sum over lanes takes v3, which is xhat dy.
    gain.lanes = WordRun{out.d_gain};
    vector_.Emit(gain, FeaturesOf(in.dy));
    VectorOp shift = VectorOp{}.Read({in.dy});
    shift.lanes = WordRun{out.d_shift};
    // The sum over lanes takes x1, which is dy.
    shift.code.lane_source = 1;
    vector_.Emit(shift, FeaturesOf(in.dy));
  }

  // dy [gain]: S0 sums it.
  static VectorOp Plain(const In<ops::NormalizeGradSums>& in) {
    VectorOp plain = VectorOp{}.Read({in.dy});
    if (in.gain != kNoTensor) {
      plain.Scalar({in.gain});
      plain.code.p1 = Source::kG;
    }
    return plain;
  }
  // xhat dy [gain]: S1 sums it. v3 is without the gain.
  static VectorOp Product(const In<ops::NormalizeGradSums>& in) {
    VectorOp product = VectorOp{}.Read({in.x}).With({in.dy});
    NormalizeInput(product);
    product.code.p2 = Source::kB;
    if (in.gain != kNoTensor) {
      product.Scalar({in.gain});
      product.code.p3 = Source::kG;
    }
    return product;
  }
  void SumUp(const In<ops::NormalizeGradSums>& in, const VectorOp& plain, const VectorOp& product) {
    LoadMoments({in.moments});
    vector_.Reduce(plain, {Tap::kAdd, kS0, kPartial}, FeaturesOf(in.dy));
    vector_.Reduce(product, {Tap::kAdd, kS1, kPartial}, FeaturesOf(in.dy));
  }

  void Lower(const ops::NormalizeGradSums&, const In<ops::NormalizeGradSums>& in,
             const Out<ops::NormalizeGradSums>& out) {
    SumUp(in, Plain(in), Product(in));
    vector_.Emit(VectorOpEmitter::OfRegister(kS0).Write(VectorOpEmitter::Row({out.sums}, 0)), 1);
    vector_.Emit(VectorOpEmitter::OfRegister(kS1).Write(VectorOpEmitter::Row({out.sums}, 1)), 1);
  }

  // One vector op: dx = ((-S1 rstd / F) x + dy gain) rstd - (S0 - S1 mean rstd) rstd / F, from dy
  // gain at `scaled`. kS0 and kS1 hold the sums.
  void Combine(const In<ops::NormalizeGrad>& in, const Out<ops::NormalizeGrad>& out,
               WordRun scaled) {
    const float share = 1 / static_cast<float>(FeaturesOf(in.dy));
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
    VectorOp result = VectorOp{}.Read({in.x}).With(scaled).Write({out.dx});
    result.code.l0 = VectorOpEmitter::Register(kK1);
    result.code.p1 = Source::kL0;
    result.code.q1 = Source::kB;
    result.code.l1 = VectorOpEmitter::Register(kRstd);
    result.code.p2 = Source::kL1;
    result.code.l2 = VectorOpEmitter::Register(kK0);
    result.code.q2 = Source::kL2;
    vector_.Emit(result, FeaturesOf(in.dy));
  }

  void Lower(const ops::NormalizeGrad&, const In<ops::NormalizeGrad>& in,
             const Out<ops::NormalizeGrad>& out) {
    WordRun scaled{in.dy};
    LoadMoments({in.moments});
    vector_.LoadRegister(VectorOpEmitter::Row({in.sums}, 0), kS0);
    vector_.LoadRegister(VectorOpEmitter::Row({in.sums}, 1), kS1);
    if (in.gain != kNoTensor) {
      // Combine has no free factor for the gain, so dy gain goes to memory first.
      scaled = {lowering_.tensors.NewScratch(in.dy)};
      vector_.Emit(VectorOpEmitter::Scaled({in.dy}, {in.gain}).Write(scaled), FeaturesOf(in.dy));
    }
    Combine(in, out, scaled);
  }

  // Dropout of dy, NormalizeGradSums and NormalizeGrad in one series. The sums stay in registers,
  // so they are not written to memory.
  void DropoutAndGradient(const ops::Dropout& op, const In<ops::Dropout>& in,
                          const Out<ops::Dropout>& out) {
    // `plain` masks dy and sums it. The later vector ops read the masked words.
    VectorOp plain = VectorOp{}.Read({in.x}).Write({out.y});
    VectorOpEmitter::Mask(plain, op.dropout, &isa::Vector::p1);
    const auto sums = group_[1].Inputs<ops::NormalizeGradSums>();
    SumUp(sums, plain, Product(sums));
    const auto grad = group_[2].Inputs<ops::NormalizeGrad>();
    Combine(grad, group_[2].Outputs<ops::NormalizeGrad>(), {grad.dy});
  }

  // Three vector ops compute the whole backward pass of LayerNorm:
  //   dy gain into a scratch tensor, with its sum S0, and the update of shift
  //   the sum S1 of dy gain xhat, and the update of gain, which is not read later
  //   dx
  void GradientAndUpdates() {
    if (lowering_.objective == LoweringObjective::kWords) return GradientInPlace();
    const auto sums = group_[1].Inputs<ops::NormalizeGradSums>();
    const WordRun scaled{lowering_.tensors.NewScratch(sums.dy)};
    VectorOp plain = Plain(sums).Write(scaled);
    UpdateBySum(plain, group_[4], /*of_input=*/true);
    // The update of gain needs the sum of xhat dy without the gain. It is v3, while the gain is a
    // factor of v4.
    VectorOp product = Product(sums);
    UpdateBySum(product, group_[3], /*of_input=*/false);
    SumUp(sums, plain, product);
    Combine(group_[2].Inputs<ops::NormalizeGrad>(), group_[2].Outputs<ops::NormalizeGrad>(),
            scaled);
  }

  // The same without the scratch tensor, for a small memory: dy gain overwrites dy. The vector op
  // with xhat reads dy, so it comes first. The next one still reads gain, so the update of gain
  // waits in `gradient` and comes last.
  void GradientInPlace() {
    const auto sums = group_[1].Inputs<ops::NormalizeGradSums>();
    const WordRun gain{group_[3].Outputs<ops::Sgd>().parameter};
    const WordRun gradient{lowering_.tensors.NewScratch(gain.tensor)};
    LoadMoments({sums.moments});
    VectorOp product = Product(sums);
    product.lanes = gradient;
    vector_.Reduce(product, {Tap::kAdd, kS1, kPartial}, FeaturesOf(sums.dy));
    // From here on `dy` holds dy gain.
    VectorOp plain = Plain(sums).Write({sums.dy});
    UpdateBySum(plain, group_[4], /*of_input=*/true);
    vector_.Reduce(plain, {Tap::kAdd, kS0, kPartial}, FeaturesOf(sums.dy));
    Combine(group_[2].Inputs<ops::NormalizeGrad>(), group_[2].Outputs<ops::NormalizeGrad>(),
            {sums.dy});
    VectorOp update =
        VectorOpEmitter::Scaled(gradient, vector_.Rate(group_[3].As<ops::Sgd>()->rate_factor))
            .With(gain)
            .Write(gain);
    update.code.q1 = Source::kB;
    vector_.Emit(update, FeaturesOf(sums.dy));
  }

  void UpdateBySum(VectorOp& vector_op, const Op& sgd, bool of_input) {
    vector_.UpdateBySum(vector_op, sgd.Outputs<ops::Sgd>().parameter,
                        sgd.As<ops::Sgd>()->rate_factor, of_input);
  }

  const FusionGroup& group_;
  Lowering& lowering_;
  VectorOpEmitter vector_;
};

}  // namespace

bool IsNormalization(const FusionGroup& group) {
  return std::any_of(group.begin(), group.end(),
                     [](const Op& op) { return LoweringOf(op).by == LoweredBy::kNormalization; });
}

void LowerNormalization(const FusionGroup& group, Lowering& lowering) {
  NormalizationLowering(group, lowering).Lower();
}

}  // namespace bittern
