// SPDX-License-Identifier: Apache-2.0
// The attention sublayer of an encoder. With a LayerNorm after the sum:
//   y = LayerNorm(x + dropout(O(attention(Q x, K x, V x)))),
//   attention = V softmax(Kᵀ Q / sqrt(d)) head by head (arXiv 1706.03762, 3.2);
// residual.h gives the form with a LayerNorm before the branch. With a causal mask a query sees the
// keys of its own token and of earlier ones.
//
// x, y: [features][T]. With H heads of d features, head h holds the features h d ... (h + 1) d - 1
// of Q x, K x and V x, each [H d][T]. Scores and probabilities are [head][key][query].
#ifndef BITTERN_MODEL_LAYERS_ATTENTION_H_
#define BITTERN_MODEL_LAYERS_ATTENTION_H_

#include <string>

#include "model/layers/layer.h"
#include "model/layers/linear_map.h"
#include "model/layers/residual.h"
#include "model/step_builder.h"

namespace bittern {

struct AttentionShape {
  int heads = 1;
  MapShape query, key, value;  // [H d][features]; the rows of `value` may differ
  MapShape output;             // [features][rows of `value`]
  Mask mask = Mask::kFull;
  NormPlace norm = NormPlace::kPost;
};

class Attention : public Layer {
 public:
  // Declares the parameters NAME.norm.*, NAME.query.*, NAME.key.*, NAME.value.*, NAME.output.*.
  Attention(StepBuilder& step, const std::string& name, const AttentionShape& shape);
  TensorId Forward(TensorId x) override;
  // In place.
  TensorId Backward(TensorId dy) override;

 private:
  View Heads(TensorId features, int column) const;  // [head][d][column]
  View Pairs(TensorId scores) const;                // [head][key][query]
  TensorId NewPairs(const std::string& name, TensorKind kind);

  StepBuilder& step_;
  std::string name_;
  AttentionShape shape_;
  Residual residual_;
  LinearMap query_, key_, value_, output_;
  double scale_;  // of the scores: 1 / sqrt(d)
  // Backward reads q_ and k_ [H d][T], v_ [rows of `value`][T], probabilities_ [H][T][T].
  TensorId q_ = kNoTensor, k_ = kNoTensor, v_ = kNoTensor, probabilities_ = kNoTensor;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_ATTENTION_H_
