// SPDX-License-Identifier: Apache-2.0
// Runs a step as a program, on a device that runs programs of the accelerator.
#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

#include "accelerator/compiler/device_step.h"
#include "accelerator/device/registry.h"
#include "accelerator/estimate/model_program.h"
#include "accelerator/isa/accelerator.h"
#include "base/text.h"
#include "train/program_devices.h"
#include "train/step_runner_kinds.h"

namespace bittern {
namespace {

class ProgramRunner : public StepRunner {
 public:
  ProgramRunner(std::unique_ptr<Device> device, ModelProgram program)
      : device_(std::move(device)),
        recompute_(program.recompute),
        step_(std::move(program.graph), std::move(program.step), *device_) {
    // The host keeps a copy of what it exchanges with the device: parameters, states and outputs.
    for (TensorId id = 0; id < std::ssize(graph().tensors); ++id) {
      const Tensor& tensor = graph().At(id);
      if (tensor.type != ElementType::kF32) continue;
      if (tensor.IsCheckpointed() || tensor.kind == TensorKind::kOutput) {
        values_[id].resize(static_cast<size_t>(tensor.Elements(graph().tokens)));
      }
    }
  }

  const Graph& graph() const override { return step_.graph(); }
  // The program computes all columns, so every sentence is padded to the model's tokens.
  bool always_pads() const override { return true; }
  std::string Summary() const override {
    const isa::Accelerator& machine = device_->accelerator();
    return fmt::format("{} on accelerator {}, program {}; computed again: {}",
                       FormatBytes(static_cast<uint64_t>(step_bytes())), machine.name,
                       FormatBytes(step_.compiled().code.size() * sizeof(uint32_t)),
                       Name(recompute_));
  }
  int64_t step_bytes() const override {
    int64_t bytes = 0;
    for (const auto& [kind, words] : step_.compiled().words) {
      // These are the words that the program uses, with all lanes of each word.
      bytes += words * static_cast<int64_t>(sizeof(float)) *
               isa::WordLanes(device_->accelerator(), static_cast<int32_t>(kind));
    }
    return bytes;
  }
  CycleCount cycles() const override { return cycles_; }

  std::span<float> Values(TensorId id) override { return values_.at(id); }
  std::span<int32_t> Integers(TensorId id) override { return step_.Integers(id); }
  void Send() override {
    for (auto& [id, values] : values_) {
      // Outputs are left out, because only the device writes them.
      if (graph().At(id).IsCheckpointed()) step_.Write(id, values);
    }
  }
  void Fetch() override {
    for (auto& [id, values] : values_) {
      if (graph().At(id).IsCheckpointed()) step_.Read(id, values);
    }
  }

  void Run(const StepInputs& inputs) override {
    step_.Run(inputs);
    for (auto& [id, values] : values_) {
      // After a step the host needs only the outputs: losses and predictions.
      if (!graph().At(id).IsCheckpointed()) step_.Read(id, values);
    }
    ++cycles_.steps;
    cycles_.cycles += device_->ReadCounters().cycles;
    cycles_.clock_mhz = device_->accelerator().clock_mhz;
  }
  void RunUpdates(const StepInputs&) override {}  // the compiler refuses batches

 private:
  std::unique_ptr<Device> device_;
  Recompute recompute_;
  DeviceStep step_;
  std::map<TensorId, std::vector<float>> values_;
  CycleCount cycles_;
};

}  // namespace

StepRunnerKind ProgramRunners() {
  return {.devices =
              [] {
                RegisterProductDevices();
                return DeviceNames();
              },
          .chooses_recompute = true,
          .make = [](const std::string& device, const Config& config, StepKind kind,
                     Recompute) -> std::unique_ptr<StepRunner> {
            // The recomputation is not taken from the caller: the compiler finds the least one that
            // fits the memory.
            std::unique_ptr<Device> opened = OpenDevice(device);
            ModelProgram program = CompileModel(config, kind, opened->accelerator());
            return std::make_unique<ProgramRunner>(std::move(opened), std::move(program));
          }};
}

}  // namespace bittern
