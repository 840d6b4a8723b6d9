// SPDX-License-Identifier: Apache-2.0
#include "data/vocabulary.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/errors.h"
#include "data/source.h"
#include "data/testing/splits.h"

namespace bittern {
namespace {

using Strings = std::vector<std::string>;

Split Small() {
  Split split;
  AddSentence(&split, "to b from a", "O B-y O B-x", "fly");
  AddSentence(&split, "to c c to", "O B-x I-x O", "Fly");
  AddSentence(&split, "a d", "O B-a", "ask");
  return split;
}

TEST(Vocabulary, FallingFrequencyThenBytes) {
  const Vocabulary vocabulary = BuildVocabulary(Small(), 1000);
  EXPECT_EQ(vocabulary.words(),
            (Strings{"[PAD]", "[UNK]", "[CLS]", "to", "a", "c", "b", "d", "from"}));
  EXPECT_EQ(vocabulary.counts(), (std::vector<uint32_t>{0, 0, 0, 3, 2, 2, 1, 1, 1}));
  EXPECT_EQ(vocabulary.Find("to"), kFirstWordId);
  EXPECT_EQ(vocabulary.Find("nowhere"), kUnknownId);
}

TEST(Vocabulary, FullTableLeavesTheRestUnknown) {
  const Vocabulary vocabulary = BuildVocabulary(Small(), 5);
  EXPECT_EQ(vocabulary.size(), 5);
  EXPECT_EQ(vocabulary.Find("a"), 4);
  EXPECT_EQ(vocabulary.Find("c"), kUnknownId);
  EXPECT_EQ(vocabulary.count(kUnknownId), 5u);
  EXPECT_EQ(BuildVocabulary(Small(), 3).size(), 3);
  EXPECT_THROW(BuildVocabulary(Small(), 2), Error);
  EXPECT_THROW(BuildVocabulary(Small(), kMaxTableSize + 1), Error);
}

TEST(Vocabulary, ReservedTextsAreNotWords) {
  Split split;
  AddSentence(&split, "[PAD] [UNK] [CLS] a", "", "x");
  const Vocabulary vocabulary = BuildVocabulary(split, 1000);
  EXPECT_EQ(vocabulary.size(), 4);
  for (const char* text : {"[PAD]", "[UNK]", "[CLS]"}) {
    EXPECT_EQ(vocabulary.Find(text), kUnknownId);
  }
  EXPECT_EQ(vocabulary.count(kUnknownId), 3u);
}

TEST(Vocabulary, LooksUpInLowerCaseIfTrainHasNoCapitals) {
  Split small, mixed;
  AddSentence(&small, "z\xC3\xBCrich \xCF\x83\xCE\xB1\xCF\x82 a", "", "x");
  AddSentence(&mixed, "z\xC3\xBCrich Z\xC3\x9Crich a", "", "x");
  const Vocabulary lower = BuildVocabulary(small, 100), kept = BuildVocabulary(mixed, 100);
  EXPECT_TRUE(lower.lower_case());
  EXPECT_EQ(lower.Find("Z\xC3\x9CRICH"), lower.Find("z\xC3\xBCrich"));
  EXPECT_EQ(lower.Find("\xCE\xA3\xCE\x91\xCE\xA3"), lower.Find("\xCF\x83\xCE\xB1\xCF\x82"));
  EXPECT_NE(lower.Find("A"), kUnknownId);
  EXPECT_FALSE(kept.lower_case());
  EXPECT_NE(kept.Find("Z\xC3\x9Crich"), kept.Find("z\xC3\xBCrich"));
  EXPECT_EQ(kept.Find("A"), kUnknownId);
}

TEST(Vocabulary, FineTuningKeepsTheRuleOfCase) {
  Split small, more;
  AddSentence(&small, "a b", "", "x");
  AddSentence(&more, "New A new NEW c C a", "", "x");
  const VocabularyExtension extension = ExtendVocabulary(BuildVocabulary(small, 100), more, 100);
  EXPECT_EQ(extension.added, 2);
  EXPECT_EQ(extension.vocabulary.words(),
            (Strings{"[PAD]", "[UNK]", "[CLS]", "a", "b", "new", "c"}));
  EXPECT_EQ(extension.vocabulary.counts(), (std::vector<uint32_t>{0, 0, 0, 3, 1, 3, 2}));
  EXPECT_TRUE(extension.vocabulary.lower_case());
}

TEST(Vocabulary, CheckpointsOfEarlierVersionsGetTheRuleByTheirWords) {
  const Strings lower = {"[PAD]", "[UNK]", "[CLS]", "a"}, kept = {"[PAD]", "[UNK]", "[CLS]", "A"};
  const std::vector<uint32_t> counts(4);
  EXPECT_TRUE(Vocabulary(lower, counts).lower_case());
  EXPECT_FALSE(Vocabulary(kept, counts).lower_case());
  EXPECT_FALSE(Vocabulary(lower, counts, false).lower_case());
  EXPECT_TRUE(Mentions(ErrorOf([&] { Vocabulary(kept, counts, true); }), {"'A'", "lower case"}));
}

TEST(Vocabulary, SurvivesACheckpoint) {
  const Vocabulary before = BuildVocabulary(Small(), 7);
  const Vocabulary after(before.words(), before.counts(), before.lower_case());
  EXPECT_EQ(after.words(), before.words());
  EXPECT_EQ(after.counts(), before.counts());
  EXPECT_EQ(after.Find("c"), before.Find("c"));
}

TEST(Vocabulary, RejectsAlteredCheckpoints) {
  const auto error = [](Strings words, std::vector<uint32_t> counts) {
    return ErrorOf([&] { Vocabulary(words, counts); });
  };
  EXPECT_TRUE(Mentions(error({"[PAD]", "[UNK]", "[CLS]", "a", "a"}, {0, 0, 0, 1, 1}),
                       {"'a' occurs twice"}));
  EXPECT_TRUE(Mentions(error({"[PAD]", "[UNK]", "a"}, {0, 0, 0}), {"word 2 is 'a'", "[CLS]"}));
  EXPECT_TRUE(Mentions(error({"[PAD]"}, {0}), {"word 1 is missing"}));
  EXPECT_TRUE(Mentions(error({"[PAD]", "[UNK]", "[CLS]"}, {0, 0}), {"3 words but 2 counts"}));
  Strings many = {"[PAD]", "[UNK]", "[CLS]"};
  while (many.size() <= kMaxTableSize) many.push_back(std::to_string(many.size()));
  EXPECT_TRUE(Mentions(error(many, std::vector<uint32_t>(many.size())), {"65537 words"}));
}

TEST(ExtendVocabulary, NewWordsTakeFreeRows) {
  Split more;
  AddSentence(&more, "to zoo zoo", "", "x");
  AddSentence(&more, "elk to yak", "", "x");
  const Vocabulary existing = BuildVocabulary(Small(), 1000);
  const VocabularyExtension extension = ExtendVocabulary(existing, more, existing.size() + 2);
  EXPECT_EQ(extension.added, 2);
  EXPECT_EQ(extension.not_fitting, 1);
  const Vocabulary& vocabulary = extension.vocabulary;
  for (int id = 0; id < existing.size(); ++id) EXPECT_EQ(vocabulary.word(id), existing.word(id));
  EXPECT_EQ(vocabulary.Find("zoo"), existing.size());
  EXPECT_EQ(vocabulary.Find("elk"), existing.size() + 1);
  EXPECT_EQ(vocabulary.Find("yak"), kUnknownId);
  EXPECT_EQ(vocabulary.count(vocabulary.Find("to")), 5u);
  EXPECT_EQ(vocabulary.count(vocabulary.Find("zoo")), 2u);
  EXPECT_EQ(vocabulary.count(kUnknownId), 1u);
  EXPECT_THROW(ExtendVocabulary(existing, more, existing.size() - 1), Error);
}

TEST(Vocabulary, Atis) {
  const std::string atis = AtisDirectory();
  if (atis.empty()) GTEST_SKIP() << "ATIS is not here: set BITTERN_ATIS or run scripts/fetch-atis";
  const Split train = ReadSplit(atis, "train");
  const Vocabulary vocabulary = BuildVocabulary(train, 1000);
  EXPECT_EQ(vocabulary.size(), 867 + 3);
  EXPECT_EQ(vocabulary.count(kUnknownId), 0u);
  for (int id = kFirstWordId + 1; id < vocabulary.size(); ++id) {
    const uint32_t count = vocabulary.count(id), before = vocabulary.count(id - 1);
    ASSERT_TRUE(count < before ||
                (count == before && vocabulary.word(id - 1) < vocabulary.word(id)));
  }
}

}  // namespace
}  // namespace bittern
