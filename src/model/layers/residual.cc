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
  Op& op = step_.Append(step_.dropout() > 0 ? OpKind::kDropoutAdd : OpKind::kAdd, name_ + ": sum",
                        {x, branch}, {sum});
  op.stream = stream_;
  op.rate = step_.dropout();
  return norm_.Forward(sum);
}

TensorId Residual::Backward(TensorId dy) {
  const TensorId d_sum = norm_.Backward(dy);
  if (step_.dropout() == 0) return d_sum;
  const TensorId d_branch = step_.Scratch(name_ + ": d branch", features_);
  Op& op = step_.Append(OpKind::kDropout, name_ + ": d branch", {d_sum}, {d_branch});
  op.stream = stream_;
  op.rate = step_.dropout();
  return d_branch;
}

}  // namespace bittern
