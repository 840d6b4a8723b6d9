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
  step_.Append(name_ + ": moments", ops::Moments{.epsilon = kEpsilon}, {.x = x},
               {.moments = moments_});

  const int begin = step_.position();
  const TensorId y = step_.Activation(name_ + ": y", features_);
  step_.Append(name_ + ": y", ops::Normalize{},
               {.x = x_, .moments = moments_, .gain = gain_, .shift = shift_}, {.y = y});
  // x and the moments are kept for Backward anyway, so y is one elementwise operation away.
  step_.SetCheap(y, step_.Since(begin));
  return y;
}

TensorId Normalization::Backward(TensorId dy) {
  TensorId d_gain = kNoTensor, d_shift = kNoTensor;
  if (gain_ != kNoTensor) {
    d_gain = step_.Gradient(gain_);
    d_shift = step_.Gradient(shift_);
    step_.Append(name_ + ": d gain, d shift",
                 ops::NormalizeGradAffine{.accumulate = Accumulates(step_.gradient_result())},
                 {.dy = dy, .x = x_, .moments = moments_}, {.d_gain = d_gain, .d_shift = d_shift});
  }
  const TensorId sums = step_.Scratch(name_ + ": sums", Constant(2));
  step_.Append(name_ + ": sums", ops::NormalizeGradSums{},
               {.dy = dy, .x = x_, .moments = moments_, .gain = gain_}, {.sums = sums});
  step_.Append(name_ + ": dx", ops::NormalizeGrad{},
               {.dy = dy, .x = x_, .moments = moments_, .sums = sums, .gain = gain_}, {.dx = dy});
  if (gain_ == kNoTensor) return dy;
  step_.Update(gain_, d_gain);
  step_.Update(shift_, d_shift);
  return dy;
}

}  // namespace bittern
