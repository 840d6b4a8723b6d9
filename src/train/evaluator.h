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
  // What epochs are compared by, larger is better: the mean of the tasks' Metric::Best. Only tasks
  // with a head and something to count take part. Without any it is minus the loss.
  double best = 0;

  // A figure or a part of one in percent, by its key. nullopt: nothing to count.
  std::optional<double> Percent(std::string_view key) const;

  friend bool operator==(const Evaluation&, const Evaluation&) = default;
};

class Evaluator {
 public:
  // Has an Inference for each thread, each on its own device.
  Evaluator(const Config& config, const Labels& labels, const AnswerOptions& options, int threads,
            const std::string& device = kCpu);

  void Load(CheckpointReader& checkpoint);
  void CopyParameters(const Graph& graph, const TensorValues& values);

  Evaluation Evaluate(const EncodedSplit& split);

 private:
  Tasks tasks_;
  std::vector<std::unique_ptr<Inference>> workers_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_EVALUATOR_H_
