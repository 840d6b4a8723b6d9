// SPDX-License-Identifier: Apache-2.0
// The shortcut of a sublayer, with its normalisation and its dropout:
//   post: y = LayerNorm(x + dropout(branch(x)))
//   pre:  y = x + dropout(branch(LayerNorm(x)))
//
// x, y, and the branch's input and output: [features][T]. The sublayer computes the branch:
//   in = Input(x), branch = ... in ..., y = Forward(x, branch)
// and back:
//   d_branch = Backward(dy), InputGradient(dy) (=, +=) ... d_branch ..., dx = Finish(dy)
#ifndef BITTERN_MODEL_LAYERS_RESIDUAL_H_
#define BITTERN_MODEL_LAYERS_RESIDUAL_H_

#include <string>

#include "model/layers/normalization.h"
#include "model/step_builder.h"

namespace bittern {

class Residual {
 public:
  // Declares the parameters NAME.norm.gain and NAME.norm.shift.
  Residual(StepBuilder& step, const std::string& name, int features,
           NormPlace place = NormPlace::kPost);

  // What the branch reads.
  TensorId Input(TensorId x);
  // y. May overwrite `branch`.
  TensorId Forward(TensorId x, TensorId branch);

  // Turns dy into the gradient of the sum in place. Returns the branch's gradient, which is the
  // same tensor where there is no dropout: the sublayer must not change it.
  TensorId Backward(TensorId dy);
  // The tensor that takes the gradient of the branch's input, and whether its first part overwrites
  // or adds. From here on the backward pass may read Input again.
  struct Target {
    TensorId tensor;
    Result result;
  };
  Target InputGradient(TensorId dy);
  // dx, which is the same tensor as dy, when the gradient of the branch's input is complete.
  TensorId Finish(TensorId dy);

 private:
  bool pre() const { return place_ == NormPlace::kPre; }

  StepBuilder& step_;
  std::string name_;
  Size features_;
  NormPlace place_;
  Normalization norm_;
  int stream_;
  TensorId input_ = kNoTensor, d_input_ = kNoTensor;  // pre: of the branch
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_RESIDUAL_H_
