// SPDX-License-Identifier: Apache-2.0
#include "model/layers/embedding.h"

namespace bittern {

Embedding::Embedding(StepBuilder& step, const std::string& name, const WordEmbeddingShape& shape)
    : step_(step),
      name_(name),
      words_(step, name, shape),
      norm_(step, name + ".norm", static_cast<int>(shape.words.columns()),
            Normalization::Affine::kNone),
      stream_(step.NewDropoutStream()) {}

void Embedding::Dropout(TensorId x) {
  if (step_.dropout() == 0) return;
  step_.Append(name_ + ": dropout", ops::Dropout{{.stream = stream_, .rate = step_.dropout()}},
               {.x = x}, {.y = x});
}

TensorId Embedding::Forward() {
  const int begin = step_.position();
  const TensorId x = words_.Forward();
  rows_ = step_.Since(begin);

  const TensorId y = norm_.Forward(x);  // x[F][T], y[F][T]
  Dropout(y);
  step_.ExtendCheap(y);  // the dropout belongs to what computes y again
  return y;
}

void Embedding::Backward(TensorId dy) {
  Dropout(dy);  // the gradient of a mask is the mask
  if (step_.saves_memory()) step_.RunAgain(rows_);
  words_.Backward(norm_.Backward(dy));
}

}  // namespace bittern
