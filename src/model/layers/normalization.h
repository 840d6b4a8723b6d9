// LayerNorm over features, each token by itself: y = (x - mean) rstd [gain] + [shift].
//
// Keeps x and two numbers a token; y can be computed again from them.
#ifndef BITTERN_MODEL_LAYERS_NORMALIZATION_H_
#define BITTERN_MODEL_LAYERS_NORMALIZATION_H_

#include <string>

#include "model/step_builder.h"

namespace bittern {

class Normalization {
 public:
  enum class Affine { kNone, kGainAndShift };
  Normalization(StepBuilder& step, const std::string& name, Affine affine);

  TensorId Forward(TensorId x);
  TensorId Again();  // y once more
  // Backward is to read the input from another tensor that holds the same values.
  void ReplaceInput(TensorId x);
  // Turns dy into dx in place; updates gain and shift.
  void Backward(TensorId dy);

 private:
  StepBuilder& step_;
  std::string name_;
  TensorId gain_ = kNoTensor, shift_ = kNoTensor;
  // Of the latest Forward:
  TensorId x_ = kNoTensor;        // [hidden][T]
  TensorId moments_ = kNoTensor;  // [2][T]: mean, 1 / standard deviation
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_NORMALIZATION_H_
