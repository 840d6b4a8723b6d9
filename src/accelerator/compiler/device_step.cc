// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/device_step.h"

#include <algorithm>
#include <utility>

#include "accelerator/compiler/memory_map.h"
#include "accelerator/isa/accelerator.h"
#include "base/error.h"

namespace bittern {

DeviceStep::DeviceStep(Graph graph, CompiledStep compiled, Device& device)
    : graph_(std::move(graph)), device_(device), compiled_(std::move(compiled)) {
  device_.LoadProgram(ProgramOf(graph_, compiled_, device.accelerator()));
  for (TensorId id = 0; id < std::ssize(graph_.tensors); ++id) {
    const Tensor& tensor = graph_.At(id);
    // Integer tensors exist on the host only. Run sends them as index tables.
    if (tensor.type == ElementType::kI32) {
      integers_[id].resize(static_cast<size_t>(tensor.Elements(graph_.tokens)));
    }
  }
}

DeviceStep::DeviceStep(Graph graph, Device& device)
    : DeviceStep(graph, Compile(graph, device.accelerator()), device) {}

int64_t DeviceStep::WordWidth(const TensorLayout& layout) const {
  return isa::WordLanes(device_.accelerator(), static_cast<int32_t>(layout.kind));
}

// The buffer of a tensor is [half][word][lane]. On the device the second half begins `plane_step`
// words later, in the buffer directly after the first half.
int64_t DeviceStep::FloatOf(const TensorLayout& layout, int64_t element) const {
  const int64_t word = layout.WordOf(element);
  const bool second = layout.split != 0 && word >= layout.plane_step;
  const int64_t at = second ? word - layout.plane_step + layout.span() : word;
  return at * WordWidth(layout) + layout.LaneOf(element);
}

// Calls transfer(address, floats) for each of the tensor's halves, or the whole.
template <typename F>
void DeviceStep::ForEachPart(TensorId tensor, F transfer) {
  const TensorLayout& layout = compiled_.layouts[static_cast<size_t>(tensor)];
  const Extent& extent = compiled_.extents[static_cast<size_t>(tensor)];
  // `extent.words` are the words of one plane. A tensor with a partition has the same number in the
  // other plane.
  const auto part = static_cast<size_t>(extent.words * WordWidth(layout));
  const std::span<float> words = words_;
  transfer(extent.address, words.first(part));
  if (extent.plane_step != 0) {
    transfer(extent.address + static_cast<uint32_t>(extent.plane_step), words.subspan(part));
  }
}

void DeviceStep::Write(TensorId tensor, std::span<const float> values) {
  const TensorLayout& layout = compiled_.layouts[static_cast<size_t>(tensor)];
  BITTERN_CHECK(std::ssize(values) == layout.elements);
  // Lanes beyond the tensor's axis must hold 0 (tensor_layout.h), because sums over lanes include
  // them.
  words_.assign(static_cast<size_t>(layout.words() * WordWidth(layout)), 0.0f);
  for (int64_t e = 0; e < layout.elements; ++e) {
    words_[static_cast<size_t>(FloatOf(layout, e))] = values[static_cast<size_t>(e)];
  }
  ForEachPart(tensor, [&](uint32_t address, std::span<float> floats) {
    device_.WriteWords(address, floats);
  });
}

void DeviceStep::Read(TensorId tensor, std::span<float> values) {
  const TensorLayout& layout = compiled_.layouts[static_cast<size_t>(tensor)];
  BITTERN_CHECK(std::ssize(values) == layout.elements);
  words_.resize(static_cast<size_t>(layout.words() * WordWidth(layout)));
  ForEachPart(tensor, [&](uint32_t address, std::span<float> floats) {
    device_.ReadWords(address, floats);
  });
  for (int64_t e = 0; e < layout.elements; ++e) {
    values[static_cast<size_t>(e)] = words_[static_cast<size_t>(FloatOf(layout, e))];
  }
}

std::span<int32_t> DeviceStep::Integers(TensorId tensor) { return integers_.at(tensor); }

void DeviceStep::WriteScalar(StoredId scalar, float value) {
  device_.WriteWords(compiled_.extents[static_cast<size_t>(scalar)].address, std::span(&value, 1));
}

void DeviceStep::Run(const StepInputs& inputs) {
  // Rates carry the sign of the descent, so the program only adds.
  for (const auto& [factor, id] : compiled_.rates) {
    WriteScalar(id, -static_cast<float>(factor * inputs.learning_rate));
  }
  for (const auto& [loss, id] : compiled_.loss_weights) {
    WriteScalar(id, static_cast<float>(inputs.loss_weights[static_cast<size_t>(loss)]));
  }
  for (const auto& [tensor, table] : compiled_.tables) {
    // Instructions number tables from 1, because 0 means no table. The device counts from 0.
    device_.WriteTable(table - 1, integers_.at(tensor));
  }
  HostRegisters registers;
  // The list registers are numbered as the lists of the graph. The rest stays 0.
  BITTERN_CHECK(inputs.list_sizes.size() <= registers.lists.size());
  for (size_t i = 0; i < inputs.list_sizes.size(); ++i) {
    registers.lists[i] = static_cast<uint32_t>(inputs.list_sizes[i]);
  }
  // The device always computes all columns. The register says how many of them are real tokens.
  registers.tokens = static_cast<uint32_t>(inputs.valid);
  registers.dropout_key = inputs.dropout_key;
  device_.WriteRegisters(registers);
  device_.Start();
  device_.Wait();
}

}  // namespace bittern
