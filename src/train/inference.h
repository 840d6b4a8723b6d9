// SPDX-License-Identifier: Apache-2.0
// A trained model's answers to one sentence. Evaluation and prediction share it.
//
// An Inference has its own runner (on this machine: parameters and activations, about 1.8 MB for
// two encoders) and serves one thread. Its parameters come from a checkpoint or from a running
// training step, by name. On this machine it does not allocate for a sentence.
#ifndef BITTERN_TRAIN_INFERENCE_H_
#define BITTERN_TRAIN_INFERENCE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/inputs.h"
#include "train/checkpoint.h"
#include "train/step_runner.h"

namespace bittern {

class Inference {
 public:
  // labels: [task]. device: see MakeStepRunner.
  Inference(const Config& config, const Labels& labels, const AnswerOptions& options,
            const std::string& device = kCpu);

  const StepRunner& runner() const { return *runner_; }

  void Load(CheckpointReader& checkpoint);
  void CopyParameters(const Graph& graph, const TensorValues& values);
  // Load sets those of the checkpoint.
  void SetThresholds(const Thresholds& thresholds);

  // ids: [CLS] and at most tokens - 1 words. The results below are those of the latest run.
  void Run(std::span<const uint16_t> ids);

  // The number of tasks, with those that have no head.
  size_t tasks() const { return heads_.size(); }
  // The answer of a task; null if the model has no head for it.
  const AnswerReader* answer(size_t task) const { return heads_[task].reader.get(); }
  // The sum of the tasks' losses, see AnswerReader::Loss.
  double Loss(SentenceLabels labels) const;

 private:
  struct TaskHead {
    TensorId logits = kNoTensor;
    std::unique_ptr<AnswerReader> reader;
  };

  std::unique_ptr<StepRunner> runner_;
  InputWriter writer_;
  std::vector<TaskHead> heads_;  // [task]
  StepInputs inputs_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_INFERENCE_H_
