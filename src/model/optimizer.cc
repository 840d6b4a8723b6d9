// SPDX-License-Identifier: Apache-2.0
#include "model/optimizer.h"

#include <string>

namespace bittern {

void AppendOptimizer(Builder& builder, const TrainingConfig& training, TensorId parameter,
                     TensorId gradient, double rate_factor) {
  const std::string name = builder.graph().At(parameter).name;
  const std::string update = name + ": update";
  // Checkpoints store a state under this name; it starts at 0.
  const auto state = [&](const char* suffix) {
    return builder.NewTensor(name + suffix, TensorKind::kState,
                             builder.graph().At(parameter).shape);
  };
  switch (training.optimizer) {
    case Optimizer::kSgd:
      builder.Append(update, ops::Sgd{.rate_factor = rate_factor, .decay = training.decay},
                     {.gradient = gradient}, {.parameter = parameter});
      return;
    case Optimizer::kMomentum:
      builder.Append(
          update,
          ops::Momentum{
              .rate_factor = rate_factor, .decay = training.decay, .momentum = training.momentum},
          {.gradient = gradient}, {.parameter = parameter, .velocity = state(".momentum")});
      return;
    case Optimizer::kAdamW:
      builder.Append(
          update,
          ops::AdamW{.rate_factor = rate_factor,
                     .decay = training.decay,
                     .beta1 = training.momentum,
                     .beta2 = training.beta2,
                     .epsilon = training.adam_epsilon},
          {.gradient = gradient},
          {.parameter = parameter, .first = state(".first"), .second = state(".second")});
      return;
  }
}

bool UpdateIsLinear(const TrainingConfig& training) {
  return training.optimizer == Optimizer::kSgd;
}

}  // namespace bittern
