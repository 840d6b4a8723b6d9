// The feed-forward sublayer of a post-LayerNorm encoder:
//   y = LayerNorm(x + dropout(outer(gelu(inner(x))))).
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
};

class FeedForward : public Layer {
 public:
  // Declares the parameters NAME.norm.*, NAME.inner.*, NAME.outer.*.
  FeedForward(StepBuilder& step, const std::string& name, const FeedForwardShape& shape);
  TensorId Forward(TensorId x) override;
  // In place.
  TensorId Backward(TensorId dy) override;

 private:
  StepBuilder& step_;
  std::string name_;
  Size inner_features_;
  Residual residual_;
  LinearMap inner_, outer_;
  TensorId before_gelu_ = kNoTensor;  // [inner features][T]
  Segment gelu_;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_FEED_FORWARD_H_
