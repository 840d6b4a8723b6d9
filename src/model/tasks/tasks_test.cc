// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/testing/errors.h"
#include "data/source.h"
#include "data/testing/splits.h"
#include "model/lexicon.h"
#include "model/tasks/registry.h"

namespace bittern {
namespace {

using Ids = std::vector<int32_t>;
using Strings = std::vector<std::string>;

constexpr size_t kIntent = 0, kTags = 1;

Ids ToInts(LabelSpan labels) { return Ids(labels.begin(), labels.end()); }

Split Small() {
  Split split;
  AddSentence(&split, "a b c d", "O B-x I-x B-y", "fly");
  AddSentence(&split, "a b", "B-a O", "ask");
  AddSentence(&split, "a", "", "Fly");
  return split;
}

TEST(Labels, SortedByBytesWithOutsideFirst) {
  const Labels labels = BuildLabels(Config(), Small());
  EXPECT_EQ(labels[kTags].names(), (Strings{"O", "B-a", "B-x", "B-y", "I-x"}));
  EXPECT_EQ(labels[kIntent].names(), (Strings{"Fly", "ask", "fly"}));
  EXPECT_EQ(labels[kTags].Find("B-x"), 2);
  EXPECT_EQ(labels[kTags].Find("B-z"), kNoLabel);
}

TEST(Labels, AbsentTasks) {
  Split split;
  AddSentence(&split, "a", "", "x");
  EXPECT_EQ(BuildLabels(Config(), split)[kTags].size(), 0);
  Split tags_only;
  AddSentence(&tags_only, "a", "B-x", "");
  const Labels labels = BuildLabels(Config(), tags_only);
  EXPECT_EQ(labels[kTags].names(), (Strings{"O", "B-x"}));  // O though no word has it
  EXPECT_EQ(labels[kIntent].size(), 0);
  Config config;
  SetLabels(labels, config);
  EXPECT_EQ(config.model.intents, 0);
  EXPECT_EQ(config.model.tags, 2);
  EXPECT_FALSE(MakeTasks(config)[kIntent]->has_head());
}

TEST(Labels, ExtendedAtTheEnd) {
  Split more;
  AddSentence(&more, "a b c", "O B-new B-b", "book");
  AddSentence(&more, "a b c", "O B-x B-b", "fly");
  const Config config = LoadConfig("nano");
  const Lexicon lexicon = ExtendLexicon(BuildLexicon(config, Small()), config, more);
  EXPECT_EQ(lexicon.labels[kTags].names(),
            (Strings{"O", "B-a", "B-x", "B-y", "I-x", "B-b", "B-new"}));
  EXPECT_EQ(lexicon.labels[kIntent].names(), (Strings{"Fly", "ask", "fly", "book"}));
}

TEST(Labels, CheckedFromACheckpoint) {
  const Tasks tasks = MakeTasks(Config());
  const auto check = [&](size_t task, const Strings& names) {
    return ErrorOf([&] { tasks[task]->CheckLabels(names); });
  };
  EXPECT_EQ(tasks[kIntent]->CheckLabels({"b", "a"}).Find("a"), 1);
  EXPECT_EQ(check(kTags, {"O", "B-x"}), "no error");
  EXPECT_TRUE(Mentions(check(kTags, {"B-x", "O"}), {"'B-x'", "'O'"}));
  EXPECT_TRUE(Mentions(check(kTags, {"O", "x"}), {"'x'", "B-type"}));
  EXPECT_TRUE(Mentions(check(kIntent, {"a", "a"}), {"intents", "twice"}));
}

class EncodeTest : public testing::Test {
 protected:
  EncodeTest() {
    Split train;
    AddSentence(&train, "a a a b b c", "B-x I-x O O O O", "one");
    AddSentence(&train, "a", "O", "two");
    lexicon_ = BuildLexicon(config_, train);  // a 3, b 4, c 5; O 0, B-x 1, I-x 2; one 0, two 1
    SetLabels(lexicon_.labels, config_);
  }

  // The input tensor of a sentence's task.
  Ids Inputs(size_t task, const EncodedSentence& sentence) {
    Ids input(sentence.ids.size());
    MakeTasks(config_)[task]->WriteLabels(sentence.ids, sentence.labels[task], input);
    return input;
  }
  double Weight(size_t task, LabelSpan labels, size_t tokens) {
    Ids input(tokens);
    const std::vector<uint16_t> ids(tokens, kClassId);
    return MakeTasks(config_)[task]->WriteLabels(ids, labels, input);
  }

