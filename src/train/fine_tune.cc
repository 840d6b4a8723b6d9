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

Lexicon ExtendLexicon(const Checkpoint& checkpoint, const Split& train) {
  const auto rows = static_cast<int>(checkpoint.config.model.embedding.rows());
  return {ExtendVocabulary(checkpoint.lexicon.vocabulary, train, rows).vocabulary,
          ExtendLabels(checkpoint.lexicon.labels, train)};
}

void StartFromCheckpoint(CheckpointReader& checkpoint, const Graph& graph,
                         const TensorValues& values) {
  const ModelConfig& old = checkpoint.contents().config.model;
  for (TensorId id = 0; id < static_cast<TensorId>(graph.tensors.size()); ++id) {
    const Tensor& tensor = graph.At(id);
    if (tensor.kind != TensorKind::kParameter) continue;
    const std::string& name = tensor.name;
    const bool new_task = (name.starts_with("intent.") && old.intents == 0) ||
                          (name.starts_with("slot.") && old.tags == 0);
    if (new_task) continue;
    const std::span<float> to = values(id);
    const std::vector<float> from = checkpoint.ReadTensor(name);
    // Rows of a head are its slowest index: the old labels' stand in front. All else has one size.
    BITTERN_CHECK(from.size() == to.size() ||
                  (from.size() < to.size() && name.find(".head.") != name.npos));
    std::copy(from.begin(), from.end(), to.begin());
    if (name.ends_with(".head.bias")) {
      std::fill(to.begin() + static_cast<ptrdiff_t>(from.size()), to.end(),
                *std::min_element(from.begin(), from.end()));
    }
  }
}

}  // namespace bittern
