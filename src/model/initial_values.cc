#include "model/initial_values.h"

#include <algorithm>
#include <string_view>

#include "base/random.h"
#include "tensor/initialise.h"

namespace bittern {
namespace {

void Normal(double deviation, Random& random, std::span<float> values) {
  for (float& value : values) value = static_cast<float>(deviation * random.Normal());
}

}  // namespace

void SetInitialValues(const Config& config, const Graph& graph,
                      const std::function<std::span<float>(TensorId)>& place) {
  const ModelConfig& model = config.model;
  uint64_t stream = 0;
  for (TensorId id = 0; id < static_cast<TensorId>(graph.tensors.size()); ++id) {
    const Tensor& tensor = graph.At(id);
    if (tensor.kind != TensorKind::kParameter) continue;
    const std::span<float> values = place(id);
    Random random(config.training.seed, stream++);
    const std::string_view name = tensor.name;
    const size_t core = name.find(".core.");
    if (core != name.npos) {
      const int number = name[core + 6] - '0';  // at most kMaxCores = 8
      if (name.starts_with("embedding.word.")) {
        InitialiseCore(model.embedding, number, model.embedding_deviation, model.core_start, random,
                       values);
      } else {
        InitialiseCore(model.map, number, model.map_deviation, model.core_start, random, values);
      }
    } else if (name.ends_with(".gain")) {
      std::fill(values.begin(), values.end(), 1.0f);
    } else if (name.ends_with(".shift") || name.ends_with(".bias")) {
      std::fill(values.begin(), values.end(), 0.0f);
    } else {
      const bool map = name.ends_with(".weight") && name.find(".head.") == name.npos &&
                       !name.starts_with("embedding.");
      Normal(map ? model.map_deviation : model.table_deviation, random, values);
    }
  }
}

}  // namespace bittern
