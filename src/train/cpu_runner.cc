// SPDX-License-Identifier: Apache-2.0
// Runs a step on this machine, by cpu/executor.h.
#include <fmt/format.h>

#include <memory>

#include "base/text.h"
#include "cpu/executor.h"
#include "model/inputs.h"
#include "train/step_runner_kinds.h"

namespace bittern {
namespace {

class CpuRunner : public StepRunner {
 public:
  CpuRunner(const Config& config, StepKind kind, Recompute recompute)
      : executor_(BuildStep(config, {.kind = kind, .recompute = recompute}), kColumnGroup),
        recompute_(recompute) {}

  const Graph& graph() const override { return executor_.graph(); }
  bool always_pads() const override { return false; }
  std::string Summary() const override {
    return fmt::format("{} for parameters, gradients and activations; computed again: {}",
                       FormatBytes(static_cast<uint64_t>(step_bytes())), Name(recompute_));
  }
  int64_t step_bytes() const override { return executor_.arena_bytes(); }
  std::span<float> Values(TensorId id) override { return executor_.Values(id); }
  std::span<int32_t> Integers(TensorId id) override { return executor_.Integers(id); }
  void Send() override {}
  void Fetch() override {}
  void Run(const StepInputs& inputs) override { executor_.Run(inputs); }
  void RunUpdates(const StepInputs& inputs) override { executor_.RunUpdates(inputs); }

 private:
  Executor executor_;
  Recompute recompute_;
};

}  // namespace

StepRunnerKind CpuRunners() {
  return {.devices = [] { return std::vector<std::string>{kCpu}; },
          .chooses_recompute = false,
          .make = [](const std::string&, const Config& config, StepKind kind,
                     Recompute recompute) -> std::unique_ptr<StepRunner> {
            return std::make_unique<CpuRunner>(config, kind, recompute);
          }};
}

}  // namespace bittern
