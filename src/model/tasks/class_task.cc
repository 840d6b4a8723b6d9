#include "model/tasks/class_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "model/tasks/classification_head.h"

namespace bittern {
namespace {

class ClassReader : public AnswerReader {
 public:
  ClassReader(NameList labels, std::string field, int classes, double weight)
      : labels_(std::move(labels)), field_(std::move(field)), classes_(classes), weight_(weight) {}

  // The output has a column for token 0, and on some machines for the other tokens too.
  void Read(const HeadOutput& output) override {
    output_ = output;
    answer_ = {ArgMax(output.values, classes_, output.stride)};
  }
  LabelSpan labels() const override { return answer_; }
  double Loss(LabelSpan labels) const override {
    if (labels.empty() || labels[0] < 0 || labels[0] >= classes_) return 0;
    return weight_ * CrossEntropy(output_.values, classes_, output_.stride, labels[0]);
  }
  Answer Describe(std::span<const std::string>) const override {
    const std::string& name = labels_[answer_[0]];
    const double probability = Probability(output_.values, classes_, output_.stride, answer_[0]);
    Answer answer;
    answer.fields[field_] = name;
    answer.fields[field_ + "_probability"] = probability;
    answer.lines = {{field_, fmt::format("{} ({:.1f} %)", name, 100 * probability)}};
    return answer;
  }

 private:
  const NameList labels_;
  const std::string field_;
  const int classes_;
  const double weight_;
  HeadOutput output_;
  std::array<int32_t, 1> answer_ = {kNoLabel};
};

class ClassMetric : public Metric {
 public:
  explicit ClassMetric(Figure accuracy) : accuracy_(std::move(accuracy)) {}

  std::optional<bool> Add(LabelSpan labels, LabelSpan answer) override {
    if (labels.empty() || labels[0] < 0) return std::nullopt;
    const bool right = !answer.empty() && answer[0] == labels[0];
    ++sentences_;
    right_ += right;
    return right;
  }
  void Merge(const Metric& other) override {
    const auto& part = dynamic_cast<const ClassMetric&>(other);
    sentences_ += part.sentences_;
    right_ += part.right_;
  }
  std::vector<Figure> Figures() const override {
    Figure figure = accuracy_;
    figure.percent = Percent();
    figure.right = right_;
    figure.counted = sentences_;
    figure.unit = "sentences";
    return {figure};
  }
  std::optional<double> Best() const override { return Percent(); }

 private:
  std::optional<double> Percent() const { return PercentOf(right_, sentences_); }

  const Figure accuracy_;
  uint64_t sentences_ = 0, right_ = 0;
};

// The class that the readers of data call the intent.
class IntentTask : public ClassTask {
 public:
  explicit IntentTask(const Config& config)
      : ClassTask({.task = "intent", .labels = "intents", .input = "input.intent"},
                  config.model.intents,
                  {.key = "intent_accuracy",
                   .name = "intent accuracy",
                   .column = "intent",
                   .percent = {}},
                  "intent", config.training.intent_weight, config.training.batch) {}

  NameList ExtendLabels(NameList known, const Split& train) const override {
    AppendNew(train.intents(), "intents", &known);
    return known;
  }
  void SetClasses(int classes, ModelConfig& model) const override { model.intents = classes; }
  LabelColumn Encode(const Split& split, const NameList& labels) const override {
    LabelColumn column(labels);
    const std::vector<int32_t> numbers = column.Number(split.intents());
    column.Reserve(split.size(), split.size());
    for (size_t i = 0; i < split.size(); ++i) {
      const int16_t intent = split[i].intent;
      if (intent >= 0) column.Append(numbers[static_cast<size_t>(intent)]);
      column.EndSentence();
    }
    return column;
  }
};

}  // namespace

void AppendClassTasks(const Config& config, Tasks& tasks) {
  tasks.push_back(std::make_unique<IntentTask>(config));
}

ClassTask::ClassTask(TaskNames names, int classes, Figure accuracy, std::string field,
                     double weight, int batch)
    : Task(std::move(names), classes),
      accuracy_(std::move(accuracy)),
      field_(std::move(field)),
      weight_(weight),
      batch_(batch) {}

// A number of 64 bits, -1 without a label: data_hash in checkpoints is made so.
void ClassTask::Hash(LabelSpan labels, Fnv1a& hash) const {
  hash.Add(static_cast<uint64_t>(int64_t{labels.empty() ? kNoLabel : labels[0]}));
}

double ClassTask::WriteLabels(std::span<const uint16_t>, LabelSpan labels,
                              std::span<int32_t> input) const {
  std::fill(input.begin(), input.end(), kNoLabel);
  if (!labels.empty() && labels[0] < classes()) input[0] = labels[0];
  return weight_ / batch_;
}

std::unique_ptr<Head> ClassTask::MakeHead(StepBuilder& step, int loss) const {
  using Reads = ClassificationHead::Reads;
  return std::make_unique<ClassificationHead>(
      step, *this, loss,
      step.options().intent_on_every_token ? Reads::kEveryToken : Reads::kFirstToken);
}

std::unique_ptr<AnswerReader> ClassTask::MakeReader(const NameList& labels, const AnswerOptions&,
                                                    int) const {
  return std::make_unique<ClassReader>(labels, field_, classes(), weight_);
}

std::unique_ptr<Metric> ClassTask::MakeMetric(const NameList&) const {
  return std::make_unique<ClassMetric>(accuracy_);
}

}  // namespace bittern
