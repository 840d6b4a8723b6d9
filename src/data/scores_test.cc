#include "data/scores.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bittern {
namespace {

using Tags = std::vector<int16_t>;

// The model knows the first four tags and three intents; I-y is in this split alone.
const TagTable& Table() {
  static const TagTable table({"O", "B-x", "I-x", "B-y", "I-y"});
  return table;
}

TEST(Scores, CountsBothTasks) {
  Scores scores;
  scores.Add(Table(), 0, 0, Tags{0, 1, 2}, Tags{0, 1, 2});  // all right
  scores.Add(Table(), 1, 0, Tags{0, 1, 0}, Tags{0, 1, 0});  // wrong intent
  scores.Add(Table(), 2, 2, Tags{3, 0}, Tags{1, 0});        // wrong type
  EXPECT_EQ(scores, (Scores{3, 1, 3, 2, 8, 7, {3, 3, 2}}));
  EXPECT_DOUBLE_EQ(*scores.IntentAccuracy(), 100.0 * 2 / 3);
  EXPECT_DOUBLE_EQ(*scores.TokenAccuracy(), 87.5);
  EXPECT_DOUBLE_EQ(*scores.SpanPrecision(), 100.0 * 2 / 3);
  EXPECT_DOUBLE_EQ(*scores.SpanRecall(), 100.0 * 2 / 3);
  EXPECT_DOUBLE_EQ(*scores.SpanF1(), 100.0 * 2 / 3);
  EXPECT_DOUBLE_EQ(*scores.SentenceAccuracy(), 100.0 / 3);
}

TEST(Scores, UnknownLabelsAreErrors) {
  Scores scores;
  scores.Add(Table(), 7, 2, Tags{3, 4}, Tags{3, 2});
  EXPECT_EQ(scores, (Scores{1, 0, 1, 0, 2, 1, {1, 2, 0}}));
}

TEST(Scores, CutOffWordsCountAsOutside) {
  Scores scores;
  scores.Add(Table(), 0, 0, Tags{0, 0, 0, 1}, Tags{0, 0});
  EXPECT_EQ(scores, (Scores{1, 0, 1, 1, 4, 3, {1, 0, 0}}));
  scores.Add(Table(), 0, 0, Tags{1, 2, 0}, Tags{1, 2});
  EXPECT_EQ(scores, (Scores{2, 1, 2, 2, 7, 6, {2, 1, 1}}));
}

TEST(Scores, OneTaskAlone) {
  Scores intents;
  intents.Add(Table(), 1, 1, {}, Tags{0, 0});
  intents.Add(Table(), 1, 2, {}, {});
  EXPECT_EQ(intents, (Scores{2, 1, 2, 1, 0, 0, {0, 0, 0}}));
  EXPECT_EQ(intents.TokenAccuracy(), std::nullopt);
  EXPECT_EQ(intents.SpanF1(), std::nullopt);
  EXPECT_DOUBLE_EQ(*intents.SentenceAccuracy(), 50);

  Scores tags;
  tags.Add(Table(), -1, 2, Tags{1, 0}, Tags{1, 0});
  EXPECT_EQ(tags.IntentAccuracy(), std::nullopt);
  EXPECT_DOUBLE_EQ(*tags.SentenceAccuracy(), 100);
  EXPECT_DOUBLE_EQ(*tags.SpanF1(), 100);

  Scores none;
  none.Add(Table(), -1, 0, {}, {});
  EXPECT_EQ(none, Scores{});
  EXPECT_EQ(none.SentenceAccuracy(), std::nullopt);
}

TEST(Scores, PartsAddUpToTheWhole) {
  const struct {
    int gold_intent, intent;
    Tags gold, tags;
  } sentences[] = {{0, 0, {0, 1}, {0, 1}},
                   {1, 0, {1, 2}, {1, 0}},
                   {-1, 0, {3}, {3}},
                   {2, 2, {}, {}},
                   {0, 0, {0, 4}, {0}}};
  Scores whole, even, odd;
  int i = 0;
  for (const auto& [gold_intent, intent, gold, tags] : sentences) {
    whole.Add(Table(), gold_intent, intent, gold, tags);
    (i++ % 2 == 0 ? even : odd).Add(Table(), gold_intent, intent, gold, tags);
  }
  Scores sum = odd;
  sum += even;
  EXPECT_EQ(sum, whole);
}

}  // namespace
}  // namespace bittern
