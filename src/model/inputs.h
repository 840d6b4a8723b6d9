// Writes the input tensors of training_step.h for one sentence, before its step runs.
//
// The same code serves every machine: `place` gives the memory of an input tensor. Nothing is
// allocated after construction.
#ifndef BITTERN_MODEL_INPUTS_H_
#define BITTERN_MODEL_INPUTS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "data/encode.h"
#include "graph/graph.h"
#include "model/config.h"
#include "model/tasks/registry.h"
#include "model/training_step.h"

namespace bittern {

// Token columns are computed in groups of this many. The padding within a group has no effect.
inline constexpr int kColumnGroup = 4;

// The number of columns for `valid` real tokens: the next multiple of kColumnGroup, or with `pad`
// the model's tokens.
int Columns(const ModelConfig& model, int valid, bool pad);

class InputWriter {
 public:
  using Place = std::function<std::span<int32_t>(TensorId)>;

  InputWriter(const Config& config, const Graph& graph, const Place& place);

  // ids: [tokens], [CLS] first, at most model.tokens. Sets every field of `inputs` that depends on
  // the sentence: tokens, valid, list_sizes and loss_weights [task]. The other fields stay.
  void Write(std::span<const uint16_t> ids, SentenceLabels labels, bool pad, StepInputs& inputs);

 private:
  const Config config_;
  EmbeddingTree tree_;
  const Tasks tasks_;
  std::vector<std::span<int32_t>> labels_;  // [task]; empty: the graph reads none
  std::span<int32_t> slot_;
  struct Node {
    std::span<int32_t> left, right;
  };
  std::vector<Node> nodes_;            // inner nodes
  std::vector<int32_t> words_, rows_;  // [tokens]
  std::vector<std::vector<int32_t>> storage_;
  std::vector<EmbeddingList> lists_;  // [node]
};

}  // namespace bittern

#endif  // BITTERN_MODEL_INPUTS_H_
