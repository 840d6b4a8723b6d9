#include "model/layers/normalization.h"

namespace bittern {
namespace {
constexpr double kEpsilon = 1e-5;
}

Normalization::Normalization(StepBuilder& step, const std::string& name, Affine affine)
    : step_(step), name_(name) {
  if (affine == Affine::kNone) return;
  gain_ = step.Parameter(name + ".gain", {Constant(step.model().hidden)});
  shift_ = step.Parameter(name + ".shift", {Constant(step.model().hidden)});
}

TensorId Normalization::Forward(TensorId x) {
  x_ = x;
  moments_ = step_.Activation(name_ + ": moments", Constant(2));
  step_.Append(name_ + ": moments", ops::Moments{.epsilon = kEpsilon}, {.x = x},
               {.moments = moments_});
  return Again();
}

TensorId Normalization::Again() {
  const TensorId y = step_.Activation(name_ + ": y", Constant(step_.model().hidden));
  step_.Append(name_ + ": y", ops::Normalize{},
               {.x = x_, .moments = moments_, .gain = gain_, .shift = shift_}, {.y = y});
  return y;
}

void Normalization::ReplaceInput(TensorId x) { x_ = x; }

void Normalization::Backward(TensorId dy) {
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
  if (gain_ == kNoTensor) return;
  step_.Update(gain_, d_gain);
  step_.Update(shift_, d_shift);
}

}  // namespace bittern
