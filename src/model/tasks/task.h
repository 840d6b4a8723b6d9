// SPDX-License-Identifier: Apache-2.0
// A task: one thing that a model learns to answer about a sentence.
//
// A Task covers the whole way: labels -> input tensor -> head -> loss -> answer -> metric. Trainer,
// checkpoints, evaluation and commands know only this interface. registry.h makes the tasks of a
// configuration.
//
// A Task is immutable and holds no names of labels; what depends on them takes them as an argument.
// A Task makes the objects of three stages:
//   Head          its part of a graph, while the graph is built
//   AnswerReader  reads its answer and its loss from the head's output; one for each thread
//   Metric        counts right and wrong answers; one for each thread, merged in a fixed order
//
// Labels of a sentence are a LabelSpan: as many numbers as the task wants, empty if the sentence
// has no label of the task. A number that is negative or >= classes() has no class of the model:
// the loss ignores it, and the metric counts it as an error.
#ifndef BITTERN_MODEL_TASKS_TASK_H_
#define BITTERN_MODEL_TASKS_TASK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "data/decode.h"
#include "data/encode.h"
#include "model/config.h"
#include "model/layers/layer.h"

namespace bittern {

class StepBuilder;

// A head's output for one sentence, valid until the next run: values[row * stride + token].
struct HeadOutput {
  const float* values = nullptr;
  size_t stride = 0;
  int tokens = 0;  // of the sentence, [CLS] included
};

// An answer for people and for scripts.
struct Answer {
  // Fields of the sentence's JSON object; the details follow the fields of all tasks.
  nlohmann::ordered_json fields = nlohmann::ordered_json::object();
  nlohmann::ordered_json details = nlohmann::ordered_json::object();
  // Entries of the object "tasks", by Task::field().
  nlohmann::ordered_json tasks = nlohmann::ordered_json::object();
  // For text, two columns: "boston", "toloc.city_name".
  std::vector<std::pair<std::string, std::string>> lines = {};
};

struct AnswerOptions {
  Decoding decoding = Decoding::kBio;  // of tags
  int top = 5;                         // the number of classes that an answer lists
};

class AnswerReader {
 public:
  virtual ~AnswerReader() = default;

  // Decides the answer. Does not allocate.
  virtual void Read(const HeadOutput& output) = 0;
  // The latest answer, in the numbers of the model's labels.
  virtual LabelSpan labels() const = 0;
  // The loss of the latest output, in float64: without smoothing, weighted as in training for one
  // sentence. 0 if there is nothing to learn from.
  virtual double Loss(LabelSpan labels) const = 0;
  // An answer whose confidence is below the threshold is rejected: it becomes kNoLabel, "none of
  // these". nullopt, at the start: no answer is rejected. Only for a Task that rejects().
  virtual void SetThreshold(std::optional<double>) {}
  virtual double confidence() const { return 1; }  // of the latest answer, rejected or not
  // Describes the latest answer. `words`: all words of the sentence, also those that were cut off.
  virtual Answer Describe(std::span<const std::string> words) const = 0;
};

// A figure of an evaluation, in percent.
struct Figure {
  std::string key;                // in JSON: "intent_accuracy"; unique if is_top_level
  std::string name;               // in reports: "intent accuracy"
  std::string column;             // in the table of epochs: "intent"; empty: not there
  std::optional<double> percent;  // nullopt: nothing to count
  // How it came about, for reports: right of counted UNIT (counted 0: not shown), or its parts.
  uint64_t right = 0, counted = 0;
  std::string unit = {};
  std::vector<Figure> parts = {};
  // JSON has the figure at its top level, and under "tasks" and the task. There its key is
  // task_key, or `key` if that is empty.
  bool is_top_level = true;
  std::string task_key = {};
  // Set by the evaluator.
  std::string task = {};  // Task::field(); empty: a figure of all tasks
  bool is_shown = true;   // to people: the model has a head for the task, or the data have labels

  friend bool operator==(const Figure&, const Figure&) = default;
};

// Counts that a report as JSON has under a key.
struct CountGroup {
  std::string key;
  std::vector<std::pair<std::string, uint64_t>> counts;

  friend bool operator==(const CountGroup&, const CountGroup&) = default;
};

class Metric {
 public:
  virtual ~Metric() = default;

