// SPDX-License-Identifier: Apache-2.0
#include "train/evaluator.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "model/tasks/threshold.h"

namespace bittern {
namespace {

using Metrics = std::vector<std::unique_ptr<Metric>>;  // [task]

// The verdict on one sentence: it has a label of any task, and all tasks with a label are right.
struct Verdict {
  bool counted = false, right = true;

  void Add(std::optional<bool> is_right) {
    counted |= is_right.has_value();
    right &= is_right.value_or(true);
  }
};

// The answer of a task whose threshold is not chosen yet.
struct PendingAnswer {
  int32_t label = kNoLabel;
  double confidence = 0;
};

Decision ToDecision(LabelSpan labels, int out_of_scope, const PendingAnswer& answer) {
  const bool in_scope = labels[0] != out_of_scope;
  return {.confidence = answer.confidence,
          .in_scope = in_scope,
          .right = in_scope && labels[0] == answer.label};
}

}  // namespace

std::optional<double> Evaluation::Percent(std::string_view key, std::string_view task) const {
  const auto is_meant = [&](const Figure& figure, std::string_view of) {
    if (task.empty()) return figure.is_top_level && figure.key == key;
    return of == task && (figure.task_key.empty() ? figure.key : figure.task_key) == key;
  };
  for (const Figure& figure : figures) {
    if (is_meant(figure, figure.task)) return figure.percent;
    for (const Figure& part : figure.parts) {
      if (is_meant(part, figure.task)) return part.percent;
    }
  }
  Fail("an evaluation has no figure {} {}", task, key);
}

Evaluator::Evaluator(const Config& config, const Labels& labels, const AnswerOptions& options,
                     int threads, const std::string& device)
    : config_(config), tasks_(MakeTasks(config)), thresholds_(tasks_.size()) {
  for (int i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Inference>(config, labels, options, device));
  }
}

void Evaluator::Load(CheckpointReader& checkpoint) {
  for (const auto& worker : workers_) worker->Load(checkpoint);
  thresholds_ = checkpoint.contents().thresholds;
}

void Evaluator::CopyParameters(const Graph& graph, const TensorValues& values) {
  for (const auto& worker : workers_) worker->CopyParameters(graph, values);
}

Evaluation Evaluator::Evaluate(const EncodedSplit& split) {
  return Evaluate(split, std::vector<bool>(tasks_.size()));
}

Evaluation Evaluator::ChooseThresholds(const EncodedSplit& split) {
  std::vector<bool> chosen(tasks_.size());
  for (size_t task = 0; task < tasks_.size(); ++task) {
    const NameList& names = split.columns()[task].names();
    chosen[task] = tasks_[task]->has_head() && tasks_[task]->OutOfScopeLabel(names) >= 0;
    thresholds_[task] = chosen[task] ? std::optional<double>(0) : std::nullopt;
  }
  SetThresholds();
  Evaluation evaluation = Evaluate(split, chosen);
  SetThresholds();
  return evaluation;
}

void Evaluator::SetOutOfScope(std::string label) {
  config_.model.out_of_scope = std::move(label);
  tasks_ = MakeTasks(config_);
}

void Evaluator::SetThresholds() {
  for (const auto& worker : workers_) worker->SetThresholds(thresholds_);
}

Evaluation Evaluator::Evaluate(const EncodedSplit& split, const std::vector<bool>& chosen) {
  const auto make_metric = [&](size_t task) {
    return tasks_[task]->MakeMetric(split.columns()[task].names(), thresholds_[task]);
  };
  std::vector<Metrics> parts(workers_.size());  // of each thread
  std::vector<std::vector<PendingAnswer>> pending(tasks_.size());
  for (size_t task = 0; task < tasks_.size(); ++task) {
    for (Metrics& part : parts) part.push_back(make_metric(task));
    if (chosen[task]) pending[task].resize(split.size());
  }
  // Losses are kept apart and added in the order of the sentences: the sum does not depend on the
  // number of threads. Counts are integers.
  std::vector<double> losses(split.size());
  std::vector<Verdict> verdicts(split.size());
  ParallelFor(split.size(), static_cast<int>(workers_.size()), [&](size_t index, int worker) {
    const EncodedSentence sentence = split[index];
    Inference& inference = *workers_[static_cast<size_t>(worker)];
    inference.Run(sentence.ids);
    for (size_t task = 0; task < tasks_.size(); ++task) {
      const AnswerReader* const answer = inference.answer(task);
      const LabelSpan labels = answer == nullptr ? LabelSpan() : answer->labels();
      if (chosen[task]) {
        pending[task][index] = {labels[0], answer->confidence()};
      } else {
        Metric& metric = *parts[static_cast<size_t>(worker)][task];
        verdicts[index].Add(metric.Add(sentence.labels[task], labels));
      }
    }
    losses[index] = inference.Loss(sentence.labels);
  });

  Metrics& whole = parts.front();
  for (size_t task = 0; task < tasks_.size(); ++task) {
    for (size_t i = 1; i < parts.size(); ++i) whole[task]->Merge(*parts[i][task]);
    if (!chosen[task]) continue;
    const LabelColumn& labels = split.columns()[task];
    const int out_of_scope = tasks_[task]->OutOfScopeLabel(labels.names());
    std::vector<Decision> decisions;
    for (size_t i = 0; i < split.size(); ++i) {
      if (labels[i].empty()) continue;
      decisions.push_back(ToDecision(labels[i], out_of_scope, pending[task][i]));
    }
    thresholds_[task] = ChooseThreshold(decisions);
    whole[task] = make_metric(task);
    for (size_t i = 0; i < split.size(); ++i) {
      const auto& [label, confidence] = pending[task][i];
      const int32_t answer = confidence < *thresholds_[task] ? kNoLabel : label;
      verdicts[i].Add(whole[task]->Add(labels[i], LabelSpan(&answer, 1)));
    }
  }
  Evaluation evaluation;
  evaluation.loss = std::accumulate(losses.begin(), losses.end(), 0.0);
  if (!losses.empty()) evaluation.loss /= static_cast<double>(losses.size());
  double sum = 0;
  int tasks_with_best = 0;
  for (size_t task = 0; task < tasks_.size(); ++task) {
    const std::optional<double> best = whole[task]->Best();
    const bool has_head = tasks_[task]->has_head();
    for (Figure& figure : whole[task]->Figures()) {
      figure.task = tasks_[task]->field();
      figure.is_shown = has_head || best.has_value();
      evaluation.figures.push_back(std::move(figure));
    }
    for (CountGroup& counts : whole[task]->Counts()) evaluation.counts.push_back(std::move(counts));
    if (!has_head || !best) continue;
    sum += *best;
    ++tasks_with_best;
  }
  evaluation.best = tasks_with_best == 0 ? -evaluation.loss : sum / tasks_with_best;
  const auto counted = static_cast<uint64_t>(std::ranges::count_if(verdicts, &Verdict::counted));
  const auto right = static_cast<uint64_t>(std::ranges::count_if(
      verdicts, [](const Verdict& verdict) { return verdict.counted && verdict.right; }));
  evaluation.figures.push_back({.key = "sentence_accuracy",
                                .name = "sentence accuracy",
                                .column = "sentence",
                                .percent = PercentOf(right, counted),
                                .right = right,
                                .counted = counted,
                                .unit = "sentences",
                                .is_shown = counted > 0});
  return evaluation;
}

}  // namespace bittern
