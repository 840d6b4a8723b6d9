#include "model/initial_values.h"

#include "base/random.h"

namespace bittern {

void SetInitialValues(const Config& config, const Graph& graph,
                      const std::function<std::span<float>(TensorId)>& place) {
  uint64_t stream = 0;
  for (TensorId id = 0; id < static_cast<TensorId>(graph.tensors.size()); ++id) {
    const Tensor& tensor = graph.At(id);
    if (tensor.kind != TensorKind::kParameter) continue;
    Random random(config.training.seed, stream++);
    FillInitialValues(tensor.parameter.initial, random, place(id));
  }
}

}  // namespace bittern
