// SPDX-License-Identifier: Apache-2.0
#include "model/tasks/class_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "model/tasks/classification_head.h"

namespace bittern {
namespace {

using OrderedJson = nlohmann::ordered_json;

class ClassReader : public AnswerReader {
 public:
  // has_fields: the answer stands at the top level of the sentence's JSON object, too.
  ClassReader(NameList labels, std::string field, bool has_fields, int classes, double weight,
              int out_of_scope, int top)
      : labels_(std::move(labels)),
        field_(std::move(field)),
        has_fields_(has_fields),
        classes_(classes),
        weight_(weight),
        out_of_scope_(out_of_scope),
        top_(top) {}

  // The output has a column for token 0, and on some machines for the other tokens too.
  void Read(const HeadOutput& output) override {
    output_ = output;
    best_ = threshold_ ? BestInScope() : ArgMax(output.values, classes_, output.stride);
    answer_ = {threshold_ && confidence() < *threshold_ ? kNoLabel : best_};
  }
  LabelSpan labels() const override { return answer_; }
  double Loss(LabelSpan labels) const override {
    if (labels.empty() || labels[0] < 0 || labels[0] >= classes_) return 0;
    return weight_ * CrossEntropy(output_.values, classes_, output_.stride, labels[0]);
  }
  void SetThreshold(std::optional<double> threshold) override { threshold_ = threshold; }
  double confidence() const override {
    return Probability(output_.values, classes_, output_.stride, best_);
  }
  Answer Describe(std::span<const std::string>) const override {
    const bool rejected = answer_[0] == kNoLabel;
    const std::string& name = labels_[best_];
    const double probability = confidence();
    const OrderedJson label = rejected ? OrderedJson(nullptr) : OrderedJson(name);
    Answer answer;
    if (has_fields_) {
      answer.fields[field_] = label;
      answer.fields[field_ + "_probability"] = probability;
    }
    answer.tasks[field_] = {{"label", label}, {"probability", probability}, {"top", Top()}};
    answer.lines = {
        {field_, rejected ? fmt::format("none of these ({}: {:.1f} %)", name, 100 * probability)
                          : fmt::format("{} ({:.1f} %)", name, 100 * probability)}};
    return answer;
  }

 private:
  bool IsAnswer(int label) const { return !threshold_ || label != out_of_scope_; }
  float Logit(int label) const {
    return output_.values[static_cast<size_t>(label) * output_.stride];
  }
  // A tie goes to the lower number, as in ArgMax.
  int BestInScope() const {
    int best = out_of_scope_ == 0 && classes_ > 1 ? 1 : 0;
    for (int label = best + 1; label < classes_; ++label) {
      if (IsAnswer(label) && Logit(label) > Logit(best)) best = label;
    }
    return best;
  }
  OrderedJson Top() const {
    std::vector<int> order(static_cast<size_t>(classes_));
    std::iota(order.begin(), order.end(), 0);
    std::erase_if(order, [&](int label) { return !IsAnswer(label); });
    std::ranges::stable_sort(order, [&](int a, int b) { return Logit(a) > Logit(b); });
    order.resize(std::min(order.size(), static_cast<size_t>(top_)));
    OrderedJson top = OrderedJson::array();
    for (const int label : order) {
      top.push_back(
          {{"label", labels_[label]},
           {"probability", Probability(output_.values, classes_, output_.stride, label)}});
    }
    return top;
  }

  const NameList labels_;
  const std::string field_;
  const bool has_fields_;
  const int classes_;
  const double weight_;
  const int out_of_scope_;  // -1: every label is a class
  const int top_;
  std::optional<double> threshold_;
  HeadOutput output_;
  int best_ = 0;
  std::array<int32_t, 1> answer_ = {kNoLabel};
};

class ClassMetric : public Metric {
 public:
  // out_of_scope: the number of its label; -1: every label is a class.
  ClassMetric(Figure accuracy, std::optional<double> threshold, int out_of_scope)
      : accuracy_(std::move(accuracy)), threshold_(threshold), out_of_scope_(out_of_scope) {}

  std::optional<bool> Add(LabelSpan labels, LabelSpan answer) override {
    if (labels.empty() || labels[0] < 0) return std::nullopt;
    const bool in_scope = !threshold_ || labels[0] != out_of_scope_;
    const bool right = !answer.empty() && answer[0] == (in_scope ? labels[0] : kNoLabel);
    (in_scope ? in_scope_ : out_of_scope_counts_).Add(right);
    return right;
  }
  void Merge(const Metric& other) override {
    const auto& part = dynamic_cast<const ClassMetric&>(other);
    in_scope_.Merge(part.in_scope_);
    out_of_scope_counts_.Merge(part.out_of_scope_counts_);
  }
  std::vector<Figure> Figures() const override {
    Counts all = in_scope_;
    all.Merge(out_of_scope_counts_);
    std::vector<Figure> figures = {all.Fill(accuracy_)};
    if (!threshold_) return figures;
    figures.push_back(in_scope_.Fill({.key = "in_scope_accuracy",
                                      .name = accuracy_.column + " in scope",
                                      .column = "in scope",
                                      .percent = {},
                                      .is_top_level = false}));
    figures.push_back(out_of_scope_counts_.Fill({.key = "out_of_scope_recall",
                                                 .name = accuracy_.column + " rejected",
                                                 .column = "rejected",
                                                 .percent = {},
                                                 .is_top_level = false}));
    figures.push_back({.key = "threshold",
                       .name = accuracy_.column + " threshold",
                       .column = "",
                       .percent = 100 * *threshold_,
                       .is_top_level = false});
    return figures;
  }
  std::optional<double> Best() const override { return Figures().front().percent; }

