// SPDX-License-Identifier: Apache-2.0
// Classes of any field of the data, and the answer "none of these".
#include "model/tasks/class_task.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "data/testing/splits.h"
#include "model/lexicon.h"
#include "model/tasks/registry.h"
#include "model/tasks/threshold.h"

namespace bittern {
namespace {

using Ids = std::vector<int32_t>;
using Strings = std::vector<std::string>;

constexpr size_t kIntent = 0, kTags = 1, kTopic = 2, kMood = 3;

void Add(Split* split, std::string_view words, const std::vector<FieldLabel>& classes) {
  split->Add(SplitWords(words), {}, classes, "test");
}

Config TwoFields() {
  Config config = LoadConfig("nano");
  config.model.classes = {{.name = "topic"}, {.name = "mood", .weight = 0.5}};
  return config;
}

Split Small() {
  Split split;
  Add(&split, "a b", {{"topic", "sun"}, {"mood", "good"}});
  Add(&split, "b", {{"topic", "rain"}});
  Add(&split, "c", {{"mood", "bad"}, {"unused", "x"}});
  return split;
}

TEST(Fields, EachIsATaskWithLabelsOfItsOwn) {
  Config config = TwoFields();
  const Lexicon lexicon = BuildLexicon(config, Small());
  SetLabels(lexicon.labels, config);
  EXPECT_EQ(config.model.intents, 0);
  EXPECT_EQ(config.model.tags, 0);
  EXPECT_EQ(config.model.classes[0].labels, 2);
  EXPECT_EQ(config.model.classes[1].labels, 2);
  const Tasks tasks = MakeTasks(config);
  ASSERT_EQ(tasks.size(), 4u);
  EXPECT_FALSE(tasks[kIntent]->has_head() || tasks[kTags]->has_head());
  EXPECT_EQ(tasks[kTopic]->field(), "topic");
  EXPECT_EQ(tasks[kTopic]->name(), "class.topic");
  EXPECT_EQ(lexicon.labels[kTopic].names(), (Strings{"rain", "sun"}));
  EXPECT_EQ(lexicon.labels[kMood].names(), (Strings{"bad", "good"}));

  Split more;
  Add(&more, "a", {{"mood", "good"}, {"topic", "snow"}});
  Add(&more, "a", {{"topic", "sun"}});
  const EncodedSplit encoded = Encode(more, lexicon, config);
  const auto label = [&](size_t sentence, size_t task) {
    const LabelSpan labels = encoded[sentence].labels[task];
    return labels.empty() ? kNoLabel : labels[0];
  };
  EXPECT_EQ(label(0, kTopic), 2);  // only this split has it
  EXPECT_EQ(label(0, kMood), 1);
  EXPECT_EQ(label(1, kTopic), 1);
  EXPECT_EQ(label(1, kMood), kNoLabel);
  EXPECT_EQ(label(0, kIntent), kNoLabel);

  // A split without the field has no label of it.
  Split without;
  AddSentence(&without, "a", "", "x");
  EXPECT_TRUE(Encode(without, lexicon, config)[0].labels[kTopic].empty());

  const Lexicon extended = ExtendLexicon(lexicon, config, more);
  EXPECT_EQ(extended.labels[kTopic].names(), (Strings{"rain", "sun", "snow"}));
}

TEST(Fields, WeighTheirLosses) {
  Config config = TwoFields();
  config.model.classes[0].labels = config.model.classes[1].labels = 2;
  config.training.batch = 4;
  const Tasks tasks = MakeTasks(config);
  Ids input(1);
  const std::vector<uint16_t> ids(2, kClassId);
  EXPECT_EQ(tasks[kTopic]->WriteLabels(ids, Ids{1}, input), 0.25);
  EXPECT_EQ(input[0], 1);
  EXPECT_EQ(tasks[kMood]->WriteLabels(ids, {}, input), 0.125);
  EXPECT_EQ(input[0], kNoLabel);
}

class RejectionTest : public testing::Test {
 protected:
  RejectionTest() {
    config_.model.classes = {{.name = "topic", .labels = 3}};
    task_ = std::move(MakeTasks(config_)[kTopic]);
  }

