// SPDX-License-Identifier: Apache-2.0
// What a kind of step runner tells the list in step_runner.cc.
#ifndef BITTERN_TRAIN_STEP_RUNNER_KINDS_H_
#define BITTERN_TRAIN_STEP_RUNNER_KINDS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "train/step_runner.h"

namespace bittern {

struct StepRunnerKind {
  // Names for --device.
  std::function<std::vector<std::string>()> devices;
  // The kind decides what is computed again, and ignores the argument of `make`.
  bool chooses_recompute = false;
  std::function<std::unique_ptr<StepRunner>(const std::string& device, const Config& config,
                                            StepKind kind, Recompute recompute)>
      make;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_STEP_RUNNER_KINDS_H_
