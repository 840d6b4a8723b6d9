#include "model/step_builder.h"

namespace bittern {
namespace {

// Batches and a norm over all gradients both need every gradient at once.
bool KeepsGradients(const TrainingConfig& training, StepKind kind) {
  return kind == StepKind::kTraining &&
         (training.batch > 1 || (training.clip > 0 && training.clip_scope == ClipScope::kGlobal));
}

}  // namespace

StepBuilder::StepBuilder(const Config& config, const StepOptions& options)
    : Builder(config.model.tokens),
      config_(config),
      options_(options),
      accumulates_(KeepsGradients(config.training, options.kind)) {}

TensorId StepBuilder::Parameter(std::string name, std::vector<Size> shape,
                                const InitialValues& initial, AddedRows added_rows) {
  const TensorId id = NewTensor(std::move(name), TensorKind::kParameter, std::move(shape));
  mutable_graph().tensors.back().parameter = {initial, added_rows};
  return id;
}

void StepBuilder::RunAgain(Segment segment) {
  if (segment.begin == segment.end) return;
  recomputations_.push_back({segment, position(), static_cast<int>(graph().tensors.size())});
}

Segment StepBuilder::CheapSegment(TensorId y) const {
  const auto found = cheap_.find(y);
  return found == cheap_.end() ? Segment{} : found->second;
}

TensorId StepBuilder::Activation(std::string name, Size rows, Size columns) {
  return NewTensor(std::move(name), TensorKind::kActivation, {rows, columns});
}

TensorId StepBuilder::Scratch(std::string name, Size rows, Size columns) {
  return NewTensor(std::move(name), TensorKind::kScratch, {rows, columns});
}

TensorId StepBuilder::Gradient(TensorId parameter) {
  const Tensor& of = graph().At(parameter);
  const TensorId gradient = NewTensor(of.name + ".gradient", TensorKind::kGradient, of.shape);
  if (accumulates_ || options_.kind == StepKind::kGradients) MakePersistent(gradient);
  return gradient;
}

void StepBuilder::ClearGradient(TensorId gradient) {
  if (accumulates_) return;  // cleared after the batch's update
  Append(OpKind::kFill, graph().At(gradient).name + ": 0", {}, {gradient});
}

void StepBuilder::Update(TensorId parameter, TensorId gradient) {
  if (options_.kind == StepKind::kGradients) return;
  if (accumulates_) {
    pending_.emplace_back(parameter, gradient);
    return;
  }
  if (config_.training.clip > 0) Clip({gradient});
  AppendUpdate(parameter, gradient);
}

bool StepBuilder::updates_directly() const {
  const TrainingConfig& training = config_.training;
  return options_.kind == StepKind::kTraining && !accumulates_ &&
         training.optimizer == Optimizer::kSgd && training.clip == 0 && training.decay == 0;
}

void StepBuilder::Descend(TensorId parameter, TensorId factor) {
  const std::string& name = graph().At(parameter).name;
  Append(OpKind::kDescend, name + ": descend", {factor}, {factor}).scale = RateFactor(name);
}

void StepBuilder::FinishBatch() {
  mutable_graph().update_begin = static_cast<int>(graph().ops.size());
  if (pending_.empty()) return;
  std::vector<TensorId> gradients;
  for (const auto& [parameter, gradient] : pending_) gradients.push_back(gradient);
  const TrainingConfig& training = config_.training;
  if (training.clip > 0 && training.clip_scope == ClipScope::kGlobal) Clip(gradients);
  for (const auto& [parameter, gradient] : pending_) {
    const PartScope scope(*this, graph().At(parameter).part);
    if (training.clip > 0 && training.clip_scope == ClipScope::kTensor) Clip({gradient});
    AppendUpdate(parameter, gradient);
    Append(OpKind::kFill, graph().At(gradient).name + ": 0", {}, {gradient});
  }
}

void StepBuilder::Clip(const std::vector<TensorId>& gradients) {
  if (clip_part_ == kNoPart) clip_part_ = NewPart({"gradient", "gradient", PartKind::kTasks});
  const PartScope scope(*this, clip_part_);
  const TensorId squares = NewTensor("gradient: squares", TensorKind::kScratch, {Constant(1)});
  for (const TensorId gradient : gradients) {
    Append(OpKind::kSumSquares, "gradient: squares", {gradient}, {squares}).accumulate =
        gradient != gradients.front();
  }
  for (const TensorId gradient : gradients) {
    Append(OpKind::kClip, "gradient: clip", {gradient, squares}, {gradient}).clip =
        config_.training.clip;
  }
}

void StepBuilder::AppendUpdate(TensorId parameter, TensorId gradient) {
  const TrainingConfig& training = config_.training;
  const std::string name = graph().At(parameter).name;
  const auto state = [&](const char* suffix) {
    return NewTensor(name + suffix, TensorKind::kState, graph().At(parameter).shape);
  };
  std::vector<TensorId> out = {parameter};
  OpKind kind = OpKind::kSgd;
  if (training.optimizer == Optimizer::kMomentum) {
    kind = OpKind::kMomentum;
    out.push_back(state(".momentum"));
  } else if (training.optimizer == Optimizer::kAdamW) {
    kind = OpKind::kAdamW;
    out.push_back(state(".first"));
    out.push_back(state(".second"));
  }
  Op& op = Append(kind, name + ": update", {gradient}, std::move(out));
  op.scale = RateFactor(name);
  op.momentum = training.momentum;
  op.beta2 = training.beta2;
  op.epsilon = training.adam_epsilon;
  op.decay = training.decay;
}

double StepBuilder::RateFactor(const std::string& parameter) const {
  double factor = 1;
  for (const RateRule& rule : config_.training.rates) {
    if (MatchesPattern(rule.parameters, parameter)) factor = rule.factor;
  }
  return factor;
}

}  // namespace bittern
