// SPDX-License-Identifier: Apache-2.0
// Picks how much of the forward pass a training step computes again, from a budget of bytes.
#ifndef BITTERN_TRAIN_MEMORY_BUDGET_H_
#define BITTERN_TRAIN_MEMORY_BUDGET_H_

#include <cstdint>
#include <optional>

#include "model/config.h"
#include "model/training_step.h"

namespace bittern {

// The memory of a training step: the planned arena (parameters and optimizer state included) and
// the kernels' scratch. Equals Executor::arena_bytes(); allocates neither.
int64_t StepBytes(const Config& config, Recompute recompute, StepKind kind = StepKind::kTraining);

// The fastest choice (the one that computes the least again) whose step fits. No budget:
// kElementwise. If none fits, the Error names the smallest budget that would do. The budget is that
// of one thread, so that the choice does not depend on the number of threads (batch_step.h).
// Evaluation on valid, which has separate executors, is not counted.
Recompute ChooseRecompute(const Config& config, std::optional<int64_t> budget_bytes);

}  // namespace bittern

#endif  // BITTERN_TRAIN_MEMORY_BUDGET_H_
