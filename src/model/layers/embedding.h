// The input layer of a model on words:
//   y = dropout(normalize(row(word t) + position t)), without gain and shift.
//
// y: [features][T].
#ifndef BITTERN_MODEL_LAYERS_EMBEDDING_H_
#define BITTERN_MODEL_LAYERS_EMBEDDING_H_

#include <string>

#include "model/layers/layer.h"
#include "model/layers/normalization.h"
#include "model/layers/word_embedding.h"
#include "model/step_builder.h"

namespace bittern {

class Embedding : public InputLayer {
 public:
  // Declares the parameters of WordEmbedding.
  Embedding(StepBuilder& step, const std::string& name, const WordEmbeddingShape& shape);
  TensorId Forward() override;
  void Backward(TensorId dy) override;

 private:
  void Dropout(TensorId x);  // in place

  StepBuilder& step_;
  std::string name_;
  WordEmbedding words_;
  Normalization norm_;
  int stream_;
  Segment rows_;  // the forward pass of words_
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_EMBEDDING_H_
