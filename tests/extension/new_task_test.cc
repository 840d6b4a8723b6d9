// SPDX-License-Identifier: Apache-2.0
// Tasks from outside src/, made of public types alone: they train, are evaluated, stored and asked.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/tasks/class_task.h"
#include "model/tasks/classification_head.h"
#include "model/tasks/registry.h"
#include "train/predictor.h"
#include "train/testing/runs.h"
#include "train/trainer.h"

namespace bittern {
namespace {

// A task that asks if a sentence has the word "from": a class with another source of labels.
class OriginTask : public ClassTask {
 public:
  explicit OriginTask(const Config& config)
      : ClassTask({.task = "origin", .labels = "origins", .input = "input.origin"}, 2,
                  {.key = "origin_accuracy",
                   .name = "origin accuracy",
                   .column = "origin",
                   .percent = {}},
                  1, config.training.batch) {}

  NameList ExtendLabels(NameList, const Split&) const override {
    return NameList({"unknown", "named"}, "origins");
  }
  void SetClasses(int, ModelConfig&) const override {}  // always two
  LabelColumn Encode(const Split& split, const NameList& labels) const override {
    LabelColumn column(labels);
    const int64_t from = split.words().Find("from");
    for (size_t i = 0; i < split.size(); ++i) {
      const auto words = split[i].words;
      column.Append(std::count(words.begin(), words.end(), from) > 0 ? 1 : 0);
      column.EndSentence();
    }
    return column;
  }
};

// The id of the next word at every token: a new kind of task, whose labels are the input's ids.
class NextWordTask : public Task {
 public:
  explicit NextWordTask(const Config& config)
      : Task({.task = "next", .labels = "next_words", .input = "input.next"},
             static_cast<int>(config.model.embedding.rows())),
        batch_(config.training.batch) {}

  NameList ExtendLabels(NameList, const Split&) const override {
    std::vector<std::string> names;
    for (int id = 0; id < classes(); ++id) names.push_back(std::to_string(id));
    return NameList(std::move(names), "next_words");
  }
  void SetClasses(int, ModelConfig&) const override {}
  // The labels are the ids, so a sentence has only one: that it takes part.
  LabelColumn Encode(const Split& split, const NameList& labels) const override {
    LabelColumn column(labels);
    for (size_t i = 0; i < split.size(); ++i) {
      column.Append(static_cast<int32_t>(split[i].words.size()));
      column.EndSentence();
    }
    return column;
  }
  double WriteLabels(std::span<const uint16_t> ids, LabelSpan,
                     std::span<int32_t> input) const override {
    std::fill(input.begin(), input.end(), kNoLabel);
    std::copy(ids.begin() + 1, ids.end(), input.begin());
    return 1.0 / batch_ / static_cast<double>(std::max<size_t>(ids.size() - 1, 1));
  }
  std::unique_ptr<Head> MakeHead(StepBuilder& step, int loss) const override {
    return std::make_unique<ClassificationHead>(step, *this, loss,
                                                ClassificationHead::Reads::kEveryToken);
  }
  std::unique_ptr<AnswerReader> MakeReader(const NameList&, const AnswerOptions&,
                                           int) const override {
    return std::make_unique<Reader>(classes());
  }
  std::unique_ptr<Metric> MakeMetric(const NameList&, std::optional<double>) const override {
    return std::make_unique<Lengths>();
  }

 private:
  // Answers with the word that it expects after the sentence.
  class Reader : public AnswerReader {
   public:
    explicit Reader(int classes) : classes_(classes) {}
    void Read(const HeadOutput& output) override {
      output_ = output;
      answer_[0] = ArgMax(output.values + output.tokens - 1, classes_, output.stride);
    }
    LabelSpan labels() const override { return answer_; }
    double Loss(LabelSpan) const override { return 0; }
    Answer Describe(std::span<const std::string>) const override {
      Answer answer;
      answer.fields["next"] = answer_[0];
      return answer;
    }

