#include "train/evaluator.h"

#include <numeric>

#include "base/error.h"
#include "base/parallel.h"

namespace bittern {
namespace {

// The counts of one thread.
struct Part {
  std::vector<std::unique_ptr<Metric>> metrics;  // [task]
  uint64_t sentences = 0, right = 0;             // with a label of any task; with all tasks right

  void Add(SentenceLabels labels, const Inference& inference) {
    bool counted = false, all_right = true;
    for (size_t task = 0; task < metrics.size(); ++task) {
      const AnswerReader* answer = inference.answer(task);
      const std::optional<bool> is_right =
          metrics[task]->Add(labels[task], answer == nullptr ? LabelSpan() : answer->labels());
      counted |= is_right.has_value();
      all_right &= is_right.value_or(true);
    }
    sentences += counted;
    right += counted && all_right;
  }
  void Merge(const Part& other) {
    for (size_t task = 0; task < metrics.size(); ++task) metrics[task]->Merge(*other.metrics[task]);
    sentences += other.sentences;
    right += other.right;
  }
};

}  // namespace

std::optional<double> Evaluation::Percent(std::string_view key) const {
  for (const Figure& figure : figures) {
    if (figure.key == key) return figure.percent;
    for (const Figure& part : figure.parts) {
      if (part.key == key) return part.percent;
    }
  }
  Fail("an evaluation has no figure {}", key);
}

Evaluator::Evaluator(const Config& config, const Labels& labels, const AnswerOptions& options,
                     int threads, const std::string& device)
    : tasks_(MakeTasks(config)) {
  for (int i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Inference>(config, labels, options, device));
  }
}

void Evaluator::Load(CheckpointReader& checkpoint) {
  for (const auto& worker : workers_) worker->Load(checkpoint);
}

void Evaluator::CopyParameters(const Graph& graph, const TensorValues& values) {
  for (const auto& worker : workers_) worker->CopyParameters(graph, values);
}

Evaluation Evaluator::Evaluate(const EncodedSplit& split) {
  std::vector<Part> parts(workers_.size());
  for (Part& part : parts) {
    for (size_t task = 0; task < tasks_.size(); ++task) {
      part.metrics.push_back(tasks_[task]->MakeMetric(split.columns()[task].names()));
    }
  }
  // Losses are kept apart and added in the order of the sentences: the sum does not depend on the
  // number of threads. Counts are integers.
  std::vector<double> losses(split.size());
  ParallelFor(split.size(), static_cast<int>(workers_.size()), [&](size_t index, int worker) {
    const EncodedSentence sentence = split[index];
    Inference& inference = *workers_[static_cast<size_t>(worker)];
    inference.Run(sentence.ids);
    parts[static_cast<size_t>(worker)].Add(sentence.labels, inference);
    losses[index] = inference.Loss(sentence.labels);
  });

  Part& whole = parts.front();
  for (size_t i = 1; i < parts.size(); ++i) whole.Merge(parts[i]);
  Evaluation evaluation;
  evaluation.loss = std::accumulate(losses.begin(), losses.end(), 0.0);
  if (!losses.empty()) evaluation.loss /= static_cast<double>(losses.size());
  double sum = 0;
  int counted = 0;
  for (size_t task = 0; task < tasks_.size(); ++task) {
    const Metric& metric = *whole.metrics[task];
    for (Figure& figure : metric.Figures()) evaluation.figures.push_back(std::move(figure));
    for (CountGroup& counts : metric.Counts()) evaluation.counts.push_back(std::move(counts));
    const std::optional<double> best = metric.Best();
    if (!tasks_[task]->has_head() || !best) continue;
    sum += *best;
    ++counted;
  }
  evaluation.best = counted == 0 ? -evaluation.loss : sum / counted;
  evaluation.figures.push_back({.key = "sentence_accuracy",
                                .name = "sentence accuracy",
                                .column = "sentence",
                                .percent = PercentOf(whole.right, whole.sentences),
                                .right = whole.right,
                                .counted = whole.sentences,
                                .unit = "sentences"});
  return evaluation;
}

}  // namespace bittern
