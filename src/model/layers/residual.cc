// SPDX-License-Identifier: Apache-2.0
#include "model/layers/residual.h"

namespace bittern {

Residual::Residual(StepBuilder& step, const std::string& name, int features)
    : step_(step),
      name_(name),
      features_(Constant(features)),
      norm_(step, name + ".norm", features, Normalization::Affine::kGainAndShift),
      stream_(step.NewDropoutStream()) {}

TensorId Residual::Forward(TensorId x, TensorId branch) {
  // sum[F][T] = x + dropout(branch). It is in place if memory is short: while a layer is computed
  // again, a separate sum would set the peak. Otherwise it is a separate tensor, which is
  // faster on a machine whose banks have one read port.
  const TensorId sum = step_.saves_memory() ? branch : step_.Activation(name_ + ": sum", features_);
  if (step_.dropout() > 0) {
    step_.Append(name_ + ": sum", ops::DropoutAdd{{.stream = stream_, .rate = step_.dropout()}},
                 {.residual = x, .x = branch}, {.y = sum});
  } else {
    step_.Append(name_ + ": sum", ops::Add{}, {.a = x, .b = branch}, {.y = sum});
  }
  return norm_.Forward(sum);
}

TensorId Residual::Backward(TensorId dy) {
  const TensorId d_sum = norm_.Backward(dy);
  if (step_.dropout() == 0) return d_sum;
  // d_sum is also the gradient of the shortcut, so the gradient of the branch needs its own tensor.
  const TensorId d_branch = step_.Scratch(name_ + ": d branch", features_);
  step_.Append(name_ + ": d branch", ops::Dropout{{.stream = stream_, .rate = step_.dropout()}},
               {.x = d_sum}, {.y = d_branch});
  return d_branch;
}

}  // namespace bittern
