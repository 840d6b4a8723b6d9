#include "model/layers/encoder.h"

#include <cmath>

namespace bittern {
namespace {

int HeadSize(const ModelConfig& model) { return model.hidden / model.heads; }

}  // namespace

EncoderHalf::EncoderHalf(StepBuilder& step, const std::string& name)
    : step_(step),
      name_(name),
      norm_(step, name + ".norm", Normalization::Affine::kGainAndShift),
      stream_(step.NewDropoutStream()) {}

TensorId EncoderHalf::AddAndNormalize(TensorId x, TensorId branch) {
  // In place where memory is short: two of them would be the most that is alive. Else apart, as an
  // accelerator's bank has one port to read.
  const TensorId sum = step_.runs_again()
                           ? branch
                           : step_.Activation(name_ + ": sum", Constant(step_.model().hidden));
  if (step_.dropout() > 0) {
    step_.Append(name_ + ": sum", ops::DropoutAdd{{.stream = stream_, .rate = step_.dropout()}},
                 {.residual = x, .x = branch}, {.y = sum});
  } else {
    step_.Append(name_ + ": sum", ops::Add{}, {.a = x, .b = branch}, {.y = sum});
  }
  return norm_.Forward(sum);
}

TensorId EncoderHalf::SumGradient(TensorId dy) {
  norm_.Backward(dy);
  if (step_.dropout() == 0) return dy;
  const TensorId branch = step_.Scratch(name_ + ": d branch", Constant(step_.model().hidden));
  step_.Append(name_ + ": d branch", ops::Dropout{{.stream = stream_, .rate = step_.dropout()}},
               {.x = dy}, {.y = branch});
  return branch;
}

AttentionHalf::AttentionHalf(StepBuilder& step, const std::string& name)
    : EncoderHalf(step, name),
      query_(step, name + ".query", kTokens),
      // Softmax over keys takes no notice of what all scores of a query share.
      key_(step, name + ".key", kTokens, LinearMap::BiasGradient::kZero),
      value_(step, name + ".value", kTokens),
      output_(step, name + ".output", kTokens),
      scale_(1 / std::sqrt(static_cast<double>(HeadSize(step.model())))) {}

View AttentionHalf::Heads(TensorId features, int column) const {
  const int heads = step_.model().heads;
  return step_.As(features, {'h', 'd', column},
                  {Constant(heads), Constant(HeadSize(step_.model())), kTokens});
}

View AttentionHalf::Pairs(TensorId scores) const { return step_.Of(scores, "hkq"); }

TensorId AttentionHalf::NewPairs(const std::string& name, TensorKind kind) {
  return step_.NewTensor(name_ + name, kind, {Constant(step_.model().heads), kTokens, kTokens});
}

TensorId AttentionHalf::Forward(TensorId x) {
  q_ = query_.Forward(x);
  k_ = key_.Forward(x);
  v_ = value_.Forward(x);

  const TensorId p = probabilities_ = NewPairs(": probabilities", TensorKind::kActivation);
  step_.Contract(name_ + ": scores", Pairs(p), Heads(k_, 'k'), Heads(q_, 'q'), Result::kOverwrite,
                 {}, scale_);
  step_.Append(name_ + ": probabilities", ops::Softmax{}, {.scores = p}, {.p = p});
  const TensorId context = step_.Activation(name_ + ": context", Constant(step_.model().hidden));
  step_.Contract(name_ + ": context", Heads(context, 'q'), Heads(v_, 'k'), Pairs(p));

  return AddAndNormalize(x, output_.Forward(context));
}

void AttentionHalf::ReplaceInput(TensorId x) {
  query_.ReplaceInput(x);
  key_.ReplaceInput(x);
  value_.ReplaceInput(x);
}

void AttentionHalf::Backward(TensorId dy) {
  const Size hidden = Constant(step_.model().hidden);
  const TensorId d_branch = SumGradient(dy);
  const TensorId d_context = step_.Scratch(name_ + ": d context", hidden);
  output_.Backward(d_branch, d_context, Result::kOverwrite);

  const TensorId p = probabilities_;
  const TensorId dv = step_.Scratch(name_ + ": d value", hidden);
  step_.Contract(name_ + ": d value", Heads(dv, 'k'), Heads(d_context, 'q'), Pairs(p));
  value_.Backward(dv, dy, Result::kAccumulate);

  const TensorId ds = NewPairs(": d scores", TensorKind::kScratch);
  step_.Contract(name_ + ": d probabilities", Pairs(ds), Heads(v_, 'k'), Heads(d_context, 'q'));
  step_.Append(name_ + ": d scores", ops::SoftmaxGrad{}, {.dp = ds, .p = p}, {.d_scores = ds});

  const TensorId dq = step_.Scratch(name_ + ": d query", hidden);
  step_.Contract(name_ + ": d query", Heads(dq, 'q'), Heads(k_, 'k'), Pairs(ds), Result::kOverwrite,
                 {}, scale_);
  query_.Backward(dq, dy, Result::kAccumulate);
  const TensorId dk = step_.Scratch(name_ + ": d key", hidden);
  step_.Contract(name_ + ": d key", Heads(dk, 'k'), Heads(q_, 'q'), Pairs(ds), Result::kOverwrite,
                 {}, scale_);
  key_.Backward(dk, dy, Result::kAccumulate);
}

FeedForwardHalf::FeedForwardHalf(StepBuilder& step, const std::string& name)
    : EncoderHalf(step, name),
      inner_(step, name + ".inner", kTokens),
      outer_(step, name + ".outer", kTokens) {}

TensorId FeedForwardHalf::Gelu(TensorId x) {
  const TensorId y = step_.Activation(name_ + ": gelu", Constant(step_.model().hidden));
  step_.Append(name_ + ": gelu", ops::Gelu{}, {.x = x}, {.y = y});
  return y;
}

TensorId FeedForwardHalf::Forward(TensorId x) {
  before_gelu_ = inner_.Forward(x);
  return AddAndNormalize(x, outer_.Forward(Gelu(before_gelu_)));
}

void FeedForwardHalf::ReplaceInput(TensorId x) { inner_.ReplaceInput(x); }

void FeedForwardHalf::Backward(TensorId dy) {
  const TensorId d_branch = SumGradient(dy);
  outer_.ReplaceInput(Gelu(before_gelu_));
  const TensorId d_inner = step_.Scratch(name_ + ": d inner", Constant(step_.model().hidden));
  outer_.Backward(d_branch, d_inner, Result::kOverwrite);
  step_.Append(name_ + ": d gelu", ops::GeluGrad{}, {.dy = d_inner, .x = before_gelu_},
               {.dx = d_inner});
  inner_.Backward(d_inner, dy, Result::kAccumulate);
}

}  // namespace bittern
