#include "cli/parameter_count.h"

#include <algorithm>
#include <string_view>

#include "graph/graph.h"
#include "model/training_step.h"

namespace bittern {
namespace {

// "encoder.0.attention.query.core.2" belongs to "encoder.0.attention", "embedding.word.core.0" to
// "embedding.word", "slot.head.bias" to "slot".
std::string_view Part(std::string_view name) {
  const int depth = name.starts_with("encoder.") ? 3 : name.starts_with("embedding.") ? 2 : 1;
  size_t end = 0;
  for (int i = 0; i < depth; ++i) end = name.find('.', i == 0 ? 0 : end + 1);
  return name.substr(0, end);
}

void Count(const Config& config, int64_t ParameterCount::*count,
           std::vector<ParameterCount>& parts) {
  const Graph graph = BuildStep(config, {});
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.kind != TensorKind::kParameter) continue;
    const std::string_view name = Part(tensor.name);
    auto part = std::find_if(parts.begin(), parts.end(),
                             [&](const ParameterCount& known) { return known.part == name; });
    if (part == parts.end()) part = parts.insert(part, ParameterCount{std::string(name)});
    (*part).*count += tensor.Elements(graph.tokens);
  }
}

}  // namespace

std::vector<ParameterCount> CountParameters(const Config& config) {
  std::vector<ParameterCount> parts;
  Count(config, &ParameterCount::stored, parts);
  Config dense = config;
  SetFormat(Format::kDense, dense.model);
  Count(dense, &ParameterCount::dense, parts);

  ParameterCount all{"all"};
  for (const ParameterCount& part : parts) {
    all.stored += part.stored;
    all.dense += part.dense;
  }
  parts.push_back(all);
  return parts;
}

}  // namespace bittern
