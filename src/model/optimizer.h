// SPDX-License-Identifier: Apache-2.0
// The optimizers: the update that each appends to a step, and the state tensors that it keeps of a
// parameter.
#ifndef BITTERN_MODEL_OPTIMIZER_H_
#define BITTERN_MODEL_OPTIMIZER_H_

#include "graph/builder.h"
#include "model/config.h"

namespace bittern {

// Appends the update of `parameter` by `gradient` (same shape), and makes the states that it needs,
// named after the parameter. rate = rate_factor * learning rate of the step.
void AppendOptimizer(Builder& builder, const TrainingConfig& training, TensorId parameter,
                     TensorId gradient, double rate_factor);

// True if the optimizer only adds -rate * gradient. Then a gradient that is scaled by -rate can be
// added to its parameter part by part.
bool UpdateIsLinear(const TrainingConfig& training);

}  // namespace bittern

#endif  // BITTERN_MODEL_OPTIMIZER_H_
