// A class of the whole sentence, read from token 0: the sentence's intent.
//
// Labels: one number a sentence. Loss: cross-entropy. Metric: accuracy, for the whole label (a
// joint label a#b is one class).
#ifndef BITTERN_MODEL_TASKS_CLASS_TASK_H_
#define BITTERN_MODEL_TASKS_CLASS_TASK_H_

#include <memory>
#include <string>
#include <vector>

#include "model/tasks/registry.h"

namespace bittern {

// One task of the configuration: model.intents.
void AppendClassTasks(const Config& config, Tasks& tasks);

// All but the source of the labels; a subclass says where they come from.
class ClassTask : public Task {
 public:
  // `accuracy`: key, name and column of the metric. `field`: of the answer in JSON, and in text.
  // `weight`: of the loss.
  ClassTask(TaskNames names, int classes, Figure accuracy, std::string field, double weight,
            int batch);

  void Hash(LabelSpan labels, Fnv1a& hash) const override;
  double WriteLabels(std::span<const uint16_t> ids, LabelSpan labels,
                     std::span<int32_t> input) const override;
  std::unique_ptr<Head> MakeHead(StepBuilder& step, int loss) const override;
  std::unique_ptr<AnswerReader> MakeReader(const NameList& labels, const AnswerOptions& options,
                                           int max_tokens) const override;
  std::unique_ptr<Metric> MakeMetric(const NameList& names) const override;

 private:
  const Figure accuracy_;
  const std::string field_;
  const double weight_;
  const int batch_;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_TASKS_CLASS_TASK_H_
