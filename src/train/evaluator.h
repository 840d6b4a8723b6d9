// SPDX-License-Identifier: Apache-2.0
// Scores of a model on a split. The result is the same for any number of threads.
#ifndef BITTERN_TRAIN_EVALUATOR_H_
#define BITTERN_TRAIN_EVALUATOR_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/encode.h"
#include "train/inference.h"

namespace bittern {

struct Evaluation {
  // The figures of every task, with those that the model has no head for, and last the sentences
  // whose every task is answered right.
  std::vector<Figure> figures;
  std::vector<CountGroup> counts;
  double loss = 0;  // mean over the sentences, see Inference::Loss
  // The figure by which epochs are compared. Larger is better. It is the mean of the tasks'
  // Metric::Best. Only tasks with a head and something to count take part. Without any it is minus
  // the loss.
  double best = 0;

  // A figure or a part of one in percent, by its key; without `task`, one at the top level.
  // nullopt: nothing to count.
  std::optional<double> Percent(std::string_view key, std::string_view task = {}) const;

  friend bool operator==(const Evaluation&, const Evaluation&) = default;
};

class Evaluator {
 public:
  // Has an Inference for each thread, each on its own device.
  Evaluator(const Config& config, const Labels& labels, const AnswerOptions& options, int threads,
            const std::string& device = kCpu);

  void Load(CheckpointReader& checkpoint);
  void CopyParameters(const Graph& graph, const TensorValues& values);

  // With the thresholds that were loaded or chosen last. At the start there are none.
  Evaluation Evaluate(const EncodedSplit& split);
  // Chooses the thresholds of those tasks that have sentences out of scope in this split, and
  // evaluates with them.
  Evaluation ChooseThresholds(const EncodedSplit& split);

  // The label of sentences out of scope in the splits, where it is not that of the configuration.
  void SetOutOfScope(std::string label);

  const Thresholds& thresholds() const { return thresholds_; }

 private:
  // chosen: [task] the thresholds to choose.
  Evaluation Evaluate(const EncodedSplit& split, const std::vector<bool>& chosen);
  void SetThresholds();

  Config config_;
  Tasks tasks_;
  Thresholds thresholds_;
  std::vector<std::unique_ptr<Inference>> workers_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_EVALUATOR_H_
