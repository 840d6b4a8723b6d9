// SPDX-License-Identifier: Apache-2.0
#include "model/layers/feed_forward.h"

#include "base/error.h"

namespace bittern {

FeedForward::FeedForward(StepBuilder& step, const std::string& name, const FeedForwardShape& shape)
    : step_(step),
      name_(name),
      inner_features_(Constant(shape.inner.rows)),
      function_(shape.function),
      residual_(step, name, shape.outer.rows, shape.norm),
      inner_(step, name + ".inner", shape.inner),
      outer_(step, name + ".outer", shape.outer) {
  BITTERN_CHECK(shape.inner.rows == shape.outer.columns);
}

TensorId FeedForward::Function(TensorId x) {
  kept_ = x;
  if (function_ == HiddenFunction::kRelu) {
    step_.Append(name_ + ": relu", ops::Relu{}, {.x = x}, {.y = x});
    return x;
  }
  const int begin = step_.position();
  const TensorId gelu = step_.Activation(name_ + ": gelu", inner_features_);
  step_.Append(name_ + ": gelu", ops::Gelu{}, {.x = x}, {.y = gelu});
  gelu_ = step_.Since(begin);
  return gelu;
}

void FeedForward::FunctionGradient(TensorId dy) {
  if (function_ == HiddenFunction::kRelu) {
    step_.Append(name_ + ": d relu", ops::ReluGrad{}, {.dy = dy, .y = kept_}, {.dx = dy});
  } else {
    step_.Append(name_ + ": d gelu", ops::GeluGrad{}, {.dy = dy, .x = kept_}, {.dx = dy});
  }
}

TensorId FeedForward::Forward(TensorId x) {
  // x[F][T] -> inner[I][T] -> f[I][T] -> outer[F][T]
  const TensorId inner = inner_.Forward(residual_.Input(x));
  return residual_.Forward(x, outer_.Forward(Function(inner)));
}

TensorId FeedForward::Backward(TensorId dy) {
  const TensorId d_branch = residual_.Backward(dy);
  // The gradient of GELU reads the input of GELU, which is kept. The outer map reads the output,
  // which is computed again with one elementwise operation.
  step_.RunAgain(gelu_);
  const TensorId d_inner = step_.Scratch(name_ + ": d inner", inner_features_);
  outer_.Backward(d_branch, d_inner, Result::kOverwrite);
  FunctionGradient(d_inner);
  const auto [d_input, result] = residual_.InputGradient(dy);
  inner_.Backward(d_inner, d_input, result);
  return residual_.Finish(dy);
}

}  // namespace bittern
