// SPDX-License-Identifier: Apache-2.0
#include "model/layers/attention.h"

#include <cmath>

#include "base/error.h"

namespace bittern {

Attention::Attention(StepBuilder& step, const std::string& name, const AttentionShape& shape)
    : step_(step),
      name_(name),
      shape_(shape),
      residual_(step, name, shape.output.rows, shape.norm),
      query_(step, name + ".query", shape.query),
      // The bias of a key adds the same number to all scores of a query, which does not change the
      // softmax. So its gradient is zero.
      key_(step, name + ".key", shape.key, kTokens, LinearMap::BiasGradient::kZero),
      value_(step, name + ".value", shape.value),
      output_(step, name + ".output", shape.output),
      scale_(1 / std::sqrt(static_cast<double>(shape.query.rows) / shape.heads)) {
  BITTERN_CHECK(shape.query.rows % shape.heads == 0 && shape.query.rows == shape.key.rows);
  BITTERN_CHECK(shape.value.rows % shape.heads == 0 && shape.value.rows == shape.output.columns);
}

View Attention::Heads(TensorId features, int column) const {
  const int64_t rows = step_.graph().At(features).shape[0].count;
  return step_.As(features, {'h', 'd', column},
                  {Constant(shape_.heads), Constant(rows / shape_.heads), kTokens});
}

View Attention::Pairs(TensorId scores) const { return step_.Of(scores, "hkq"); }

TensorId Attention::NewPairs(const std::string& name, TensorKind kind) {
  return step_.NewTensor(name_ + name, kind, {Constant(shape_.heads), kTokens, kTokens});
}

TensorId Attention::Forward(TensorId x) {
  const TensorId input = residual_.Input(x);
  q_ = query_.Forward(input);
  k_ = key_.Forward(input);
  v_ = value_.Forward(input);

  // p[h][k][q] = softmax over k of scale * sum_d K[h][d][k] Q[h][d][q]
  const TensorId p = probabilities_ = NewPairs(": probabilities", TensorKind::kActivation);
  step_.Contract(name_ + ": scores", Pairs(p), Heads(k_, 'k'), Heads(q_, 'q'), Result::kOverwrite,
                 {}, scale_);
  step_.Append(name_ + ": probabilities", ops::Softmax{.causal = shape_.mask == Mask::kCausal},
               {.scores = p}, {.p = p});
  // context[h][d][q] = sum_k V[h][d][k] p[h][k][q]
  const TensorId context = step_.Activation(name_ + ": context", Constant(shape_.value.rows));
  step_.Contract(name_ + ": context", Heads(context, 'q'), Heads(v_, 'k'), Pairs(p));

  return residual_.Forward(x, output_.Forward(context));
}

TensorId Attention::Backward(TensorId dy) {
  const TensorId d_branch = residual_.Backward(dy);
  const Size keys = Constant(shape_.query.rows);  // H d
  const Size values = Constant(shape_.value.rows);
  const TensorId d_context = step_.Scratch(name_ + ": d context", values);
  output_.Backward(d_branch, d_context, Result::kOverwrite);
  const auto [d_input, first] = residual_.InputGradient(dy);

  // The backward pass of each map follows as soon as its dy exists, so that the lifetime of dy is
  // short.
  const TensorId p = probabilities_;
  const TensorId dv = step_.Scratch(name_ + ": d value", values);
  step_.Contract(name_ + ": d value", Heads(dv, 'k'), Heads(d_context, 'q'), Pairs(p));
  value_.Backward(dv, d_input, first);

  // dp[h][k][q], then the scores' gradient in place.
  const TensorId ds = NewPairs(": d scores", TensorKind::kScratch);
  step_.Contract(name_ + ": d probabilities", Pairs(ds), Heads(v_, 'k'), Heads(d_context, 'q'));
  step_.Append(name_ + ": d scores", ops::SoftmaxGrad{.causal = shape_.mask == Mask::kCausal},
               {.dp = ds, .p = p}, {.d_scores = ds});

  // dQ[h][d][q] = scale sum_k K[h][d][k] ds[h][k][q], dK[h][d][k] = scale sum_q Q[h][d][q]
  // ds[h][k][q]
  const TensorId dq = step_.Scratch(name_ + ": d query", keys);
  step_.Contract(name_ + ": d query", Heads(dq, 'q'), Heads(k_, 'k'), Pairs(ds), Result::kOverwrite,
                 {}, scale_);
  query_.Backward(dq, d_input, Result::kAccumulate);
  const TensorId dk = step_.Scratch(name_ + ": d key", keys);
  step_.Contract(name_ + ": d key", Heads(dk, 'k'), Heads(q_, 'q'), Pairs(ds), Result::kOverwrite,
                 {}, scale_);
  key_.Backward(dk, d_input, Result::kAccumulate);
  return residual_.Finish(dy);
}

}  // namespace bittern
