#include "compiler/memory_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "isa/accelerator.h"

namespace bittern {
namespace {

// What scratch and scalars are called, by StoredId.
std::map<StoredId, std::string> NamesOf(const CompiledStep& step) {
  std::map<StoredId, std::string> names;
  for (const auto& [value, id] : step.constants) names[id] = fmt::format("constant {}", value);
  for (const auto& [factor, id] : step.rates) names[id] = fmt::format("rate {}", factor);
  for (const auto& [loss, id] : step.loss_weights) names[id] = fmt::format("loss weight {}", loss);
  for (const MachineOp& op : step.ops) {
    for (const StoredId id : op.tensors) {
      const auto number = static_cast<size_t>(id);
      if (number < step.names.size() || names.contains(id)) continue;
      names[id] = fmt::format("scratch {}: {}", number - step.names.size(), op.source);
    }
  }
  return names;
}

// How many slices the entries of a table choose among, by its tensor: the extent of the axis that
// has the slices' step. Where axes of extent 1 have the same step as another one it may be either.
std::map<TensorId, int64_t> PlacesOf(const Graph& graph) {
  std::map<TensorId, int64_t> places;
  const auto add = [&](TensorId table, TensorId id, Size stride) {
    if (table == kNoTensor) return;
    int64_t step = 1, extent = 0;
    int axes = 0;
    const std::vector<Size>& shape = graph.At(id).shape;
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (step == stride.At(graph.tokens)) {
        extent = shape[axis].At(graph.tokens);
        ++axes;
      }
      step *= shape[axis].At(graph.tokens);
    }
    if (axes == 0 || (axes > 1 && extent > 1)) return;
    int64_t& least = places.try_emplace(table, extent).first->second;
    least = std::min(least, extent);
  };
  for (const Op& op : graph.ops) {
    if (op.kind != OpKind::kContract || op.gather.list < 0) continue;
    add(op.gather.a_table, op.in[0], op.gather.a_stride);
    add(op.gather.b_table, op.in[1], op.gather.b_stride);
    add(op.gather.c_table, op.out[0], op.gather.c_stride);
  }
  return places;
}

}  // namespace

isa::MemoryMap MapOf(const Graph& graph, const CompiledStep& step) {
  isa::MemoryMap map;
  map.instructions = static_cast<int32_t>(step.ops.size()) + 1;  // the end
  map.tokens = static_cast<int32_t>(graph.tokens);
  const std::map<StoredId, std::string> names = NamesOf(step);
  const auto among = [](const auto& scalars, StoredId id) {
    return std::any_of(scalars.begin(), scalars.end(),
                       [id](const auto& entry) { return entry.second == id; });
  };
  std::map<std::string, int> uses;
  for (size_t i = 0; i < step.storage.size(); ++i) {
    const auto id = static_cast<StoredId>(i);
    const bool of_graph = i < graph.tensors.size();
    const bool output = of_graph && graph.tensors[i].kind == TensorKind::kOutput;
    const bool constant = among(step.constants, id);
    const bool kept = constant || (of_graph && graph.tensors[i].persistent && !output);
    const bool given = kept || among(step.rates, id) || among(step.loss_weights, id);
    const Lifetime& life = step.lives[i];
    if (step.storage[i].elements == 0 || life.last < life.first) continue;
    const Extent& extent = step.extents[i];
    isa::MappedTensor tensor;
    tensor.name = i < step.names.size() ? step.names[i] : names.at(id);
    // The graph may use a name for several tensors of one layer.
    if (const int use = ++uses[tensor.name]; use > 1) tensor.name += fmt::format(" ({})", use);
    tensor.region = static_cast<int32_t>(extent.address >> isa::kRegionShift);
    tensor.begin = extent.address & ((1u << isa::kRegionShift) - 1);
    tensor.end = tensor.begin + extent.words;
    tensor.halves = extent.plane_step != 0 ? 2 : 1;
    tensor.first_writer = given ? isa::MappedTensor::kBefore : life.first;
    tensor.last_reader = kept || output ? map.instructions : life.last;
    map.tensors.push_back(std::move(tensor));
  }
  const std::map<TensorId, int64_t> places = PlacesOf(graph);
  for (const auto& [tensor, table] : step.tables) {
    const auto at = places.find(tensor);
    map.tables.push_back({static_cast<int32_t>(table), graph.At(tensor).name,
                          at == places.end() ? 0 : static_cast<int32_t>(at->second)});
  }
  return map;
}

isa::Program ProgramOf(const Graph& graph, const CompiledStep& step,
                       const isa::Accelerator& machine) {
  isa::Program program;
  program.accelerator = machine.name;
  program.words = step.code;
  for (const auto& [value, id] : step.constants) {
    program.constants.push_back({step.extents[static_cast<size_t>(id)].address, value});
  }
  program.metadata = isa::ToJson(MapOf(graph, step), machine);
  return program;
}

}  // namespace bittern
