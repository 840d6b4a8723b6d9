// LayerNorm over features, each token by itself: y = (x - mean) rstd [gain] + [shift].
//
// x, y: [features][T]. Backward reads x and two numbers a token, not y.
#ifndef BITTERN_MODEL_LAYERS_NORMALIZATION_H_
#define BITTERN_MODEL_LAYERS_NORMALIZATION_H_

#include <string>

#include "model/layers/layer.h"
#include "model/step_builder.h"

namespace bittern {

class Normalization : public Layer {
 public:
  enum class Affine { kNone, kGainAndShift };
  // Declares the parameters NAME.gain and NAME.shift, [features], unless kNone.
  Normalization(StepBuilder& step, const std::string& name, int features, Affine affine);

  TensorId Forward(TensorId x) override;
  // Turns dy into dx in place; updates gain and shift.
  TensorId Backward(TensorId dy) override;

 private:
  StepBuilder& step_;
  std::string name_;
  Size features_;
  TensorId gain_ = kNoTensor, shift_ = kNoTensor;
  TensorId x_ = kNoTensor;
  TensorId moments_ = kNoTensor;  // [2][T]: mean, 1 / standard deviation
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_NORMALIZATION_H_
