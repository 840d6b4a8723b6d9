// SPDX-License-Identifier: Apache-2.0
#include "model/tasks/tags_task.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "data/spans.h"
#include "model/tasks/classification_head.h"

namespace bittern {
namespace {

// The sum of the words' losses is divided by this.
int Divisor(SlotLoss loss, int labelled) {
  return loss == SlotLoss::kMean ? std::max(labelled, 1) : 1;
}

class TagsReader : public AnswerReader {
 public:
  TagsReader(const NameList& labels, Decoding decoding, int max_tokens, double weight,
             SlotLoss loss)
      : labels_(labels),
        table_(labels.names()),
        weight_(weight),
        loss_(loss),
        tags_(static_cast<size_t>(max_tokens)) {
    if (decoding == Decoding::kBio) bio_.emplace(table_, max_tokens);
  }

  void Read(const HeadOutput& output) override {
    output_ = output;
    answer_ = std::span(tags_).first(static_cast<size_t>(output.tokens) - 1);
    const float* words = output.values + 1;  // token 0 is [CLS]
    if (bio_) {
      bio_->Decode(words, output.stride, answer_);
    } else {
      DecodeArgMax(words, output.stride, table_.size(), answer_);
    }
  }
  LabelSpan labels() const override { return answer_; }
  double Loss(LabelSpan labels) const override {
    double sum = 0;
    int labelled = 0;
    for (size_t w = 0; w < std::min(labels.size(), answer_.size()); ++w) {
      if (labels[w] < 0 || labels[w] >= table_.size()) continue;
      ++labelled;
      sum += CrossEntropy(output_.values + w + 1, table_.size(), output_.stride, labels[w]);
    }
    return weight_ * (sum / Divisor(loss_, labelled));
  }
  Answer Describe(std::span<const std::string> words) const override {
    std::vector<std::string> tags;
    for (const int32_t tag : answer_) tags.push_back(labels_[tag]);
    tags.resize(words.size(), labels_[kOutsideTag]);
    Answer answer;
    answer.fields["tags"] = tags;
    nlohmann::ordered_json slots = nlohmann::ordered_json::array();
    for (const Span& span : FindSpans(table_, answer_)) {
      const std::string& type = table_.types()[static_cast<size_t>(span.type)];
      const std::string text = fmt::format(
          "{}", fmt::join(words.begin() + span.first, words.begin() + span.last + 1, " "));
      slots.push_back({{"type", type}, {"text", text}, {"first", span.first}, {"last", span.last}});
      answer.lines.emplace_back(text, type);
    }
    answer.details["slots"] = slots;
    return answer;
  }

 private:
  const NameList labels_;
  const TagTable table_;
  const double weight_;
  const SlotLoss loss_;
  std::optional<BioDecoder> bio_;
  std::vector<int32_t> tags_;  // [tokens]
  std::span<int32_t> answer_;  // of the words, in tags_
  HeadOutput output_;
};

class TagsMetric : public Metric {
 public:
  // Takes the tags of the split, because some may not be the model's.
  explicit TagsMetric(const NameList& names) : table_(names.names()) {}

  std::optional<bool> Add(LabelSpan labels, LabelSpan answer) override {
    if (labels.empty()) return std::nullopt;
    size_t right = 0;
    for (size_t w = 0; w < labels.size(); ++w) {
      right +=
          w < answer.size() ? labels[w] == answer[w] : table_[labels[w]].kind == TagKind::kOutside;
    }
    words_ += labels.size();
    right_words_ += right;
    CountSpans(table_, labels, answer, &spans_);
    return right == labels.size();
  }
  void Merge(const Metric& other) override {
    const auto& part = dynamic_cast<const TagsMetric&>(other);
    words_ += part.words_;
    right_words_ += part.right_words_;
    spans_.gold += part.spans_.gold;
    spans_.predicted += part.spans_.predicted;
    spans_.right += part.spans_.right;
  }
  std::vector<Figure> Figures() const override {
    const auto counted = [&](double percent) {
      return words_ == 0 ? std::nullopt : std::optional(percent);
    };
    return {{.key = "token_accuracy",
             .name = "token accuracy",
             .column = "token",
             .percent = PercentOf(right_words_, words_),
             .right = right_words_,
             .counted = words_,
             .unit = "words"},
            {.key = "span_f1",
             .name = "span F1",
             .column = "span F1",
             .percent = Best(),
             .parts = {{.key = "span_precision",
                        .name = "precision",
                        .column = "",
                        .percent = counted(SpanPrecision(spans_))},
                       {.key = "span_recall",
                        .name = "recall",
                        .column = "",
                        .percent = counted(SpanRecall(spans_))}}}};
  }
  std::vector<CountGroup> Counts() const override {
    return {{.key = "spans",
             .counts = {
                 {"gold", spans_.gold}, {"predicted", spans_.predicted}, {"right", spans_.right}}}};
  }
  std::optional<double> Best() const override {
    return words_ == 0 ? std::nullopt : std::optional(SpanF1(spans_));
  }

