// A head that chooses among classes: map (hidden x hidden) -> tanh -> dense layer -> cross-entropy.
//
// It answers for every token, or only for token 0. BuildTraining appends both directions in one
// call, because the gradient of the logits follows from the loss at once.
#ifndef BITTERN_MODEL_TASKS_CLASSIFICATION_HEAD_H_
#define BITTERN_MODEL_TASKS_CLASSIFICATION_HEAD_H_

#include <string>

#include "model/layers/linear_map.h"
#include "model/step_builder.h"
#include "model/tasks/task.h"

namespace bittern {

class ClassificationHead : public Head {
 public:
  enum class Reads { kEveryToken, kFirstToken };
  // Makes the parameters NAME.map.*, NAME.head.weight [classes][hidden] and NAME.head.bias
  // [classes], where NAME is the task's. loss: see CrossEntropy's weight in graph.h. The labels'
  // tensor is [K] or, for token 0 alone, [1].
  ClassificationHead(StepBuilder& step, const Task& task, int loss, Reads reads);

  void BuildInference(TensorId x) override;  // NAME.logits [classes][T or 1]
  void BuildTraining(TensorId x, TensorId dx, Result result) override;

 private:
  TensorId Hidden(TensorId x);  // tanh(map(x))
  void Logits(TensorId hidden, TensorId logits);

  StepBuilder& step_;
  const std::string name_, input_name_, logits_name_, loss_name_;
  const int loss_;
  const bool first_token_;
  const Size columns_;
  const Size classes_, features_;
  LinearMap map_;
  const TensorId weight_, bias_;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_TASKS_CLASSIFICATION_HEAD_H_
