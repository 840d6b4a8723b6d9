// SPDX-License-Identifier: Apache-2.0
#include "train/memory_budget.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "cpu/executor.h"
#include "graph/arena.h"
#include "model/inputs.h"
#include "model/training_step.h"

namespace bittern {

int64_t StepBytes(const Config& config, Recompute recompute, StepKind kind) {
  const Graph graph = BuildStep(config, {.kind = kind, .recompute = recompute});
  return PlanArena(graph).peak_bytes + ScratchBytes(graph, kColumnGroup);
}

Recompute ChooseRecompute(const Config& config, std::optional<int64_t> budget_bytes) {
  if (!budget_bytes) return Recompute::kElementwise;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const Recompute recompute : kRecomputes) {
    const int64_t bytes = StepBytes(config, recompute);
    if (bytes <= *budget_bytes) return recompute;
    least = std::min(least, bytes);
  }
  Fail(
      "memory: a budget of {} bytes is too small for a training step of {}; the smallest that "
      "would do is {} bytes ({})",
      *budget_bytes, config.name, least, FormatBytes(static_cast<uint64_t>(least)));
}

}  // namespace bittern
