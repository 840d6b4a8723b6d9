// SPDX-License-Identifier: Apache-2.0
#include "data/encode.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/errors.h"
#include "data/testing/splits.h"

namespace bittern {
namespace {

TEST(StringTable, FindsTextsAndNoOthers) {
  StringTable table;
  EXPECT_EQ(table.Find("a"), -1);
  table.Add("b");
  table.Add("a");
  EXPECT_EQ(table.Find("a"), 1);
  EXPECT_EQ(table.Find("c"), -1);
}

using Ids = std::vector<int>;

template <typename T>
Ids ToInts(std::span<const T> values) {
  return Ids(values.begin(), values.end());
}

class EncodeTest : public testing::Test {
 protected:
  EncodeTest() {
    Split train;
    AddSentence(&train, "a a a b b c", "", "one");
    vocabulary_ = BuildVocabulary(train, 1000);  // a 3, b 4, c 5
  }

  Vocabulary vocabulary_;
};

TEST_F(EncodeTest, Words) {
  Split split;
  AddSentence(&split, "b new a", "", "one");
  AddSentence(&split, "c", "", "one");
  const EncodedSplit encoded = EncodeWords(split, vocabulary_, 32);
  ASSERT_EQ(encoded.size(), 2u);
  EXPECT_EQ(encoded[0].tokens(), 4);
  EXPECT_EQ(ToInts(encoded[0].ids), (Ids{kClassId, 4, kUnknownId, 3}));
  EXPECT_EQ(ToInts(encoded[1].ids), (Ids{kClassId, 5}));
  EXPECT_EQ(encoded.words(), 4u);
  EXPECT_EQ(encoded.unknown_words(), 1u);
  EXPECT_EQ(encoded.truncated_sentences(), 0u);
}

TEST_F(EncodeTest, LongSentencesAreCut) {
  Split split;
  AddSentence(&split, "a b c new", "", "one");
  AddSentence(&split, "a b", "", "one");
  const EncodedSplit encoded = EncodeWords(split, vocabulary_, 3);
  EXPECT_EQ(ToInts(encoded[0].ids), (Ids{kClassId, 3, 4}));
  EXPECT_EQ(ToInts(encoded[1].ids), (Ids{kClassId, 3, 4}));
  EXPECT_EQ(encoded.truncated_sentences(), 1u);
  EXPECT_EQ(encoded.truncated_words(), 2u);
  EXPECT_EQ(encoded.unknown_words(), 0u);
  EXPECT_TRUE(Mentions(ErrorOf([&] { EncodeWords(split, vocabulary_, 1); }), {"tokens: 1"}));
}

TEST(LabelColumn, NumbersItsNamesThenThoseOfTheSplit) {
  LabelColumn column(NameList({"O", "B-x"}, "tags"));
  StringTable table;
  for (const char* name : {"B-y", "O", "B-x", "I-y"}) table.Add(name);
  EXPECT_EQ(column.Number(table), (std::vector<int32_t>{2, 0, 1, 3}));
  EXPECT_EQ(column.names().names(), (std::vector<std::string>{"O", "B-x", "B-y", "I-y"}));
}

TEST_F(EncodeTest, ColumnsHoldAnyNumberOfLabelsForEachSentence) {
  Split split;
  for (int i = 0; i < 3; ++i) AddSentence(&split, "a b", "", "one");
  EncodedSplit encoded = EncodeWords(split, vocabulary_, 32);
  LabelColumn pairs, none;
  for (int i = 0; i < 3; ++i) {
    if (i != 1) {
      pairs.Append(10 * i);
      pairs.Append(10 * i + 1);
    }
    pairs.EndSentence();
    none.EndSentence();
  }
  encoded.AddColumn(std::move(pairs));
  encoded.AddColumn(std::move(none));
  EXPECT_EQ(ToInts(encoded[0].labels[0]), (Ids{0, 1}));
  EXPECT_TRUE(encoded[1].labels[0].empty());
  EXPECT_EQ(ToInts(encoded[2].labels[0]), (Ids{20, 21}));
  EXPECT_TRUE(encoded[2].labels[1].empty());
  EXPECT_TRUE(SentenceLabels()[0].empty());
}

}  // namespace
}  // namespace bittern
