// Words and positions to activations: x[f][t] = row(word t)[f] + position[f][t].
//
// The word table is a TTM matrix (dense: one core). The rows of a sentence's distinct words are
// computed along a tree of core products; words that agree in some of their indices share those
// products, so every node works through a list of entries that the host writes before the step.
#ifndef BITTERN_MODEL_LAYERS_WORD_EMBEDDING_H_
#define BITTERN_MODEL_LAYERS_WORD_EMBEDDING_H_

#include <string>
#include <vector>

#include "model/step_builder.h"
#include "tensor/embedding_order.h"

namespace bittern {

struct WordEmbeddingShape {
  TtmShape words;  // the table, [rows][features]; of one core: dense
  // Standard deviations at the start: of the composed table, of dense tables.
  double embedding_deviation = 0, table_deviation = 0;
  CoreStart core_start = CoreStart::kNormal;
};

class WordEmbedding {
 public:
  // Declares the parameters NAME.word.core.0 ... (dense: NAME.word.weight) and NAME.position
  // [features][K].
  WordEmbedding(StepBuilder& step, const std::string& name, const WordEmbeddingShape& shape);

  // [features][T]
  TensorId Forward();
  // Updates cores and positions, from the products of the latest Forward; dx holds nothing of use
  // afterwards.
  void Backward(TensorId dx);

 private:
  struct NodeInput {
    TensorId left, right;  // tables
    int list;
  };
  // One entry of a node as [r(a-1)][features][rb], with labels; `middle` labels the features.
  View NodeView(int node, TensorId tensor, int first, int middle, int last) const;
  Size SliceStride(int node) const;  // from one entry (slice of a core) to the next
  void ComputeRows();
  void UpdatePositions(TensorId dx);
  TensorId Value(int node) const;
  int Inner(int node) const { return node - cores_count_; }

  StepBuilder& step_;
  std::string name_;
  TtmShape shape_;
  EmbeddingTree tree_;
  int cores_count_;
  std::vector<TensorId> cores_;
  TensorId positions_;
  TensorId slot_;
  std::vector<NodeInput> inputs_;  // by inner node
  std::vector<TensorId> values_;   // of the latest pass, by inner node: [entry][elements]
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_WORD_EMBEDDING_H_
