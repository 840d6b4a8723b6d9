// SPDX-License-Identifier: Apache-2.0
// The feed-forward sublayer of an encoder. With a LayerNorm after the sum:
//   y = LayerNorm(x + dropout(outer(f(inner(x))))), f = GELU or ReLU;
// residual.h gives the form with a LayerNorm before the branch.
//
// x, y: [features][T]; between the two maps [inner features][T].
#ifndef BITTERN_MODEL_LAYERS_FEED_FORWARD_H_
#define BITTERN_MODEL_LAYERS_FEED_FORWARD_H_

#include <string>

#include "model/layers/layer.h"
#include "model/layers/linear_map.h"
#include "model/layers/residual.h"
#include "model/step_builder.h"

namespace bittern {

struct FeedForwardShape {
  MapShape inner;  // [inner features][features]
  MapShape outer;  // [features][inner features]
  HiddenFunction function = HiddenFunction::kGelu;
  NormPlace norm = NormPlace::kPost;
};

class FeedForward : public Layer {
 public:
  // Declares the parameters NAME.norm.*, NAME.inner.*, NAME.outer.*.
  FeedForward(StepBuilder& step, const std::string& name, const FeedForwardShape& shape);
  TensorId Forward(TensorId x) override;
  // In place.
  TensorId Backward(TensorId dy) override;

 private:
  TensorId Function(TensorId x);       // f(x)
  void FunctionGradient(TensorId dy);  // in place: of x

  StepBuilder& step_;
  std::string name_;
  Size inner_features_;
  HiddenFunction function_;
  Residual residual_;
  LinearMap inner_, outer_;
  // [inner features][T]: what the gradient of f reads. That is its input for GELU, its result for
  // ReLU, which is in place.
  TensorId kept_ = kNoTensor;
  Segment gelu_;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_FEED_FORWARD_H_
