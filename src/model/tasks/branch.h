// An output branch: map (hidden x hidden) -> tanh -> dense head -> cross-entropy.
//
// The slot branch works on every token, the intent branch on token 0 alone. Loss and both
// directions stand in one call, since the logits' gradient follows from the loss at once.
#ifndef BITTERN_MODEL_TASKS_BRANCH_H_
#define BITTERN_MODEL_TASKS_BRANCH_H_

#include <string>

#include "model/layers/linear_map.h"
#include "model/step_builder.h"

namespace bittern {

class Branch {
 public:
  enum class Reads { kEveryToken, kFirstToken };
  // Parameters NAME.map.*, NAME.head.weight [classes][hidden], NAME.head.bias [classes].
  Branch(StepBuilder& step, const std::string& name, int classes, Reads reads);

  // Inference: NAME.logits [classes][T or 1].
  void Answer(TensorId x);
  // Forward, loss and backward. dx (=, +=) the gradient of x; loss_weight: see ops::CrossEntropy.
  void Train(TensorId x, TensorId dx, Result result, int loss_weight);

 private:
  TensorId Hidden(TensorId x);  // tanh(map(x))
  void Logits(TensorId hidden, TensorId logits);

  StepBuilder& step_;
  std::string name_;
  bool first_token_;
  Size columns_;
  Size classes_, features_;
  LinearMap map_;
  TensorId weight_, bias_;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_TASKS_BRANCH_H_