 private:
  const TagTable table_;
  uint64_t words_ = 0, right_words_ = 0;  // of sentences with tags
  SpanCounts spans_;
};

class TagsTask : public Task {
 public:
  explicit TagsTask(const Config& config)
      : Task({.task = "slot", .labels = "tags", .input = "input.tags", .field = "tags"},
             config.model.tags),
        weight_(config.training.slot_weight),
        batch_(config.training.batch),
        loss_(config.training.slot_loss) {}

  // O comes first, even if no word has it.
  NameList ExtendLabels(NameList known, const Split& train) const override {
    if (known.size() == 0 && train.tags().size() > 0) known.Append("O");
    AppendNew(train.tags(), "tags", &known);
    return known;
  }
  NameList CheckLabels(std::vector<std::string> names) const override {
    NameList labels = Task::CheckLabels(std::move(names));
    for (const std::string& tag : labels.names()) {
      if (!IsBioTag(tag)) Fail("tags: found {}; expected O, B-type or I-type", Quoted(tag));
    }
    if (labels.size() > 0 && labels[kOutsideTag] != "O") {
      Fail("tags: the first is {}; expected 'O'", Quoted(labels[kOutsideTag]));
    }
    return labels;
  }
  void SetClasses(int classes, ModelConfig& model) const override { model.tags = classes; }
  LabelColumn Encode(const Split& split, const NameList& labels) const override {
    LabelColumn column(labels);
    const std::vector<int32_t> numbers = column.Number(split.tags());
    size_t words = 0;
    for (size_t i = 0; i < split.size(); ++i) words += split[i].tags.size();
    column.Reserve(split.size(), words);
    for (size_t i = 0; i < split.size(); ++i) {
      for (const int16_t tag : split[i].tags) column.Append(numbers[static_cast<size_t>(tag)]);
      column.EndSentence();
    }
    return column;
  }
  // 16 bits a tag: data_hash in checkpoints is made so.
  void Hash(LabelSpan labels, Hasher& hash) const override {
    hash.Add(labels.size());
    for (const int32_t label : labels) {
      const auto tag = static_cast<int16_t>(label);
      hash.Add(&tag, sizeof tag);
    }
  }

  double WriteLabels(std::span<const uint16_t> ids, LabelSpan labels,
                     std::span<int32_t> input) const override {
    std::fill(input.begin(), input.end(), kNoLabel);
    int labelled = 0;
    for (size_t w = 0; w < std::min(labels.size(), ids.size() - 1); ++w) {
      if (labels[w] < 0 || labels[w] >= classes()) continue;
      input[w + 1] = labels[w];  // token 0 is [CLS]
      ++labelled;
    }
    // A mean is a weight that is divided by the number of words.
    return weight_ / batch_ / Divisor(loss_, labelled);
  }

  std::unique_ptr<Head> MakeHead(StepBuilder& step, int loss) const override {
    return std::make_unique<ClassificationHead>(step, *this, loss,
                                                ClassificationHead::Reads::kEveryToken);
  }
  std::unique_ptr<AnswerReader> MakeReader(const NameList& labels, const AnswerOptions& options,
                                           int max_tokens) const override {
    return std::make_unique<TagsReader>(labels, options.decoding, max_tokens, weight_, loss_);
  }
  std::unique_ptr<Metric> MakeMetric(const NameList& names, std::optional<double>) const override {
    return std::make_unique<TagsMetric>(names);
  }

 private:
  const double weight_;
  const int batch_;
  const SlotLoss loss_;
};

}  // namespace

void AppendTagsTasks(const Config& config, Tasks& tasks) {
  tasks.push_back(std::make_unique<TagsTask>(config));
}

}  // namespace bittern
