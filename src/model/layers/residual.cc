#include "model/layers/residual.h"

namespace bittern {

Residual::Residual(StepBuilder& step, const std::string& name, int features)
    : step_(step),
      name_(name),
      features_(Constant(features)),
      norm_(step, name + ".norm", features, Normalization::Affine::kGainAndShift),
      stream_(step.NewDropoutStream()) {}

TensorId Residual::Forward(TensorId x, TensorId branch) {
  // In place where memory is short: while a layer is run again, a sum and a branch would be the
  // most that is alive. Else apart: a machine whose memory has one port to read is faster so.
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
  const TensorId d_branch = step_.Scratch(name_ + ": d branch", features_);
  step_.Append(name_ + ": d branch",
               ops::Dropout{{.stream = stream_, .rate = step_.dropout()}}, {.x = d_sum},
               {.y = d_branch});
  return d_branch;
}

}  // namespace bittern
