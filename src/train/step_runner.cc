// SPDX-License-Identifier: Apache-2.0
#include "train/step_runner.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "train/step_runner_kinds.h"

namespace bittern {

// Every kind of step runner, each from the file that it is named after. A new kind takes a file,
// its two lines here, and a line in CMakeLists.txt. A device that runs programs of the accelerator
// is no new kind: see program_devices.cc.
// NOLINTBEGIN(readability-redundant-declaration): the files of a library may be compiled as one
StepRunnerKind CpuRunners();      // cpu_runner.cc
StepRunnerKind ProgramRunners();  // program_runner.cc
// NOLINTEND(readability-redundant-declaration)

namespace {

const std::vector<StepRunnerKind>& Kinds() {
  static const std::vector<StepRunnerKind> kinds = {CpuRunners(), ProgramRunners()};
  return kinds;
}

const StepRunnerKind& KindOf(const std::string& device) {
  for (const StepRunnerKind& kind : Kinds()) {
    if (std::ranges::count(kind.devices(), device) > 0) return kind;
  }
  Fail("no device \"{}\"; there are {}", device, fmt::join(StepDevices(), ", "));
}

}  // namespace

std::vector<std::string> StepDevices() {
  std::vector<std::string> names;
  for (const StepRunnerKind& kind : Kinds()) {
    for (std::string& name : kind.devices()) names.push_back(std::move(name));
  }
  return names;
}

bool ChoosesRecompute(const std::string& device) { return KindOf(device).chooses_recompute; }

std::unique_ptr<StepRunner> MakeStepRunner(const std::string& device, const Config& config,
                                           StepKind kind, Recompute recompute) {
  return KindOf(device).make(device, config, kind, recompute);
}

}  // namespace bittern
