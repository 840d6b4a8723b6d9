#include "model/layers/normalization.h"

namespace bittern {
namespace {
constexpr double kEpsilon = 1e-5;
}

Normalization::Normalization(StepBuilder& step, const std::string& name, int features,
                             Affine affine)
    : step_(step), name_(name), features_(Constant(features)) {
  if (affine == Affine::kNone) return;
  gain_ = step.Parameter(name + ".gain", {features_}, ConstantValues(1));
  shift_ = step.Parameter(name + ".shift", {features_}, ConstantValues(0));
}

TensorId Normalization::Forward(TensorId x) {
  x_ = x;
  moments_ = step_.Activation(name_ + ": moments", Constant(2));
  step_.Append(OpKind::kMoments, name_ + ": moments", {x}, {moments_}).epsilon = kEpsilon;

  const int begin = step_.position();
  const TensorId y = step_.Activation(name_ + ": y", features_);
  std::vector<TensorId> in = {x_, moments_};
  if (gain_ != kNoTensor) in.insert(in.end(), {gain_, shift_});
  step_.Append(OpKind::kNormalize, name_ + ": y", std::move(in), {y});
  // x and the moments are kept for Backward anyway, so y is one elementwise operation away.
  step_.SetCheap(y, step_.Since(begin));
  return y;
}

TensorId Normalization::Backward(TensorId dy) {
  if (gain_ != kNoTensor) {
    const TensorId gain = step_.Gradient(gain_);
    const TensorId shift = step_.Gradient(shift_);
    step_
        .Append(OpKind::kNormalizeGradAffine, name_ + ": d gain, d shift", {dy, x_, moments_},
                {gain, shift})
        .accumulate = Accumulates(step_.gradient_result());
    const TensorId sums = step_.Scratch(name_ + ": sums", Constant(2));
    step_.Append(OpKind::kNormalizeGradSums, name_ + ": sums", {dy, x_, moments_, gain_}, {sums});
    step_.Append(OpKind::kNormalizeGrad, name_ + ": dx", {dy, x_, moments_, sums, gain_}, {dy});
    step_.Update(gain_, gain);
    step_.Update(shift_, shift);
    return dy;
  }
  const TensorId sums = step_.Scratch(name_ + ": sums", Constant(2));
  step_.Append(OpKind::kNormalizeGradSums, name_ + ": sums", {dy, x_, moments_}, {sums});
  step_.Append(OpKind::kNormalizeGrad, name_ + ": dx", {dy, x_, moments_, sums}, {dy});
  return dy;
}

}  // namespace bittern