   private:
    const int classes_;
    HeadOutput output_;
    std::array<int32_t, 1> answer_ = {};
  };
  // Counts sentences.
  class Lengths : public Metric {
   public:
    std::optional<bool> Add(LabelSpan, LabelSpan) override {
      ++sentences_;
      return std::nullopt;
    }
    void Merge(const Metric& other) override {
      sentences_ += dynamic_cast<const Lengths&>(other).sentences_;
    }
    std::vector<Figure> Figures() const override {
      return {{.key = "sentences_read",
               .name = "sentences read",
               .column = "read",
               .percent = std::nullopt,
               .right = sentences_,
               .counted = sentences_,
               .unit = "sentences"}};
    }
    std::optional<double> Best() const override { return std::nullopt; }

   private:
    uint64_t sentences_ = 0;
  };

  const int batch_;
};

template <typename NewTask>
TaskKind KindOf() {
  return [](const Config& config, Tasks& tasks) {
    tasks.push_back(std::make_unique<NewTask>(config));
  };
}

// The sentences of the generated corpus without their labels.
SplitSource Unlabelled(int train, int valid) {
  return [=](const std::string& name) {
    const Split all = GeneratedData({train, valid, valid})(name);
    Split split;
    for (size_t i = 0; i < all.size(); ++i) {
      std::vector<std::string_view> words;
      for (const uint32_t word : all[i].words) words.push_back(all.words()[word]);
      split.Add(words, {}, "", name);
    }
    return split;
  };
}

class NewTaskTest : public TrainTest {
 protected:
  static Config SmallConfig() {
    Config config = LoadConfig("nano");
    config.model.tokens = 36;  // whole sentences
    config.training.epochs = 6;
    return config;
  }
};

TEST_F(NewTaskTest, AClassTrainsAlone) {
  const AddedTaskKind added(KindOf<OriginTask>());
  Config config = SmallConfig();
  config.model.intents = config.model.tags = 0;
  SetFormat(Format::kDense, config.model);  // as a tensor model this small one learns too slowly
  Trainer trainer(config, Unlabelled(600, 100), {.out = Path("run")});
  ASSERT_EQ(trainer.data().labels.back().name, "origins");
  EpochReport last;
  trainer.Run({.on_epoch = [&](const EpochReport& report) { last = report; }});
  EXPECT_GT(*last.valid.Percent("origin_accuracy"), 95);
  EXPECT_EQ(last.valid.best, *last.valid.Percent("origin_accuracy"));

  Predictor predictor(trainer.best_path());
  EXPECT_EQ(ToJson(predictor.Predict("show me flights from boston to denver", "")).at("origin"),
            "named");
}

TEST_F(NewTaskTest, AClassTrainsWithTheOthersAndIsResumed) {
  const AddedTaskKind added(KindOf<OriginTask>());
  Config config = SmallConfig();
  config.training.epochs = 1;
  const SplitSource data = GeneratedData({60, 20, 20});
  Trainer(config, data, {.out = Path("whole")}).Run();
  int updates = 0;
  Trainer(config, data, {.out = Path("stopped")}).Run({.stop = [&] { return ++updates == 17; }});
  Trainer resumed(config, data, {.out = Path("stopped"), .resume = true});
  EpochReport last;
  resumed.Run({.on_epoch = [&](const EpochReport& report) { last = report; }});
  EXPECT_EQ(Bytes(Path("stopped/last.safetensors")), Bytes(Path("whole/last.safetensors")));
  for (const char* key : {"origin_accuracy", "intent_accuracy", "span_f1", "sentence_accuracy"}) {
    EXPECT_TRUE(last.valid.Percent(key).has_value()) << key;
  }
}

TEST_F(NewTaskTest, LabelsMayBeTheInputItself) {
  const AddedTaskKind added(KindOf<NextWordTask>());
  Config config = SmallConfig();
  config.model.intents = config.model.tags = 0;
  config.training.epochs = 3;
  Trainer trainer(config, Unlabelled(300, 20), {.out = Path("run")});
  std::vector<double> losses;
  trainer.Run({.on_epoch = [&](const EpochReport& report) { losses.push_back(report.loss); }});
  ASSERT_EQ(losses.size(), 3u);
  EXPECT_LT(losses.back(), losses.front() - 0.1);
}

}  // namespace
}  // namespace bittern
