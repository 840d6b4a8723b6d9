// SPDX-License-Identifier: Apache-2.0
// A class of the whole sentence, read from token 0: its intent, or any other field of the data.
//
// Labels: one number a sentence. Loss: cross-entropy. Metric: accuracy, for the whole label (a
// joint label a#b is one class).
//
// "None of these": sentences with the label model.out_of_scope have no class. Where train has some,
// the head learns that label too, so that it takes probability from the classes. But it is never an
// answer. The answer is the most probable class, and is rejected if its probability is below the
// threshold (threshold.h). The metric then also has the accuracy in scope, where a rejected answer
// is wrong, and the recall out of scope, the share of those sentences that are rejected. A model
// without a threshold treats the label like any other.
#ifndef BITTERN_MODEL_TASKS_CLASS_TASK_H_
#define BITTERN_MODEL_TASKS_CLASS_TASK_H_

#include <memory>
#include <string>
#include <vector>

#include "model/tasks/registry.h"

namespace bittern {

// The intent: model.intents.
void AppendIntentTask(const Config& config, Tasks& tasks);
// The other fields: model.classes.
void AppendFieldTasks(const Config& config, Tasks& tasks);

// All but the source of the labels; a subclass says where they come from.
class ClassTask : public Task {
 public:
  // `accuracy`: key, name and column of the metric. `weight`: of the loss. `out_of_scope`: a label,
  // or empty if every label is a class.
  ClassTask(TaskNames names, int classes, Figure accuracy, double weight, int batch,
            std::string out_of_scope = "");

  void Hash(LabelSpan labels, Hasher& hash) const override;
  double WriteLabels(std::span<const uint16_t> ids, LabelSpan labels,
                     std::span<int32_t> input) const override;
  std::unique_ptr<Head> MakeHead(StepBuilder& step, int loss) const override;
  std::unique_ptr<AnswerReader> MakeReader(const NameList& labels, const AnswerOptions& options,
                                           int max_tokens) const override;
  std::unique_ptr<Metric> MakeMetric(const NameList& names,
                                     std::optional<double> threshold) const override;
  int OutOfScopeLabel(const NameList& names) const override;

 private:
  const Figure accuracy_;
  const double weight_;
  const int batch_;
  const std::string out_of_scope_;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_TASKS_CLASS_TASK_H_
