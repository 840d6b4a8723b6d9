// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/memory_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "accelerator/isa/accelerator.h"
#include "base/error.h"

namespace bittern {
namespace {

// The names of scratch and scalars, by StoredId.
std::map<StoredId, std::string> NamesOf(const CompiledStep& step) {
  std::map<StoredId, std::string> names;
  for (const auto& [value, id] : step.constants) names[id] = fmt::format("constant {}", value);
  for (const auto& [factor, id] : step.rates) names[id] = fmt::format("rate {}", factor);
  for (const auto& [loss, id] : step.loss_weights) names[id] = fmt::format("loss weight {}", loss);
  for (const MachineOp& op : step.ops) {
    for (const StoredId id : op.tensors) {
      const auto number = static_cast<size_t>(id);
      if (number < step.names.size() || names.contains(id)) continue;
      // The first instruction that touches a scratch tensor gives its name. Scratch numbers begin
      // after the graph's tensors.
      names[id] = fmt::format("scratch {}: {}", number - step.names.size(), op.source);
    }
  }
  return names;
}

// By tensor of a table: the number of slices that an entry can select. A contraction runs over one
// whole slice.
std::map<TensorId, int64_t> PlacesOf(const Graph& graph) {
  std::map<TensorId, int64_t> places;
  // The table's entries select slices of tensor `id`. The loops of the contraction that move in it
  // span one slice.
  const auto add = [&](const ops::Contract& contract, TensorId table, TensorId id,
                       Size Loop::*stride) {
    if (table == kNoTensor) return;
    int64_t slice = 1;
    for (const Loop& loop : contract.loops) {
      if ((loop.*stride).At(graph.tokens) != 0) slice *= loop.extent.At(graph.tokens);
    }
    const int64_t slices = graph.At(id).Elements(graph.tokens) / slice;
    const auto [at, is_new] = places.try_emplace(table, slices);
    // Several tensors may be indexed by one table, but then all have the same number of slices.
    BITTERN_CHECK(is_new || at->second == slices);
  };
  for (const Op& op : graph.ops) {
    const auto* contract = op.As<ops::Contract>();
    if (contract == nullptr) continue;
    const auto in = op.Inputs<ops::Contract>();
    add(*contract, in.a_table, in.a, &Loop::a);
    add(*contract, in.b_table, in.b, &Loop::b);
    add(*contract, in.c_table, op.Outputs<ops::Contract>().c, &Loop::c);
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
  for (size_t i = 0; i < step.layouts.size(); ++i) {
    const auto id = static_cast<StoredId>(i);
    const bool of_graph = i < graph.tensors.size();
    // An output belongs to the step that writes it: the host reads it after the step.
    const bool output = of_graph && graph.tensors[i].kind == TensorKind::kOutput;
    const bool constant = among(step.constants, id);
    // `kept`: the value must survive the step. `given`: the host, or an earlier step, has written
    // it before the step.
    const bool kept = constant || (of_graph && graph.tensors[i].persistent && !output);
    const bool given = kept || among(step.rates, id) || among(step.loss_weights, id);
    const Lifetime& life = step.lives[i];
    // Input tables have no words. A life that ends before it begins marks a tensor that no
    // instruction touches.
    if (step.layouts[i].elements == 0 || life.last < life.first) continue;
    const Extent& extent = step.extents[i];
    isa::MappedTensor tensor;
    tensor.name = i < step.names.size() ? step.names[i] : names.at(id);
    // The graph may use a name for several tensors of one layer.
    if (const int use = ++uses[tensor.name]; use > 1) tensor.name += fmt::format(" ({})", use);
    // An address has the region in its upper bits. A map counts words from the start of the region.
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
                          // 0: the table selects no slices, so its entries are only compared.
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
