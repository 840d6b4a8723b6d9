#include "train/inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace bittern {
namespace {

// log(sum exp) of `count` numbers that stand `stride` apart.
double LogSumExp(const float* values, int count, size_t stride) {
  double largest = values[0];
  for (int i = 1; i < count; ++i) {
    largest = std::max(largest, static_cast<double>(values[static_cast<size_t>(i) * stride]));
  }
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    sum += std::exp(static_cast<double>(values[static_cast<size_t>(i) * stride]) - largest);
  }
  return largest + std::log(sum);
}

}  // namespace

std::string_view Name(Decoding decoding) { return decoding == Decoding::kBio ? "bio" : "argmax"; }

Decoding ParseDecoding(std::string_view name, std::string_view field) {
  for (const Decoding decoding : {Decoding::kBio, Decoding::kArgMax}) {
    if (Name(decoding) == name) return decoding;
  }
  Fail("{}: found {}; expected bio or argmax{}", field, Quoted(name),
       DidYouMean(name, {"bio", "argmax"}));
}

Inference::Inference(const Config& config, const Labels& labels, Decoding decoding,
                     const std::string& device)
    : config_(config),
      runner_(MakeStepRunner(device, config, StepKind::kInference)),
      writer_(config, runner_->graph(), [this](TensorId id) { return runner_->Integers(id); }),
      intent_logits_(runner_->graph().Find("intent.logits")),
      slot_logits_(runner_->graph().Find("slot.logits")),
      intent_values_(static_cast<size_t>(config.model.intents)),
      tags_(static_cast<size_t>(config.model.tokens)) {
  if (decoding == Decoding::kBio && slot_logits_ != kNoTensor) {
    bio_.emplace(TagTable(labels.tags.names()), config.model.tokens);
  }
}

void Inference::Load(CheckpointReader& checkpoint) {
  checkpoint.ReadParameters(runner_->graph(), [this](TensorId id) { return runner_->Values(id); });
  runner_->Send();
}

void Inference::CopyParameters(const Graph& graph, const TensorValues& values) {
  const Graph& own = runner_->graph();
  for (TensorId id = 0; id < static_cast<TensorId>(own.tensors.size()); ++id) {
    if (own.At(id).kind != TensorKind::kParameter) continue;
    const TensorId from = graph.Find(own.At(id).name);
    BITTERN_CHECK(from != kNoTensor);
    const std::span<const float> numbers = values(from);
    BITTERN_CHECK(numbers.size() == runner_->Values(id).size());
    std::copy(numbers.begin(), numbers.end(), runner_->Values(id).begin());
  }
  runner_->Send();
}

void Inference::Run(std::span<const uint16_t> ids) {
  writer_.Write(ids, {}, kNoLabel, runner_->always_pads(), inputs_);
  runner_->Run(inputs_);
  if (intent_logits_ != kNoTensor) {
    // Of token 0, where every token has them.
    const Size columns = runner_->graph().At(intent_logits_).shape[1];
    const auto step = static_cast<size_t>(columns.At(inputs_.tokens));
    const std::span<const float> logits = runner_->Values(intent_logits_);
    for (size_t i = 0; i < intent_values_.size(); ++i) intent_values_[i] = logits[i * step];
    intent_ = ArgMax(intent_values_.data(), config_.model.intents);
  }
  if (slot_logits_ != kNoTensor) {
    answered_tags_ = ids.size() - 1;
    const auto stride = static_cast<size_t>(inputs_.tokens);
    const float* logits = runner_->Values(slot_logits_).data() + 1;  // behind [CLS]
    const std::span<int16_t> answer = std::span(tags_).first(answered_tags_);
    if (bio_) {
      bio_->Decode(logits, stride, answer);
    } else {
      DecodeArgMax(logits, stride, config_.model.tags, answer);
    }
  }
}

double Inference::intent_probability() {
  if (intent_ == kNoLabel) return 0;
  const float* logits = intent_values_.data();
  return std::exp(logits[intent_] - LogSumExp(logits, config_.model.intents, 1));
}

double Inference::Loss(std::span<const int16_t> tags, int intent) {
  const TrainingConfig& training = config_.training;
  double loss = 0;
  if (intent_logits_ != kNoTensor && intent >= 0) {
    const float* logits = intent_values_.data();
    loss += training.intent_weight * (LogSumExp(logits, config_.model.intents, 1) - logits[intent]);
  }
  if (slot_logits_ == kNoTensor) return loss;
  const float* logits = runner_->Values(slot_logits_).data();
  const auto stride = static_cast<size_t>(inputs_.tokens);
  double slot_loss = 0;
  int labelled = 0;
  for (size_t t = 0; t < tags.size(); ++t) {
    if (tags[t] < 0) continue;
    ++labelled;
    slot_loss += LogSumExp(logits + t, config_.model.tags, stride) -
                 logits[static_cast<size_t>(tags[t]) * stride + t];
  }
  if (training.slot_loss == SlotLoss::kMean) slot_loss /= std::max(labelled, 1);
  return loss + training.slot_weight * slot_loss;
}

}  // namespace bittern
