// SPDX-License-Identifier: Apache-2.0
#include "train/inference.h"

#include <algorithm>

#include "base/error.h"

namespace bittern {

Inference::Inference(const Config& config, const Labels& labels, const AnswerOptions& options,
                     const std::string& device)
    : runner_(MakeStepRunner(device, config, StepKind::kInference)),
      writer_(config, runner_->graph(), [this](TensorId id) { return runner_->Integers(id); }) {
  const Tasks tasks = MakeTasks(config);
  BITTERN_CHECK(labels.size() == tasks.size());
  for (size_t i = 0; i < tasks.size(); ++i) {
    TaskHead& head = heads_.emplace_back();
    if (!tasks[i]->has_head()) continue;
    head.logits = runner_->graph().Find(tasks[i]->logits_name());
    head.reader = tasks[i]->MakeReader(labels[i], options, config.model.tokens);
  }
}

void Inference::Load(CheckpointReader& checkpoint) {
  checkpoint.ReadParameters(runner_->graph(), [this](TensorId id) { return runner_->Values(id); });
  runner_->Send();
  SetThresholds(checkpoint.contents().thresholds);
}

void Inference::SetThresholds(const Thresholds& thresholds) {
  BITTERN_CHECK(thresholds.size() == heads_.size());
  for (size_t task = 0; task < heads_.size(); ++task) {
    if (heads_[task].reader != nullptr) heads_[task].reader->SetThreshold(thresholds[task]);
  }
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
  writer_.Write(ids, {}, runner_->always_pads(), inputs_);
  runner_->Run(inputs_);
  for (const TaskHead& head : heads_) {
    if (head.reader == nullptr) continue;
    // Outputs are packed for the columns of the latest run.
    const Size columns = runner_->graph().At(head.logits).shape[1];
    head.reader->Read({.values = runner_->Values(head.logits).data(),
                       .stride = static_cast<size_t>(columns.At(inputs_.tokens)),
                       .tokens = static_cast<int>(ids.size())});
  }
}

double Inference::Loss(SentenceLabels labels) const {
  double loss = 0;
  for (size_t task = 0; task < heads_.size(); ++task) {
    if (heads_[task].reader != nullptr) loss += heads_[task].reader->Loss(labels[task]);
  }
  return loss;
}

}  // namespace bittern