  // Adds a sentence: its labels, in the numbering of the metric's names, and the answer. Returns
  // whether the whole answer is right, or nullopt if the sentence has no label of this task. Does
  // not allocate.
  virtual std::optional<bool> Add(LabelSpan labels, LabelSpan answer) = 0;
  // Adds the counts of `other`, a metric of the same task. Counts are integers: any order gives the
  // same sum.
  virtual void Merge(const Metric& other) = 0;

  // A fixed number of figures, counted or not.
  virtual std::vector<Figure> Figures() const = 0;
  virtual std::vector<CountGroup> Counts() const { return {}; }
  // The figure by which epochs are compared. Larger is better. nullopt: no sentence has a label.
  virtual std::optional<double> Best() const = 0;
};

struct TaskNames {
  std::string task;        // begins the names of the task's tensors: "slot" in "slot.head.bias"
  std::string labels;      // its labels in a checkpoint's metadata, their number in reports: "tags"
  std::string input;       // the tensor with the labels of one sentence: "input.tags"
  std::string field = {};  // its name in data and answers; empty: that of its tensors
};

class Task {
 public:
  // classes: the model's number of labels. 0: the model has no head for this task.
  Task(TaskNames names, int classes) : names_(std::move(names)), classes_(classes) {
    if (names_.field.empty()) names_.field = names_.task;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;

  const std::string& name() const { return names_.task; }
  const std::string& field() const { return names_.field; }
  const std::string& labels_name() const { return names_.labels; }
  const std::string& input_name() const { return names_.input; }   // [K], i32
  std::string loss_name() const { return "loss." + names_.task; }  // [K], weighted; 0 without label
  std::string logits_name() const { return names_.task + ".logits"; }
  int classes() const { return classes_; }
  bool has_head() const { return classes_ > 0; }

  // Labels.
  // `known` and the labels of the training split that it lacks, appended.
  virtual NameList ExtendLabels(NameList known, const Split& train) const = 0;
  // Labels from a checkpoint's metadata. Fails if they can't be labels of this task.
  virtual NameList CheckLabels(std::vector<std::string> names) const;
  // Writes the number of labels into the configuration, from which the task is made again.
  virtual void SetClasses(int classes, ModelConfig& model) const = 0;
  // The labels of every sentence of a split. names() of the result begins with `labels`.
  virtual LabelColumn Encode(const Split& split, const NameList& labels) const = 0;
  // Adds a sentence's labels to the hash by which a resumed run recognises its data.
  virtual void Hash(LabelSpan labels, Hasher& hash) const { hash.Add(labels); }

  // Inputs. Writes the input tensor for a sentence (-1: no label) and returns the weight of its
  // loss, with the configuration's weight of the task and divided by the batch.
  virtual double WriteLabels(std::span<const uint16_t> ids, LabelSpan labels,
                             std::span<int32_t> input) const = 0;

  // The three stages. `loss`: the weight's place in StepInputs::loss_weights. `labels`: the
  // model's; `names`: LabelColumn::names().
  virtual std::unique_ptr<Head> MakeHead(StepBuilder& step, int loss) const = 0;
  virtual std::unique_ptr<AnswerReader> MakeReader(const NameList& labels,
                                                   const AnswerOptions& options,
                                                   int max_tokens) const = 0;
  // `threshold`: of the readers whose answers the metric gets.
  virtual std::unique_ptr<Metric> MakeMetric(const NameList& names,
                                             std::optional<double> threshold) const = 0;

  // "None of these": the number among `names` of the label of sentences to which no class applies.
  // Where sentences of valid have it, a threshold is chosen there, by ChooseThreshold. -1: none.
  virtual int OutOfScopeLabel(const NameList& /*names*/) const { return -1; }

 private:
  TaskNames names_;
  const int classes_;
};

// -log softmax(values)[label] in float64, for `count` numbers that are `stride` apart.
double CrossEntropy(const float* values, int count, size_t stride, int label);
// The probability of `label`, likewise.
double Probability(const float* values, int count, size_t stride, int label);

// 100 * part / whole; nullopt if whole is 0.
std::optional<double> PercentOf(uint64_t part, uint64_t whole);

}  // namespace bittern

#endif  // BITTERN_MODEL_TASKS_TASK_H_
