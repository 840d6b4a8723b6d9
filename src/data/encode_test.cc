#include "data/encode.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/errors.h"
#include "data/testing/splits.h"

namespace bittern {
namespace {

using Ids = std::vector<int>;

template <typename T>
Ids ToInts(std::span<const T> values) {
  return Ids(values.begin(), values.end());
}

class EncodeTest : public testing::Test {
 protected:
  EncodeTest() {
    Split train;
    AddSentence(&train, "a a a b b c", "B-x I-x O O O O", "one");
    AddSentence(&train, "a", "O", "two");
    vocabulary_ = BuildVocabulary(train, 1000);  // a 3, b 4, c 5
    labels_ = BuildLabels(train);                // O 0, B-x 1, I-x 2; one 0, two 1
  }

  Vocabulary vocabulary_;
  Labels labels_;
};

TEST_F(EncodeTest, TokensLabelsAndGold) {
  Split split;
  AddSentence(&split, "b new a", "B-x B-y O", "two");
  AddSentence(&split, "c", "", "three");
  AddSentence(&split, "c a", "O I-x", "");
  const EncodedSplit encoded = Encode(split, vocabulary_, labels_, 32);

  ASSERT_EQ(encoded.size(), 3u);
  EXPECT_EQ(encoded[0].tokens(), 4);
  EXPECT_EQ(ToInts(encoded[0].ids), (Ids{kClassId, 4, kUnknownId, 3}));
  EXPECT_EQ(ToInts(encoded[0].tags), (Ids{kNoLabel, 1, kNoLabel, 0}));
  EXPECT_EQ(ToInts(encoded[0].gold_tags), (Ids{1, 3, 0}));
  EXPECT_EQ(encoded.tag_names()[3], "B-y");
  EXPECT_EQ(encoded[0].intent, 1);
  EXPECT_EQ(encoded[0].gold_intent, 1);

  EXPECT_EQ(ToInts(encoded[1].tags), (Ids{kNoLabel, kNoLabel}));
  EXPECT_TRUE(encoded[1].gold_tags.empty());
  EXPECT_EQ(encoded[1].intent, kNoLabel);
  EXPECT_EQ(encoded[1].gold_intent, 2);
  EXPECT_EQ(encoded.intent_names()[2], "three");

  EXPECT_EQ(ToInts(encoded[2].tags), (Ids{kNoLabel, 0, 2}));
  EXPECT_EQ(encoded[2].gold_intent, kNoLabel);

  EXPECT_EQ(encoded.words(), 6u);
  EXPECT_EQ(encoded.unknown_words(), 1u);
  EXPECT_EQ(encoded.truncated_sentences(), 0u);
}

TEST_F(EncodeTest, LongSentencesAreCutButTheirGoldIsKept) {
  Split split;
  AddSentence(&split, "a b c new", "O O B-x I-x", "one");
  AddSentence(&split, "a b", "O O", "one");
  const EncodedSplit encoded = Encode(split, vocabulary_, labels_, 3);
  EXPECT_EQ(ToInts(encoded[0].ids), (Ids{kClassId, 3, 4}));
  EXPECT_EQ(ToInts(encoded[0].tags), (Ids{kNoLabel, 0, 0}));
  EXPECT_EQ(ToInts(encoded[0].gold_tags), (Ids{0, 0, 1, 2}));
  EXPECT_EQ(ToInts(encoded[1].gold_tags), (Ids{0, 0}));
  EXPECT_EQ(encoded.truncated_sentences(), 1u);
  EXPECT_EQ(encoded.truncated_words(), 2u);
  EXPECT_EQ(encoded.unknown_words(), 0u);
  EXPECT_TRUE(Mentions(ErrorOf([&] { Encode(split, vocabulary_, labels_, 1); }), {"tokens: 1"}));
}

TEST_F(EncodeTest, OutlivesTheSplit) {
  EncodedSplit encoded;
  {
    Split split;
    AddSentence(&split, "a new", "O B-y", "three");
    encoded = Encode(split, vocabulary_, labels_, 32);
  }
  EXPECT_EQ(ToInts(encoded[0].ids), (Ids{kClassId, 3, kUnknownId}));
  EXPECT_EQ(encoded.tag_names()[encoded[0].gold_tags[1]], "B-y");
}

TEST(Encode, Atis) {
  const std::string atis = AtisDirectory();
  if (atis.empty()) GTEST_SKIP() << "ATIS is not here: set BITTERN_ATIS or run scripts/fetch-atis";
  const Corpus corpus = ReadCorpus(atis);
  const Vocabulary vocabulary = BuildVocabulary(corpus.train, 1000);
  const Labels labels = BuildLabels(corpus.train);
  const struct {
    const Split* split;
    size_t truncated, unknown_intents, unknown_tags;
  } expected[] = {{&corpus.train, 13, 0, 0}, {&corpus.valid, 3, 1, 1}, {&corpus.test, 0, 5, 6}};
  for (const auto& [split, truncated, unknown_intents, unknown_tags] : expected) {
    const EncodedSplit encoded = Encode(*split, vocabulary, labels, 32);
    EXPECT_EQ(encoded.truncated_sentences(), truncated);
    size_t intents = 0, tags = 0;
    for (size_t i = 0; i < encoded.size(); ++i) {
      intents += encoded[i].gold_intent >= labels.intents.size();
      for (const int16_t tag : encoded[i].gold_tags) tags += tag >= labels.tags.size();
    }
    EXPECT_EQ(intents, unknown_intents);
    EXPECT_EQ(tags, unknown_tags);
  }
  // No test sentence is cut, so every unknown word is among the tokens.
  EXPECT_EQ(Encode(corpus.test, vocabulary, labels, 32).unknown_words(), 71u);
}

}  // namespace
}  // namespace bittern
