#include "train/evaluator.h"

#include <numeric>

#include "base/parallel.h"

namespace bittern {

Evaluator::Evaluator(const Config& config, const Labels& labels, Decoding decoding, int threads,
                     const std::string& device) {
  for (int i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Inference>(config, labels, decoding, device));
  }
}

void Evaluator::Load(CheckpointReader& checkpoint) {
  for (const auto& worker : workers_) worker->Load(checkpoint);
}

void Evaluator::CopyParameters(const Graph& graph, const TensorValues& values) {
  for (const auto& worker : workers_) worker->CopyParameters(graph, values);
}

Evaluation Evaluator::Evaluate(const EncodedSplit& split) {
  const TagTable table(split.tag_names().names());
  std::vector<Scores> scores(workers_.size());
  std::vector<double> losses(split.size());  // added up in order: any number of threads, one sum
  ParallelFor(split.size(), static_cast<int>(workers_.size()), [&](size_t index, int worker) {
    const EncodedSentence sentence = split[index];
    Inference& inference = *workers_[static_cast<size_t>(worker)];
    inference.Run(sentence.ids);
    scores[static_cast<size_t>(worker)].Add(table, sentence.gold_intent, inference.intent(),
                                            sentence.gold_tags, inference.tags());
    losses[index] = inference.Loss(sentence.tags, sentence.intent);
  });
  Evaluation evaluation;
  for (const Scores& part : scores) evaluation.scores += part;
  evaluation.loss = std::accumulate(losses.begin(), losses.end(), 0.0);
  if (!losses.empty()) evaluation.loss /= static_cast<double>(losses.size());
  return evaluation;
}

}  // namespace bittern
