// SPDX-License-Identifier: Apache-2.0
#include "train/batch_step.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/parallel.h"
#include "model/tasks/registry.h"
#include "train/memory_budget.h"

namespace bittern {
namespace {

bool IsSummed(const Tensor& tensor) {
  return tensor.kind == TensorKind::kGradient && tensor.persistent;
}

int64_t SummedElements(const Graph& graph) {
  int64_t elements = 0;
  for (const Tensor& tensor : graph.tensors) {
    if (IsSummed(tensor)) elements += tensor.Elements(graph.tokens);
  }
  return elements;
}

}  // namespace

void DealParts(std::span<const int> lengths, int parts, std::span<int> part_of,
               std::span<int> order, std::span<int64_t> totals) {
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](int a, int b) {
    const int length_a = lengths[static_cast<size_t>(a)],
              length_b = lengths[static_cast<size_t>(b)];
    return length_a != length_b ? length_a > length_b : a < b;
  });
  totals = totals.first(static_cast<size_t>(parts));
  std::ranges::fill(totals, 0);
  for (const int i : order) {
    const auto least = std::ranges::min_element(totals);
    *least += lengths[static_cast<size_t>(i)];
    part_of[static_cast<size_t>(i)] = static_cast<int>(least - totals.begin());
  }
}

BatchStep::BatchStep(const Config& config, StepRunner& runner, const std::string& device,
                     Recompute recompute, bool pad, int threads)
    : config_(config), pad_(pad), parts_(config.training.parts_of_batch()) {
  const auto batch = static_cast<size_t>(config.training.batch);
  part_of_.resize(batch);
  order_.resize(batch);
  totals_.resize(static_cast<size_t>(parts_));
  const int workers = std::min(threads, parts_);
  AddWorker(runner, nullptr);
  for (int i = 1; i < workers; ++i) {
    auto own = MakeStepRunner(device, config, StepKind::kPart, recompute);
    StepRunner& step = *own;
    AddWorker(step, std::move(own));
  }
  if (parts_ > 1) {
    const int64_t elements = SummedElements(runner.graph());
    sum_.emplace(parts_, workers, elements);
    sum_bytes_ = 4 * elements * GradientSum::Buffers(parts_, workers);
  }
}

void BatchStep::AddWorker(StepRunner& runner, std::unique_ptr<StepRunner> own) {
  Worker worker;
  worker.runner = &runner;
  worker.own = std::move(own);
  const Graph& graph = runner.graph();
  worker.writer = std::make_unique<InputWriter>(
      config_, graph, [&runner](TensorId id) { return runner.Integers(id); });
  worker.room.resize(static_cast<size_t>(config_.model.tokens));
  for (const auto& task : MakeTasks(config_)) {
    if (task->has_head()) worker.losses.push_back(graph.Find(task->loss_name()));
  }
  // The layers declare their tensors in the same order in every kind of step.
  for (TensorId id = 0; id < std::ssize(graph.tensors); ++id) {
    const Tensor& tensor = graph.At(id);
    if (tensor.kind == TensorKind::kParameter) worker.parameters.push_back(runner.Values(id));
    if (IsSummed(tensor)) worker.gradients.push_back(runner.Values(id));
  }
  workers_.push_back(std::move(worker));
}

void BatchStep::Run(const StepInputs& inputs, std::span<const int> lengths, const Read& read,
                    std::span<double> losses) {
  const size_t size = lengths.size();
  for (Worker& worker : workers_) {
    worker.inputs.learning_rate = inputs.learning_rate;
    worker.inputs.update = inputs.update;
  }
  if (parts_ == 1) {
    Worker& worker = workers_.front();
    for (size_t i = 0; i < size; ++i) losses[i] = Step(worker, read(i, worker.room), size);
    return;
  }
  const auto part_of = std::span(part_of_).first(size);
  DealParts(lengths, parts_, part_of, std::span(order_).first(size), totals_);
  const Worker& first = workers_.front();
  for (size_t w = 1; w < workers_.size(); ++w) {
    for (size_t i = 0; i < first.parameters.size(); ++i) {
      std::ranges::copy(first.parameters[i], workers_[w].parameters[i].begin());
    }
  }
  // Each gradient tensor is zero here: the update clears those of the first worker, the sum the
  // others.
  const auto run_part = [&](size_t part, int worker_index) {
    Worker& worker = workers_[static_cast<size_t>(worker_index)];
    for (size_t i = 0; i < size; ++i) {
      if (part_of[i] != static_cast<int>(part)) continue;
      losses[i] = Step(worker, read(i, worker.room), size);
    }
    if (!sum_->Add(static_cast<int>(part), worker.gradients) || worker_index == 0) return;
    // All other workers are done, so nobody else touches the first one's gradients.
    for (size_t i = 0; i < worker.gradients.size(); ++i) {
      std::ranges::copy(worker.gradients[i], first.gradients[i].begin());
      std::ranges::fill(worker.gradients[i], 0.0F);
    }
  };
  ParallelFor(static_cast<size_t>(parts_), static_cast<int>(workers_.size()), run_part);
}

double BatchStep::Step(Worker& worker, const Example& example, size_t size) {
  StepInputs& inputs = worker.inputs;
  worker.writer->Write(example.ids, example.labels, pad_ || worker.runner->always_pads(), inputs);
  // The tasks divide by the configured batch; the last batch of an epoch may be smaller.
  const int batch = config_.training.batch;
  if (std::cmp_not_equal(size, batch)) {
    for (double& weight : inputs.loss_weights) weight *= batch / static_cast<double>(size);
  }
  inputs.dropout_key = example.dropout_key;
  worker.runner->Run(inputs);
  double loss = 0;
  for (const TensorId id : worker.losses) {
    // [1] or [K]; the tokens beyond `valid` have no labels.
    const std::span<const float> values = worker.runner->Values(id);
    const auto tokens = std::min(values.size(), static_cast<size_t>(inputs.valid));
    for (const float part : values.first(tokens)) loss += part;
  }
  return loss * static_cast<double>(size);  // the weights are divided by the batch
}

int64_t BatchStep::bytes() const {
  int64_t bytes = sum_bytes_;
  for (const Worker& worker : workers_) bytes += worker.runner->step_bytes();
  return bytes;
}

int64_t BatchBytes(const Config& config, Recompute recompute, int threads) {
  const int parts = config.training.parts_of_batch();
  const int workers = std::min(threads, parts);
  int64_t bytes = StepBytes(config, recompute);
  if (workers > 1) bytes += (workers - 1) * StepBytes(config, recompute, StepKind::kPart);
  if (parts > 1) {
    const Graph graph = BuildStep(config, {.kind = StepKind::kTraining, .recompute = recompute});
    bytes += 4 * SummedElements(graph) * GradientSum::Buffers(parts, workers);
  }
  return bytes;
}

}  // namespace bittern
