// Scores of a model on a split, on several threads with the same result for any number of them.
#ifndef BITTERN_TRAIN_EVALUATOR_H_
#define BITTERN_TRAIN_EVALUATOR_H_

#include <memory>
#include <string>
#include <vector>

#include "data/encode.h"
#include "data/scores.h"
#include "train/inference.h"

namespace bittern {

struct Evaluation {
  Scores scores;
  double loss = 0;  // mean over the sentences, as Inference::Loss
};

class Evaluator {
 public:
  // One Inference a thread, each on a device of its own.
  Evaluator(const Config& config, const Labels& labels, Decoding decoding, int threads,
            const std::string& device = kCpu);

  void Load(CheckpointReader& checkpoint);
  void CopyParameters(const Graph& graph, const TensorValues& values);

  Evaluation Evaluate(const EncodedSplit& split);

 private:
  std::vector<std::unique_ptr<Inference>> workers_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_EVALUATOR_H_
