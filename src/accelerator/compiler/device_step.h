// SPDX-License-Identifier: Apache-2.0
// Runs a compiled graph on a device, as Executor (cpu/executor.h) does on the CPU.
//
// Tensors are row-major on the host and are words on the device. The device keeps its tensors
// between steps. A step sends labels, tables of word digits, the token count, rates and loss
// weights. It fetches no result by itself.
#ifndef BITTERN_ACCELERATOR_COMPILER_DEVICE_STEP_H_
#define BITTERN_ACCELERATOR_COMPILER_DEVICE_STEP_H_

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "accelerator/compiler/compile.h"
#include "accelerator/device/device.h"

namespace bittern {

class DeviceStep {
 public:
  // Loads the program. `compiled` is Compile's of `graph` for the device, which outlives this.
  DeviceStep(Graph graph, CompiledStep compiled, Device& device);
  // Compiles it, too.
  DeviceStep(Graph graph, Device& device);

  const Graph& graph() const { return graph_; }
  const CompiledStep& compiled() const { return compiled_; }

  // All elements of a tensor, for Graph::tokens columns.
  void Write(TensorId tensor, std::span<const float> values);
  void Read(TensorId tensor, std::span<float> values);
  // An input tensor on this side; sent by Run.
  std::span<int32_t> Integers(TensorId tensor);

  void Run(const StepInputs& inputs);

 private:
  int64_t WordWidth(const TensorLayout& layout) const;
  // The index of an element among the floats of its tensor's words.
  int64_t FloatOf(const TensorLayout& layout, int64_t element) const;
  template <typename F>
  void ForEachPart(TensorId tensor, F transfer);
  void WriteScalar(StoredId scalar, float value);

  Graph graph_;
  Device& device_;
  CompiledStep compiled_;
  std::map<TensorId, std::vector<int32_t>> integers_;
  std::vector<float> words_;  // a buffer for one transfer
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_DEVICE_STEP_H_