  Config config_ = LoadConfig("nano");
  Lexicon lexicon_;
};

TEST_F(EncodeTest, LabelsAndWhatTheLossReadsOfThem) {
  Split split;
  AddSentence(&split, "b new a", "B-x B-y O", "two");
  AddSentence(&split, "c", "", "three");
  AddSentence(&split, "c a", "O I-x", "");
  const EncodedSplit encoded = Encode(split, lexicon_, config_);
  ASSERT_EQ(encoded.columns().size(), 2u);
  EXPECT_EQ(encoded.columns()[kTags].names()[3], "B-y");
  EXPECT_EQ(encoded.columns()[kIntent].names()[2], "three");

  EXPECT_EQ(ToInts(encoded[0].labels[kTags]), (Ids{1, 3, 0}));
  EXPECT_EQ(Inputs(kTags, encoded[0]), (Ids{kNoLabel, 1, kNoLabel, 0}));
  EXPECT_EQ(ToInts(encoded[0].labels[kIntent]), (Ids{1}));
  EXPECT_EQ(Inputs(kIntent, encoded[0])[0], 1);

  EXPECT_TRUE(encoded[1].labels[kTags].empty());
  EXPECT_EQ(Inputs(kTags, encoded[1]), (Ids{kNoLabel, kNoLabel}));
  EXPECT_EQ(ToInts(encoded[1].labels[kIntent]), (Ids{2}));
  EXPECT_EQ(Inputs(kIntent, encoded[1])[0], kNoLabel);

  EXPECT_EQ(Inputs(kTags, encoded[2]), (Ids{kNoLabel, 0, 2}));
  EXPECT_TRUE(encoded[2].labels[kIntent].empty());
}

TEST_F(EncodeTest, LongSentencesAreCutButTheirLabelsAreKept) {
  Split split;
  AddSentence(&split, "a b c new", "O O B-x I-x", "one");
  config_.model.tokens = 3;
  const EncodedSplit encoded = Encode(split, lexicon_, config_);
  EXPECT_EQ(ToInts(encoded[0].labels[kTags]), (Ids{0, 0, 1, 2}));
  EXPECT_EQ(Inputs(kTags, encoded[0]), (Ids{kNoLabel, 0, 0}));
}

TEST_F(EncodeTest, WeightsAreThoseOfOneInABatch) {
  config_.training.intent_weight = 0.5;
  config_.training.slot_weight = 3;
  config_.training.batch = 2;
  EXPECT_EQ(Weight(kIntent, Ids{1}, 4), 0.25);
  EXPECT_EQ(Weight(kTags, Ids{0, -1, 1}, 4), 0.75);  // the mean of two labelled words
  EXPECT_EQ(Weight(kTags, Ids{}, 4), 1.5);
  config_.training.slot_loss = SlotLoss::kSum;
  EXPECT_EQ(Weight(kTags, Ids{0, -1, 1}, 4), 1.5);
}

TEST(Encode, Atis) {
  const std::string atis = AtisDirectory();
  if (atis.empty()) GTEST_SKIP() << "ATIS is not here: set BITTERN_ATIS or run scripts/fetch-atis";
  const Corpus corpus = ReadCorpus(atis);
  Config config = LoadConfig("atis-2enc");
  const Lexicon lexicon = BuildLexicon(config, corpus.train);
  SetLabels(lexicon.labels, config);
  EXPECT_EQ(config.model.tags, 120);
  EXPECT_EQ(config.model.intents, 21);
  const struct {
    const Split* split;
    size_t truncated, unknown_intents, unknown_tags;
  } expected[] = {{&corpus.train, 13, 0, 0}, {&corpus.valid, 3, 1, 1}, {&corpus.test, 0, 5, 6}};
  for (const auto& [split, truncated, unknown_intents, unknown_tags] : expected) {
    const EncodedSplit encoded = Encode(*split, lexicon, config);
    EXPECT_EQ(encoded.truncated_sentences(), truncated);
    size_t unknown[2] = {};
    for (size_t i = 0; i < encoded.size(); ++i) {
      for (const size_t task : {kIntent, kTags}) {
        const int known = lexicon.labels[task].size();
        for (const int32_t label : encoded[i].labels[task]) unknown[task] += label >= known;
      }
    }
    EXPECT_EQ(unknown[kIntent], unknown_intents);
    EXPECT_EQ(unknown[kTags], unknown_tags);
  }
  // No test sentence is cut, so every unknown word is among the tokens.
  EXPECT_EQ(Encode(corpus.test, lexicon, config).unknown_words(), 71u);
}

// The model knows the first four tags and three intents; I-y is only in this split.
class MetricTest : public testing::Test {
 protected:
  static std::unique_ptr<Metric> Make(size_t task) {
    return MakeTasks(Config())[task]->MakeMetric(NameList({"O", "B-x", "I-x", "B-y", "I-y"}, ""),
                                                 {});
  }
  static double Percent(const Metric& metric, const std::string& key) {
    for (const Figure& figure : metric.Figures()) {
      if (figure.key == key) return *figure.percent;
      for (const Figure& part : figure.parts) {
        if (part.key == key) return *part.percent;
      }
    }
    return -1;
  }
  // Right words, words, then gold, predicted and right spans.
  static std::vector<uint64_t> TagCounts(const Metric& metric) {
    const Figure tokens = metric.Figures()[0];
    std::vector<uint64_t> counts = {tokens.right, tokens.counted};
    const std::vector<CountGroup> groups = metric.Counts();
    for (const auto& [key, count] : groups[0].counts) counts.push_back(count);
    return counts;
  }
};

using Numbers = std::vector<uint64_t>;

TEST_F(MetricTest, CountsRightAnswers) {
  const auto intent = Make(kIntent), tags = Make(kTags);
  EXPECT_EQ(intent->Add(Ids{0}, Ids{0}), true);
  EXPECT_EQ(intent->Add(Ids{1}, Ids{0}), false);
  EXPECT_EQ(intent->Add(Ids{2}, Ids{2}), true);
  EXPECT_DOUBLE_EQ(Percent(*intent, "intent_accuracy"), 100.0 * 2 / 3);
  EXPECT_EQ(tags->Add(Ids{0, 1, 2}, Ids{0, 1, 2}), true);
  EXPECT_EQ(tags->Add(Ids{0, 1, 0}, Ids{0, 1, 0}), true);
  EXPECT_EQ(tags->Add(Ids{3, 0}, Ids{1, 0}), false);  // wrong type
  EXPECT_EQ(TagCounts(*tags), (Numbers{7, 8, 3, 3, 2}));
  EXPECT_DOUBLE_EQ(Percent(*tags, "token_accuracy"), 87.5);
  for (const char* key : {"span_precision", "span_recall", "span_f1"}) {
    EXPECT_DOUBLE_EQ(Percent(*tags, key), 100.0 * 2 / 3) << key;
  }
}

TEST_F(MetricTest, UnknownLabelsAreErrors) {
  const auto intent = Make(kIntent), tags = Make(kTags);
  EXPECT_EQ(intent->Add(Ids{7}, Ids{2}), false);
  EXPECT_EQ(tags->Add(Ids{3, 4}, Ids{3, 2}), false);
  EXPECT_EQ(TagCounts(*tags), (Numbers{1, 2, 1, 2, 0}));
}

TEST_F(MetricTest, CutOffWordsCountAsOutside) {
  const auto tags = Make(kTags);
  EXPECT_EQ(tags->Add(Ids{0, 0, 0, 1}, Ids{0, 0}), false);
  EXPECT_EQ(TagCounts(*tags), (Numbers{3, 4, 1, 0, 0}));
  EXPECT_EQ(tags->Add(Ids{1, 2, 0}, Ids{1, 2}), true);
  EXPECT_EQ(TagCounts(*tags), (Numbers{6, 7, 2, 1, 1}));
}

TEST_F(MetricTest, SentencesWithoutALabelAreNotCounted) {
  const auto intent = Make(kIntent), tags = Make(kTags);
  EXPECT_EQ(intent->Add({}, Ids{1}), std::nullopt);
  EXPECT_EQ(tags->Add({}, Ids{0, 0}), std::nullopt);
  EXPECT_EQ(intent->Best(), std::nullopt);
  EXPECT_EQ(tags->Best(), std::nullopt);
  for (const Metric* metric : {intent.get(), tags.get()}) {
    for (const Figure& figure : metric->Figures()) EXPECT_EQ(figure.percent, std::nullopt);
  }
}

TEST_F(MetricTest, AModelWithoutTheTaskIsWrong) {
  const auto intent = Make(kIntent), tags = Make(kTags);
  EXPECT_EQ(intent->Add(Ids{0}, {}), false);
  EXPECT_EQ(tags->Add(Ids{1, 0}, {}), false);
  EXPECT_EQ(TagCounts(*tags), (Numbers{1, 2, 1, 0, 0}));
}

TEST_F(MetricTest, PartsAddUpToTheWhole) {
  const struct {
    size_t task;
    Ids labels, answer;
  } sentences[] = {{kTags, {0, 1}, {0, 1}}, {kTags, {1, 2}, {1, 0}}, {kTags, {3}, {3}},
                   {kTags, {0, 4}, {0}},    {kIntent, {0}, {0}},     {kIntent, {1}, {0}}};
  for (const size_t task : {kIntent, kTags}) {
    const auto whole = Make(task), even = Make(task), odd = Make(task);
    int i = 0;
    for (const auto& sentence : sentences) {
      if (sentence.task != task) continue;
      whole->Add(sentence.labels, sentence.answer);
      (i++ % 2 == 0 ? even : odd)->Add(sentence.labels, sentence.answer);
    }
    odd->Merge(*even);
    EXPECT_EQ(odd->Figures(), whole->Figures());
    EXPECT_EQ(odd->Counts(), whole->Counts());
  }
}

}  // namespace
}  // namespace bittern
