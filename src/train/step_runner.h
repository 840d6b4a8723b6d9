// Runs a training or inference step: the engine on this machine, or a device that runs accelerator
// programs.
//
// Host copies: a runner shows every kept tensor and every output as a span on this side. The engine
// shows its own memory; a device's parameters move with Send and Fetch, and what is on both sides
// is the same only in between.
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
  // True if a step always has the graph's number of tokens: InputWriter's `pad`.
  virtual bool always_pads() const = 0;
  // The memory of a step and what is computed again, in a line for people.
  virtual std::string Summary() const = 0;
  // The same in bytes: all that a step touches.
  virtual int64_t step_bytes() const = 0;
  virtual CycleCount cycles() const { return {}; }

  // Parameters and optimizer states, and outputs; packed for the tokens of the latest run.
  virtual std::span<float> Values(TensorId id) = 0;
  // Inputs; Run takes them.
  virtual std::span<int32_t> Integers(TensorId id) = 0;
  // Makes the machine's parameters and states those of Values, and the other way round.
  virtual void Send() = 0;
  virtual void Fetch() = 0;

  // Run takes the step of one sentence, RunUpdates the update at the end of a batch. Outputs are in
  // Values afterwards.
  virtual void Run(const StepInputs& inputs) = 0;
  virtual void RunUpdates(const StepInputs& inputs) = 0;
};

inline constexpr char kCpu[] = "cpu";

// The names that MakeStepRunner accepts: "cpu", "sim:u50", ...
std::vector<std::string> StepDevices();

// `device`: "cpu", or a device that runs programs ("sim:u50"). `recompute` is the engine's; for a
// device the least that fits is chosen. Fails, naming what is short or the training option, where
// the device cannot run the step.
std::unique_ptr<StepRunner> MakeStepRunner(const std::string& device, const Config& config,
                                           StepKind kind,
                                           Recompute recompute = Recompute::kElementwise);

}  // namespace bittern

#endif  // BITTERN_TRAIN_STEP_RUNNER_H_
