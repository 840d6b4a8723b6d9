// SPDX-License-Identifier: Apache-2.0
// Runs a training or inference step: on this machine, or on a device that runs accelerator
// programs.
//
// A runner shows every kept tensor and every output as a span of the host's memory. On the CPU that
// is the memory that the step works in. A device has copies of its own: Send writes the host's
// parameters to the device, Fetch reads them back, and the two sides differ after a step until
// then.
#ifndef BITTERN_TRAIN_STEP_RUNNER_H_
#define BITTERN_TRAIN_STEP_RUNNER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "model/config.h"
#include "model/training_step.h"

namespace bittern {

// Cycles of the steps run so far, on a machine that counts them.
struct CycleCount {
  int64_t steps = 0;
  int64_t cycles = 0;
  int32_t clock_mhz = 0;  // 0: no such machine
};

class StepRunner {
 public:
  virtual ~StepRunner() = default;

  virtual const Graph& graph() const = 0;
  // True if a step takes as many tokens as the graph has, for any sentence (InputWriter's `pad`).
  virtual bool always_pads() const = 0;
  // The memory of a step and what is computed again, in a line for people.
  virtual std::string Summary() const = 0;
  // The same in bytes: all that a step touches.
  virtual int64_t step_bytes() const = 0;
  virtual CycleCount cycles() const { return {}; }

  // Parameters and optimizer states, and outputs; packed for the tokens of the latest run.
  virtual std::span<float> Values(TensorId id) = 0;
  // Inputs, which Run reads.
  virtual std::span<int32_t> Integers(TensorId id) = 0;
  // Send copies parameters and states from Values to the machine, Fetch from the machine to Values.
  virtual void Send() = 0;
  virtual void Fetch() = 0;

  // Run takes a step of one example, RunUpdates the update at the end of a batch. Outputs are in
  // Values afterwards.
  virtual void Run(const StepInputs& inputs) = 0;
  virtual void RunUpdates(const StepInputs& inputs) = 0;
};

inline constexpr char kCpu[] = "cpu";

// The names that MakeStepRunner takes: "cpu", "sim:u50", ...
std::vector<std::string> StepDevices();

// True if the device itself decides what is computed again. A memory budget then has no meaning.
bool ChoosesRecompute(const std::string& device);

// `device` is one of StepDevices(). A device that ChoosesRecompute takes the least that fits, and
// ignores `recompute`. Fails where the device cannot run the step, and names what is too small or
// the training option.
std::unique_ptr<StepRunner> MakeStepRunner(const std::string& device, const Config& config,
                                           StepKind kind,
                                           Recompute recompute = Recompute::kElementwise);

}  // namespace bittern

#endif  // BITTERN_TRAIN_STEP_RUNNER_H_
