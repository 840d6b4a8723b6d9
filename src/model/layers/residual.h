// The end of a post-LayerNorm sublayer: y = LayerNorm(x + dropout(branch)).
//
// x, branch, y: [features][T]. What the branch computes from x is the sublayer's matter.
#ifndef BITTERN_MODEL_LAYERS_RESIDUAL_H_
#define BITTERN_MODEL_LAYERS_RESIDUAL_H_

#include <string>

#include "model/layers/normalization.h"
#include "model/step_builder.h"

namespace bittern {

class Residual {
 public:
  // Declares the parameters NAME.norm.gain and NAME.norm.shift.
  Residual(StepBuilder& step, const std::string& name, int features);

  // y. May overwrite `branch`.
  TensorId Forward(TensorId x, TensorId branch);
  // Turns dy into the gradient of the sum in place: that is x's along the shortcut, to which the
  // sublayer adds what comes back through the branch. Returns the branch's gradient, which is the
  // same tensor where there is no dropout.
  TensorId Backward(TensorId dy);

 private:
  StepBuilder& step_;
  std::string name_;
  Size features_;
  Normalization norm_;
  int stream_;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_RESIDUAL_H_
