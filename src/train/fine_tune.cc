#include "train/fine_tune.h"

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace bittern {

Config FineTuningConfig(const Checkpoint& checkpoint, const Config* given) {
  Config config = given == nullptr ? checkpoint.config : *given;
  config.model = checkpoint.config.model;
  config.training = config.fine_tuning;
  return config;
}

void StartFromCheckpoint(CheckpointReader& checkpoint, const Graph& graph,
                         const TensorValues& values) {
  for (TensorId id = 0; id < static_cast<TensorId>(graph.tensors.size()); ++id) {
    const Tensor& tensor = graph.At(id);
    if (tensor.kind != TensorKind::kParameter || !checkpoint.Has(tensor.name)) continue;
    const std::span<float> to = values(id);
    const std::vector<float> from = checkpoint.ReadTensor(tensor.name);
    const AddedRows added = tensor.parameter.added_rows;
    BITTERN_CHECK(from.size() == to.size() ||
                  (from.size() < to.size() && added != AddedRows::kNone));
    // A row is the slowest index, so the old rows come first.
    std::copy(from.begin(), from.end(), to.begin());
    if (added == AddedRows::kLeast) {
      std::fill(to.begin() + static_cast<ptrdiff_t>(from.size()), to.end(),
                *std::min_element(from.begin(), from.end()));
    }
  }
}

}  // namespace bittern
