// SPDX-License-Identifier: Apache-2.0
#include "model/layers/feed_forward.h"

#include "base/error.h"

namespace bittern {

FeedForward::FeedForward(StepBuilder& step, const std::string& name, const FeedForwardShape& shape)
    : step_(step),
      name_(name),
      inner_features_(Constant(shape.inner.rows)),
      residual_(step, name, shape.outer.rows),
      inner_(step, name + ".inner", shape.inner),
      outer_(step, name + ".outer", shape.outer) {
  BITTERN_CHECK(shape.inner.rows == shape.outer.columns);
}

TensorId FeedForward::Forward(TensorId x) {
  // x[F][T] -> inner[I][T] -> gelu[I][T] -> outer[F][T]
  before_gelu_ = inner_.Forward(x);
  const int begin = step_.position();
  const TensorId gelu = step_.Activation(name_ + ": gelu", inner_features_);
  step_.Append(name_ + ": gelu", ops::Gelu{}, {.x = before_gelu_}, {.y = gelu});
  gelu_ = step_.Since(begin);
  return residual_.Forward(x, outer_.Forward(gelu));
}

TensorId FeedForward::Backward(TensorId dy) {
  // dx first holds the gradient of the shortcut. The inner map adds its gradient to it.
  const TensorId d_branch = residual_.Backward(dy);
  const TensorId dx = dy;
  // The gradient of GELU reads the input of GELU, which is kept. The outer map reads the output,
  // which is computed again with one elementwise operation.
  step_.RunAgain(gelu_);
  const TensorId d_inner = step_.Scratch(name_ + ": d inner", inner_features_);
  outer_.Backward(d_branch, d_inner, Result::kOverwrite);
  step_.Append(name_ + ": d gelu", ops::GeluGrad{}, {.dy = d_inner, .x = before_gelu_},
               {.dx = d_inner});
  inner_.Backward(d_inner, dx, Result::kAccumulate);
  return dx;
}

}  // namespace bittern
