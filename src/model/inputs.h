// What the host writes before a step: the input tensors of training_step.h for one sentence.
//
// The same code serves every machine: `place` says where an input tensor lies. Nothing is
// allocated after construction.
#ifndef BITTERN_MODEL_INPUTS_H_
#define BITTERN_MODEL_INPUTS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "model/config.h"
#include "model/training_step.h"

namespace bittern {

// Token columns are computed in groups of this many; the padding within a group has no effect.
inline constexpr int kColumnGroup = 4;

// Columns for `valid` real tokens: the next multiple of kColumnGroup, or all of the model's.
int Columns(const ModelConfig& model, int valid, bool pad);

class InputWriter {
 public:
  using Place = std::function<std::span<int32_t>(TensorId)>;

  InputWriter(const Config& config, const Graph& graph, const Place& place);

  // ids: [tokens], [CLS] first, at most model.tokens. tags: [tokens] or empty, -1: no label.
  // intent: -1: no label. Sets every field of `inputs` that depends on the sentence (tokens, valid,
  // list_sizes, loss_weights: weights of the configuration, a mean over the labelled words where
  // it asks for one, over `batch` sentences); the others are the caller's.
  void Write(std::span<const uint16_t> ids, std::span<const int16_t> tags, int intent, bool pad,
             StepInputs& inputs);

 private:
  const Config config_;
  EmbeddingTree tree_;
  std::span<int32_t> slot_, tags_, intent_;
  struct Node {
    std::span<int32_t> left, right;
  };
  std::vector<Node> nodes_;            // inner nodes
  std::vector<int32_t> words_, rows_;  // [tokens]
  std::vector<std::vector<int32_t>> storage_;
  std::vector<EmbeddingList> lists_;  // by node
};

}  // namespace bittern

#endif  // BITTERN_MODEL_INPUTS_H_
