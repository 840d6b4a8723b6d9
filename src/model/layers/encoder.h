// A post-LayerNorm Transformer encoder in its two halves:
//   h = LayerNorm(x + dropout(O(attention(Q x, K x, V x))))
//   y = LayerNorm(h + dropout(outer(gelu(inner(h)))))
//
// All activations are [hidden][T]; head i holds the features i * 64 ... of Q, K, V. Scores and
// probabilities are [head][key][query]. Backward reads what the latest Forward left; whether that
// was the first one or a second one (recomputed) is the caller's choice.
#ifndef BITTERN_MODEL_LAYERS_ENCODER_H_
#define BITTERN_MODEL_LAYERS_ENCODER_H_

#include <string>

#include "model/layers/linear_map.h"
#include "model/layers/normalization.h"
#include "model/step_builder.h"

namespace bittern {

class EncoderHalf {
 public:
  virtual ~EncoderHalf() = default;
  virtual TensorId Forward(TensorId x) = 0;
  // Backward is to read the input from another tensor that holds the same values.
  virtual void ReplaceInput(TensorId x) = 0;
  // Turns dy into dx in place; updates.
  virtual void Backward(TensorId dy) = 0;
  // The output of Forward once more: one elementwise pass.
  TensorId Again() { return norm_.Again(); }

 protected:
  EncoderHalf(StepBuilder& step, const std::string& name);

  // norm(x + dropout(branch))
  TensorId AddAndNormalize(TensorId x, TensorId branch);
  // Turns dy into the gradient of the sum in place; returns that of the branch, which is the same
  // tensor where there is no dropout.
  TensorId SumGradient(TensorId dy);

  StepBuilder& step_;
  std::string name_;

 private:
  Normalization norm_;
  int stream_;
};

class AttentionHalf : public EncoderHalf {
 public:
  AttentionHalf(StepBuilder& step, const std::string& name);
  TensorId Forward(TensorId x) override;
  void ReplaceInput(TensorId x) override;
  void Backward(TensorId dy) override;

 private:
  View Heads(TensorId features, int column) const;  // [head][d][column]
  View Pairs(TensorId scores) const;                // [head][key][query]
  TensorId NewPairs(const std::string& name, TensorKind kind);

  LinearMap query_, key_, value_, output_;
  double scale_;  // of the scores: 1 / sqrt(hidden / heads)
  TensorId q_ = kNoTensor, k_ = kNoTensor, v_ = kNoTensor;
  TensorId probabilities_ = kNoTensor;
};

class FeedForwardHalf : public EncoderHalf {
 public:
  FeedForwardHalf(StepBuilder& step, const std::string& name);
  TensorId Forward(TensorId x) override;
  void ReplaceInput(TensorId x) override;
  void Backward(TensorId dy) override;

 private:
  TensorId Gelu(TensorId x);

  LinearMap inner_, outer_;
  TensorId before_gelu_ = kNoTensor;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_ENCODER_H_
