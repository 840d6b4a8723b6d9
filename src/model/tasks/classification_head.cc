#include "model/tasks/classification_head.h"

namespace bittern {

ClassificationHead::ClassificationHead(StepBuilder& step, const Task& task, int loss, Reads reads)
    : step_(step),
      name_(task.name()),
      input_name_(task.input_name()),
      logits_name_(task.logits_name()),
      loss_name_(task.loss_name()),
      loss_(loss),
      first_token_(reads == Reads::kFirstToken),
      columns_(first_token_ ? Constant(1) : kTokens),
      classes_(Constant(task.classes())),
      features_(Constant(step.model().hidden)),
      map_(step, name_ + ".map", step.model().HiddenMap(), columns_),
      weight_(step.Parameter(name_ + ".head.weight", {classes_, features_},
                             NormalValues(step.model().table_deviation), AddedRows::kInitial)),
      bias_(
          step.Parameter(name_ + ".head.bias", {classes_}, ConstantValues(0), AddedRows::kLeast)) {}

TensorId ClassificationHead::Hidden(TensorId x) {
  if (first_token_) {
    const TensorId first = step_.Activation(name_ + ": x", features_, columns_);
    step_.Append(name_ + ": x", ops::TakeColumn{}, {.x = x}, {.y = first});
    x = first;
  }
  const TensorId y = map_.Forward(x);
  step_.Append(name_ + ": tanh", ops::Tanh{}, {.x = y}, {.y = y});
  return y;
}

void ClassificationHead::Logits(TensorId hidden, TensorId logits) {
  step_.Contract(name_ + ": logits", step_.Of(logits, "ct"), step_.Of(weight_, "cf"),
                 step_.Of(hidden, "ft"), Result::kOverwrite, step_.Of(bias_, "c"));
}

void ClassificationHead::BuildInference(TensorId x) {
  const TensorId logits = step_.NewTensor(logits_name_, TensorKind::kOutput, {classes_, columns_});
  Logits(Hidden(x), logits);
}

void ClassificationHead::BuildTraining(TensorId x, TensorId dx, Result result) {
  const Size planned = Constant(columns_.At(step_.model().tokens));
  const TensorId labels =
      step_.NewTensor(input_name_, TensorKind::kInput, {planned}, ElementType::kI32);
  const TensorId loss = step_.NewTensor(loss_name_, TensorKind::kOutput, {planned});

  const TensorId hidden = Hidden(x);
  const TensorId logits = step_.Activation(name_ + ": logits", classes_, columns_);
  Logits(hidden, logits);
  step_.Append(
      name_ + ": loss",
      ops::CrossEntropy{.loss = loss_, .smoothing = step_.config().training.label_smoothing},
      {.logits = logits, .labels = labels}, {.d_logits = logits, .losses = loss});

  const TensorId d_hidden = step_.Scratch(name_ + ": d hidden", features_, columns_);
  step_.Contract(name_ + ": d hidden", step_.Of(d_hidden, "ft"), step_.Of(weight_, "cf"),
                 step_.Of(logits, "ct"));
  const bool accumulate = Accumulates(step_.gradient_result());
  const TensorId d_bias = step_.Gradient(bias_);
  step_.Append(name_ + ".head.bias: gradient", ops::RowSum{.accumulate = accumulate}, {.x = logits},
               {.y = d_bias});
  step_.Update(bias_, d_bias);
  // The head's gradient is the largest of all, and arises when most activations are alive.
  const bool directly = step_.updates_directly();
  const TensorId d_weight = directly ? weight_ : step_.Gradient(weight_);
  if (directly) step_.ScaleByRate(weight_, logits);
  step_.Contract(name_ + ".head.weight: gradient", step_.Of(d_weight, "cf"), step_.Of(logits, "ct"),
                 step_.Of(hidden, "ft"), directly ? Result::kAccumulate : step_.gradient_result());
  if (!directly) step_.Update(weight_, d_weight);

  step_.Append(name_ + ": d tanh", ops::TanhGrad{}, {.dy = d_hidden, .y = hidden},
               {.dx = d_hidden});
  if (!first_token_) {
    map_.Backward(d_hidden, dx, result);
    return;
  }
  const TensorId d_first = step_.Scratch(name_ + ": dx", features_, columns_);
  map_.Backward(d_hidden, d_first, Result::kOverwrite);
  if (result == Result::kOverwrite) step_.Append(name_ + ": dx", ops::Fill{}, {}, {.y = dx});
  step_.Append(name_ + ": dx", ops::AddColumn{}, {.x = d_first}, {.y = dx});
}

}  // namespace bittern
