// SPDX-License-Identifier: Apache-2.0
#include "model/layers/residual.h"

namespace bittern {

Residual::Residual(StepBuilder& step, const std::string& name, int features, NormPlace place)
    : step_(step),
      name_(name),
      features_(Constant(features)),
      place_(place),
      norm_(step, name + ".norm", features, Normalization::Affine::kGainAndShift),
      stream_(step.NewDropoutStream()) {}

TensorId Residual::Input(TensorId x) {
  input_ = pre() ? norm_.Forward(x) : x;
  return input_;
}

TensorId Residual::Forward(TensorId x, TensorId branch) {
  // sum[F][T] = x + dropout(branch). It is in place if memory is short: while a layer is computed
  // again, a separate sum would set the peak. Otherwise it is a separate tensor, which is
  // faster on a machine whose banks have one read port.
  const bool in_place = step_.saves_memory() || pre();
  const TensorId sum = in_place ? branch : step_.Activation(name_ + ": sum", features_);
  if (step_.dropout() > 0) {
    step_.Append(name_ + ": sum", ops::DropoutAdd{{.stream = stream_, .rate = step_.dropout()}},
                 {.residual = x, .x = branch}, {.y = sum});
  } else {
    step_.Append(name_ + ": sum", ops::Add{}, {.a = x, .b = branch}, {.y = sum});
  }
  return pre() ? sum : norm_.Forward(sum);
}

TensorId Residual::Backward(TensorId dy) {
  const TensorId d_sum = pre() ? dy : norm_.Backward(dy);
  if (step_.dropout() == 0) return d_sum;
  // d_sum is also the gradient of the shortcut, so the gradient of the branch needs its own tensor.
  const TensorId d_branch = step_.Scratch(name_ + ": d branch", features_);
  step_.Append(name_ + ": d branch", ops::Dropout{{.stream = stream_, .rate = step_.dropout()}},
               {.x = d_sum}, {.y = d_branch});
  return d_branch;
}

Residual::Target Residual::InputGradient(TensorId dy) {
  if (!pre()) return {dy, Result::kAccumulate};
  // x and the moments are kept, so the normalised x is computed again with one operation.
  if (step_.recompute() != Recompute::kGelu) step_.RunAgain(step_.CheapSegment(input_));
  d_input_ = step_.Scratch(name_ + ": d input", features_);
  return {d_input_, Result::kOverwrite};
}

TensorId Residual::Finish(TensorId dy) {
  if (!pre()) return dy;
  const TensorId d_branch = norm_.Backward(d_input_);
  step_.Append(name_ + ": dx", ops::Add{}, {.a = dy, .b = d_branch}, {.y = dy});
  return dy;
}

}  // namespace bittern