 private:
  struct Counts {
    uint64_t sentences = 0, right = 0;

    void Add(bool is_right) {
      ++sentences;
      right += is_right;
    }
    void Merge(const Counts& other) {
      sentences += other.sentences;
      right += other.right;
    }
    Figure Fill(Figure figure) const {
      figure.percent = PercentOf(right, sentences);
      figure.right = right;
      figure.counted = sentences;
      figure.unit = "sentences";
      return figure;
    }
  };

  const Figure accuracy_;
  const std::optional<double> threshold_;
  const int out_of_scope_;
  Counts in_scope_, out_of_scope_counts_;
};

// The labels of a field of the data. A field that a split lacks has no labels there.
class FieldTask : public ClassTask {
 public:
  using ClassTask::ClassTask;

  NameList ExtendLabels(NameList known, const Split& train) const override {
    const ClassField* found = train.FindField(field());
    if (found != nullptr) AppendNew(found->labels(), labels_name().c_str(), &known);
    return known;
  }
  LabelColumn Encode(const Split& split, const NameList& labels) const override {
    LabelColumn column(labels);
    const ClassField* found = split.FindField(field());
    std::vector<int32_t> numbers;
    if (found != nullptr) numbers = column.Number(found->labels());
    column.Reserve(split.size(), split.size());
    for (size_t i = 0; i < split.size(); ++i) {
      const int label = found == nullptr ? -1 : (*found)[i];
      if (label >= 0) column.Append(numbers[static_cast<size_t>(label)]);
      column.EndSentence();
    }
    return column;
  }
};

class IntentTask : public FieldTask {
 public:
  explicit IntentTask(const Config& config)
      : FieldTask(
            {.task = "intent", .labels = "intents", .input = "input.intent", .field = kIntentField},
            config.model.intents,
            {.key = "intent_accuracy",
             .name = "intent accuracy",
             .column = "intent",
             .percent = {},
             .task_key = "accuracy"},
            config.training.intent_weight, config.training.batch, config.model.out_of_scope) {}

  void SetClasses(int classes, ModelConfig& model) const override { model.intents = classes; }
};

// A field of model.classes. Its tensors are named after it.
class NamedTask : public FieldTask {
 public:
  NamedTask(const Config& config, size_t place)
      : NamedTask(config, config.model.classes[place], place) {}

  void SetClasses(int classes, ModelConfig& model) const override {
    model.classes[place_].labels = classes;
  }

 private:
  NamedTask(const Config& config, const ClassConfig& field, size_t place)
      : FieldTask({.task = "class." + field.name,
                   .labels = "labels of " + field.name,
                   .input = "input.class." + field.name,
                   .field = field.name},
                  field.labels,
                  {.key = "accuracy",
                   .name = field.name + " accuracy",
                   .column = field.name,
                   .percent = {},
                   .is_top_level = false},
                  field.weight, config.training.batch, config.model.out_of_scope),
        place_(place) {}

  const size_t place_;
};

}  // namespace

void AppendIntentTask(const Config& config, Tasks& tasks) {
  tasks.push_back(std::make_unique<IntentTask>(config));
}

void AppendFieldTasks(const Config& config, Tasks& tasks) {
  for (size_t place = 0; place < config.model.classes.size(); ++place) {
    tasks.push_back(std::make_unique<NamedTask>(config, place));
  }
}

ClassTask::ClassTask(TaskNames names, int classes, Figure accuracy, double weight, int batch,
                     std::string out_of_scope)
    : Task(std::move(names), classes),
      accuracy_(std::move(accuracy)),
      weight_(weight),
      batch_(batch),
      out_of_scope_(std::move(out_of_scope)) {}

// A number of 64 bits, -1 without a label: data_hash in checkpoints is made so.
void ClassTask::Hash(LabelSpan labels, Hasher& hash) const {
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
      step.options().heads_on_every_token ? Reads::kEveryToken : Reads::kFirstToken);
}

std::unique_ptr<AnswerReader> ClassTask::MakeReader(const NameList& labels,
                                                    const AnswerOptions& options, int) const {
  return std::make_unique<ClassReader>(labels, field(), accuracy_.is_top_level, classes(), weight_,
                                       OutOfScopeLabel(labels), options.top);
}

std::unique_ptr<Metric> ClassTask::MakeMetric(const NameList& names,
                                              std::optional<double> threshold) const {
  return std::make_unique<ClassMetric>(accuracy_, threshold, OutOfScopeLabel(names));
}

int ClassTask::OutOfScopeLabel(const NameList& names) const {
  return out_of_scope_.empty() ? -1 : names.Find(out_of_scope_);
}

}  // namespace bittern