  // The reader of a model with the labels a, oos, b, after it has read these logits.
  const AnswerReader& Read(const std::array<float, 3>& logits, std::optional<double> threshold) {
    reader_ = task_->MakeReader(NameList({"a", "oos", "b"}, ""), {.top = 2}, 16);
    reader_->SetThreshold(threshold);
    logits_ = logits;
    reader_->Read({.values = logits_.data(), .stride = 1, .tokens = 3});
    return *reader_;
  }
  static nlohmann::ordered_json Json(const AnswerReader& reader) {
    return reader.Describe({}).tasks.at("topic");
  }

  Config config_ = LoadConfig("nano");
  std::unique_ptr<const Task> task_;
  std::unique_ptr<AnswerReader> reader_;
  std::array<float, 3> logits_ = {};
};

TEST_F(RejectionTest, AnswersTheBestClassUnlessItIsImprobable) {
  // Probabilities 1/7, 4/7, 2/7.
  const std::array<float, 3> logits = {0, std::log(4.0f), std::log(2.0f)};
  const AnswerReader& sure = Read(logits, 0.28);
  EXPECT_EQ(sure.labels()[0], 2);
  EXPECT_NEAR(sure.confidence(), 2.0 / 7, 1e-6);
  EXPECT_EQ(Json(sure)["label"], "b");
  EXPECT_NEAR(Json(sure)["probability"].get<double>(), 2.0 / 7, 1e-6);
  ASSERT_EQ(Json(sure)["top"].size(), 2u);  // without oos, which is never an answer
  EXPECT_EQ(Json(sure)["top"][0]["label"], "b");
  EXPECT_EQ(Json(sure)["top"][1]["label"], "a");
  EXPECT_NEAR(Json(sure)["top"][1]["probability"].get<double>(), 1.0 / 7, 1e-6);

  const AnswerReader& unsure = Read(logits, 0.29);
  EXPECT_EQ(unsure.labels()[0], kNoLabel);
  EXPECT_TRUE(Json(unsure)["label"].is_null());
  EXPECT_EQ(Json(unsure)["top"][0]["label"], "b");
  EXPECT_EQ(unsure.Describe({}).lines[0].second, "none of these (b: 28.6 %)");
  EXPECT_TRUE(unsure.Describe({}).fields.empty());  // only the intent is at the top level
}

TEST_F(RejectionTest, WithoutAThresholdTheLabelIsLikeAnyOther) {
  const AnswerReader& plain = Read({0, 2, 1}, std::nullopt);
  EXPECT_EQ(plain.labels()[0], 1);
  EXPECT_EQ(Json(plain)["label"], "oos");
  EXPECT_EQ(Json(plain)["top"][0]["label"], "oos");
}

TEST_F(RejectionTest, ATieGoesToTheLowerNumber) { EXPECT_EQ(Read({1, 5, 1}, 0.0).labels()[0], 0); }

TEST_F(RejectionTest, TheFirstLabelMayBeOutOfScope) {
  const auto reader = task_->MakeReader(NameList({"oos", "a", "b"}, ""), {}, 16);
  reader->SetThreshold(0);
  const std::array<float, 3> logits = {9, 1, 2};
  reader->Read({.values = logits.data(), .stride = 1, .tokens = 3});
  EXPECT_EQ(reader->labels()[0], 2);
}

// The model knows a and b; oos is only in the split.
TEST_F(RejectionTest, FiguresByHand) {
  const NameList names({"a", "b", "oos"}, "");
  const auto metric = task_->MakeMetric(names, 0.25), other = task_->MakeMetric(names, 0.25);
  EXPECT_EQ(metric->Add(Ids{0}, Ids{0}), true);
  EXPECT_EQ(metric->Add(Ids{0}, Ids{1}), false);
  EXPECT_EQ(metric->Add(Ids{1}, Ids{kNoLabel}), false);  // in scope, but rejected
  EXPECT_EQ(other->Add(Ids{1}, Ids{1}), true);
  EXPECT_EQ(other->Add(Ids{2}, Ids{kNoLabel}), true);
  EXPECT_EQ(other->Add(Ids{2}, Ids{0}), false);
  EXPECT_EQ(other->Add({}, Ids{0}), std::nullopt);
  metric->Merge(*other);
  const std::vector<Figure> figures = metric->Figures();
  ASSERT_EQ(figures.size(), 4u);
  EXPECT_EQ(figures[0].key, "accuracy");
  EXPECT_DOUBLE_EQ(*figures[0].percent, 100.0 * 3 / 6);
  EXPECT_EQ(figures[1].key, "in_scope_accuracy");
  EXPECT_DOUBLE_EQ(*figures[1].percent, 100.0 * 2 / 4);
  EXPECT_EQ(figures[2].key, "out_of_scope_recall");
  EXPECT_DOUBLE_EQ(*figures[2].percent, 100.0 * 1 / 2);
  EXPECT_EQ(figures[3].key, "threshold");
  EXPECT_DOUBLE_EQ(*figures[3].percent, 25);
  EXPECT_EQ(metric->Best(), 50.0);

  const auto plain = task_->MakeMetric(names, std::nullopt);
  EXPECT_EQ(plain->Add(Ids{2}, Ids{kNoLabel}), false);
  EXPECT_EQ(plain->Figures().size(), 1u);
}

TEST_F(RejectionTest, TheLabelCanHaveAnotherName) {
  EXPECT_EQ(task_->OutOfScopeLabel(NameList({"a", "oos"}, "")), 1);
  EXPECT_EQ(task_->OutOfScopeLabel(NameList({"a", "other"}, "")), -1);
  config_.model.out_of_scope = "other";
  const Tasks tasks = MakeTasks(config_);
  EXPECT_EQ(tasks[kTopic]->OutOfScopeLabel(NameList({"a", "other"}, "")), 1);
  EXPECT_EQ(tasks[kTags]->OutOfScopeLabel(NameList({"O", "other"}, "")), -1);
}

TEST(Threshold, CostsAtMostHalfAPoint) {
  // 400 sentences in scope: two right answers may be lost. Answer i has confidence i / 1000.
  std::vector<Decision> decisions;
  for (int i = 0; i < 400; ++i) {
    decisions.push_back({.confidence = i / 1000.0, .in_scope = true, .right = i % 2 == 1});
  }
  for (const double confidence : {0.0, 0.004, 0.3}) {
    decisions.push_back({.confidence = confidence, .in_scope = false});
  }
  EXPECT_EQ(ChooseThreshold(decisions), 0.005);  // 1 and 3 are lost, 5 is kept
  std::reverse(decisions.begin(), decisions.end());
  EXPECT_EQ(ChooseThreshold(decisions), 0.005);
  decisions.push_back({.confidence = 0.001, .in_scope = true, .right = true});
  EXPECT_EQ(ChooseThreshold(decisions), 0.003);
}

TEST(Threshold, FewSentencesCostNothing) {
  EXPECT_EQ(ChooseThreshold({}), 0);
  EXPECT_EQ(ChooseThreshold({{.confidence = 0.9, .in_scope = false}}), 0);
  EXPECT_EQ(ChooseThreshold({{.confidence = 0.5, .in_scope = true, .right = true},
                             {.confidence = 0.25, .in_scope = true, .right = true},
                             {.confidence = 0.1, .in_scope = true, .right = false}}),
            0.25);
  // Where no answer is right, rejecting all of them costs nothing.
  EXPECT_EQ(ChooseThreshold({{.confidence = 0.5, .in_scope = true, .right = false}}), 1);
}

}  // namespace
}  // namespace bittern
