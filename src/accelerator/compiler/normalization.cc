#include "accelerator/compiler/normalization.h"

#include <algorithm>
#include <type_traits>

#include "accelerator/compiler/pass.h"
#include "accelerator/compiler/vector_ops.h"
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
    if (group_.size() > 1 && group_[1].Is<ops::Moments>()) return AddAndMoments();
    Visit(group_[0],
          [&]<class O>(const O& operation, const InputsOf<O>& in, const OutputsOf<O>& out) {
            if constexpr (kVectorOp<O>.lowering == Lowering::kNormalization) {
              Lower(operation, in, out);
            } else if constexpr (std::is_same_v<O, ops::Dropout>) {
              DropoutAndGradient(operation, in, out);
            } else {
              BITTERN_CHECK(false);
            }
          });
  }

 private:
  // Lane registers.
  enum : uint32_t { kMean, kRstd, kMeanRstd, kS0, kS1, kK0, kK1, kPartial };

  template <class O>
  using In = InputsOf<O>;
  template <class O>
  using Out = OutputsOf<O>;

  int64_t FeaturesOf(StoredId x) const { return emitter_.storage(x).words(); }

  // The sum, and in the same pass the sum of its words.
  void AddAndMoments() {
    Pass pass;
    if (const auto* masked = group_[0].As<ops::DropoutAdd>()) {
      const auto in = group_[0].Inputs<ops::DropoutAdd>();
      pass.Read({in.x}).With({in.residual}).Write({group_[0].Outputs<ops::DropoutAdd>().y});
      PassEmitter::Mask(pass, masked->dropout, &isa::Vector::p1);
    } else {
      const auto in = group_[0].Inputs<ops::Add>();
      pass.Read({in.b}).With({in.a}).Write({group_[0].Outputs<ops::Add>().y});
    }
    pass.code.q1 = Source::kB;
    LowerMoments(*group_[1].As<ops::Moments>(), group_[1].Inputs<ops::Moments>(),
                 group_[1].Outputs<ops::Moments>(), pass);
  }

  // moments[0] = mean, moments[1] = 1 / sqrt(variance + epsilon); `first` makes x or reads it.
  void LowerMoments(const ops::Moments& op, const In<ops::Moments>& in,
                    const Out<ops::Moments>& out, const Pass& first) {
    const int64_t features = FeaturesOf(in.x);
    const float share = 1 / static_cast<float>(features);
    pass_.Reduce(first, {Tap::kAdd, kMean, kPartial}, features);
    Pass mean = PassEmitter::OfRegister(kMean)
                    .Scalar(pass_.Constant(share))
                    .Write(PassEmitter::Row({out.moments}, 0));
    mean.code.p1 = Source::kG;
    pass_.Lane(mean, kMean);
    Pass square = Pass{}.Read({in.x});
    square.code.l0 = PassEmitter::Register(kMean);
    square.code.q1 = Source::kL0;
    square.code.negate_q1 = 1;
    square.code.p2 = Source::kSelf;
    pass_.Reduce(square, {Tap::kAdd, kRstd, kPartial}, features);
    Pass root = PassEmitter::OfRegister(kRstd)
                    .Scalar(pass_.Constant(share))
                    .SecondScalar(pass_.Constant(static_cast<float>(op.epsilon)))
                    .Write(PassEmitter::Row({out.moments}, 1));
    root.code.p1 = Source::kG;
    root.code.q1 = Source::kH;
    root.code.function = Function::kRsqrt;
    pass_.Emit(root, 1);
  }
  void Lower(const ops::Moments& op, const In<ops::Moments>& in, const Out<ops::Moments>& out) {
    LowerMoments(op, in, out, Pass{}.Read({in.x}));
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

  void Lower(const ops::Normalize&, const In<ops::Normalize>& in, const Out<ops::Normalize>& out) {
    LoadMoments({in.moments});
    Pass pass = Pass{}.Read({in.x}).Write({out.y});
    NormalizeInput(pass);
    if (in.gain != kNoTensor) {
      pass.Scalar({in.gain}).SecondScalar({in.shift});
      pass.code.p2 = Source::kG;
      pass.code.q2 = Source::kH;
    } else if (group_.size() > 1) {
      PassEmitter::Mask(pass, group_[1].As<ops::Dropout>()->dropout, &isa::Vector::p2);
    }
    pass_.Emit(pass, emitter_.OrderOf(out.y));
  }

  void Lower(const ops::NormalizeGradAffine&, const In<ops::NormalizeGradAffine>& in,
             const Out<ops::NormalizeGradAffine>& out) {
    if (group_.size() > 1) return GradientAndUpdates();
    LoadMoments({in.moments});
    Pass gain = Pass{}.Read({in.x}).With({in.dy});
    NormalizeInput(gain);
    gain.code.p2 = Source::kB;
    gain.lanes = Words{out.d_gain};
    pass_.Emit(gain, FeaturesOf(in.dy));
    Pass shift = Pass{}.Read({in.dy});
    shift.lanes = Words{out.d_shift};
    shift.code.lane_source = 1;
    pass_.Emit(shift, FeaturesOf(in.dy));
  }

  // dy [gain]: S0 sums it.
  static Pass Plain(const In<ops::NormalizeGradSums>& in) {
    Pass plain = Pass{}.Read({in.dy});
    if (in.gain != kNoTensor) {
      plain.Scalar({in.gain});
      plain.code.p1 = Source::kG;
    }
    return plain;
  }
  // xhat dy [gain]: S1 sums it. v3 is without the gain.
  static Pass Product(const In<ops::NormalizeGradSums>& in) {
    Pass product = Pass{}.Read({in.x}).With({in.dy});
    NormalizeInput(product);
    product.code.p2 = Source::kB;
    if (in.gain != kNoTensor) {
      product.Scalar({in.gain});
      product.code.p3 = Source::kG;
    }
    return product;
  }
  void SumUp(const In<ops::NormalizeGradSums>& in, const Pass& plain, const Pass& product) {
    LoadMoments({in.moments});
    pass_.Reduce(plain, {Tap::kAdd, kS0, kPartial}, FeaturesOf(in.dy));
    pass_.Reduce(product, {Tap::kAdd, kS1, kPartial}, FeaturesOf(in.dy));
  }

  void Lower(const ops::NormalizeGradSums&, const In<ops::NormalizeGradSums>& in,
             const Out<ops::NormalizeGradSums>& out) {
    SumUp(in, Plain(in), Product(in));
    pass_.Emit(PassEmitter::OfRegister(kS0).Write(PassEmitter::Row({out.sums}, 0)), 1);
    pass_.Emit(PassEmitter::OfRegister(kS1).Write(PassEmitter::Row({out.sums}, 1)), 1);
  }

  // One pass: dx = ((-S1 rstd / F) x + dy gain) rstd - (S0 - S1 mean rstd) rstd / F, from dy gain
  // at `scaled`. kS0 and kS1 hold the sums.
  void Combine(const In<ops::NormalizeGrad>& in, const Out<ops::NormalizeGrad>& out, Words scaled) {
    const float share = 1 / static_cast<float>(FeaturesOf(in.dy));
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
    Pass result = Pass{}.Read({in.x}).With(scaled).Write({out.dx});
    result.code.l0 = PassEmitter::Register(kK1);
    result.code.p1 = Source::kL0;
    result.code.q1 = Source::kB;
    result.code.l1 = PassEmitter::Register(kRstd);
    result.code.p2 = Source::kL1;
    result.code.l2 = PassEmitter::Register(kK0);
    result.code.q2 = Source::kL2;
    pass_.Emit(result, FeaturesOf(in.dy));
  }

  void Lower(const ops::NormalizeGrad&, const In<ops::NormalizeGrad>& in,
             const Out<ops::NormalizeGrad>& out) {
    Words scaled{in.dy};
    LoadMoments({in.moments});
    pass_.LoadRegister(PassEmitter::Row({in.sums}, 0), kS0);
    pass_.LoadRegister(PassEmitter::Row({in.sums}, 1), kS1);
    if (in.gain != kNoTensor) {
      scaled = {emitter_.NewScratch(in.dy)};
      pass_.Emit(PassEmitter::Scaled({in.dy}, {in.gain}).Write(scaled), FeaturesOf(in.dy));
    }
    Combine(in, out, scaled);
  }

  // A dropout of dy, the sums and NormalizeGrad, where the sums stay in registers.
  void DropoutAndGradient(const ops::Dropout& op, const In<ops::Dropout>& in,
                          const Out<ops::Dropout>& out) {
    Pass plain = Pass{}.Read({in.x}).Write({out.y});
    PassEmitter::Mask(plain, op.dropout, &isa::Vector::p1);
    const auto sums = group_[1].Inputs<ops::NormalizeGradSums>();
    SumUp(sums, plain, Product(sums));
    const auto grad = group_[2].Inputs<ops::NormalizeGrad>();
    Combine(grad, group_[2].Outputs<ops::NormalizeGrad>(), {grad.dy});
  }

  // Three passes do all of LayerNorm's backward: dy gain with its sum and the update of shift; the
  // sum with xhat and the update of gain, which nothing reads afterwards; dx.
  void GradientAndUpdates() {
    if (emitter_.saving() == Saving::kWords) return GradientInPlace();
    const auto sums = group_[1].Inputs<ops::NormalizeGradSums>();
    const Words scaled{emitter_.NewScratch(sums.dy)};
    Pass plain = Plain(sums).Write(scaled);
    UpdateBySum(plain, group_[4], /*of_input=*/true);
    Pass product = Product(sums);
    UpdateBySum(product, group_[3], /*of_input=*/false);
    SumUp(sums, plain, product);
    Combine(group_[2].Inputs<ops::NormalizeGrad>(), group_[2].Outputs<ops::NormalizeGrad>(),
            scaled);
  }

  // The same, with dy gain where dy was: the pass with xhat, which wants dy, comes first, so gain,
  // which is still wanted then, is updated last.
  void GradientInPlace() {
    const auto sums = group_[1].Inputs<ops::NormalizeGradSums>();
    const Words gain{group_[3].Outputs<ops::Sgd>().parameter};
    const Words gradient{emitter_.NewScratch(gain.tensor)};
    LoadMoments({sums.moments});
    Pass product = Product(sums);
    product.lanes = gradient;
    pass_.Reduce(product, {Tap::kAdd, kS1, kPartial}, FeaturesOf(sums.dy));
    Pass plain = Plain(sums).Write({sums.dy});
    UpdateBySum(plain, group_[4], /*of_input=*/true);
    pass_.Reduce(plain, {Tap::kAdd, kS0, kPartial}, FeaturesOf(sums.dy));
    Combine(group_[2].Inputs<ops::NormalizeGrad>(), group_[2].Outputs<ops::NormalizeGrad>(),
            {sums.dy});
    Pass update = PassEmitter::Scaled(gradient, pass_.Rate(group_[3].As<ops::Sgd>()->rate_factor))
                      .With(gain)
                      .Write(gain);
    update.code.q1 = Source::kB;
    pass_.Emit(update, FeaturesOf(sums.dy));
  }

  void UpdateBySum(Pass& pass, const Op& sgd, bool of_input) {
    pass_.UpdateBySum(pass, sgd.Outputs<ops::Sgd>().parameter, sgd.As<ops::Sgd>()->rate_factor,
                      of_input);
  }

  const Group& group_;
  Emitter& emitter_;
  PassEmitter pass_;
};

}  // namespace

bool IsNormalization(const Group& group) {
  return std::any_of(group.begin(), group.end(), [](const Op& op) {
    return VectorOpOf(op).lowering == Lowering::kNormalization;
  });
}

void LowerNormalization(const Group& group, Emitter& emitter) {
  NormalizationLowering(group, emitter).Lower();
}

}  // namespace bittern
