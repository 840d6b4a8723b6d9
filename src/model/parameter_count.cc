#include "model/parameter_count.h"

#include <algorithm>

#include "model/training_step.h"

namespace bittern {
namespace {

void Count(const Graph& graph, int64_t ParameterCount::*count, std::vector<ParameterCount>& parts) {
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.kind != TensorKind::kParameter) continue;
    const std::string& name = graph.parts[static_cast<size_t>(tensor.part)].name;
    auto part = std::find_if(parts.begin(), parts.end(),
                             [&](const ParameterCount& known) { return known.part == name; });
    if (part == parts.end()) part = parts.insert(part, ParameterCount{name});
    (*part).*count += tensor.Elements(graph.tokens);
  }
}

}  // namespace

std::vector<ParameterCount> CountParameters(const Graph& stored, const Graph& dense) {
  std::vector<ParameterCount> parts;
  Count(stored, &ParameterCount::stored, parts);
  Count(dense, &ParameterCount::dense, parts);

  ParameterCount all{"all"};
  for (const ParameterCount& part : parts) {
    all.stored += part.stored;
    all.dense += part.dense;
  }
  parts.push_back(all);
  return parts;
}

std::vector<ParameterCount> CountParameters(const Config& config) {
  Config dense = config;
  SetFormat(Format::kDense, dense.model);
  return CountParameters(BuildStep(config, {}), BuildStep(dense, {}));
}

}  // namespace bittern
