// SPDX-License-Identifier: Apache-2.0
#include "data/spans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/random.h"
#include "base/testing/errors.h"
#include "base/text.h"
#include "data/dataset.h"

namespace bittern {
namespace {

const std::vector<std::string> kNames = {"O", "B-x", "I-x", "B-y", "I-y", "I-z"};

std::vector<int32_t> Ids(std::string_view tags) {
  std::vector<int32_t> ids;
  for (const std::string_view tag : SplitWords(tags)) {
    const auto found = std::find(kNames.begin(), kNames.end(), tag);
    EXPECT_NE(found, kNames.end()) << tag;
    ids.push_back(static_cast<int32_t>(found - kNames.begin()));
  }
  return ids;
}

TEST(TagTable, TakesNamesApart) {
  const TagTable table(kNames);
  EXPECT_EQ(table.types(), (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(table[0].kind, TagKind::kOutside);
  EXPECT_EQ(table[4].kind, TagKind::kInside);
  EXPECT_EQ(table[4].type, 1);
  EXPECT_TRUE(Mentions(ErrorOf([] { TagTable({"O", "x"}); }), {"'x'"}));
}

TEST(FindSpans, ConllevalRules) {
  constexpr int x = 0, y = 1;
  const struct {
    const char* tags;
    std::vector<Span> spans;
  } cases[] = {
      {"", {}},
      {"O O", {}},
      {"B-x", {{0, 0, x}}},
      {"O B-x I-x O", {{1, 2, x}}},
      {"B-x B-x I-x", {{0, 0, x}, {1, 2, x}}},  // B-x ends the span before it
      {"I-x I-x O", {{0, 1, x}}},               // I-x starts one at the beginning
      {"O I-x", {{1, 1, x}}},                   // and after O
      {"B-x I-y I-y", {{0, 0, x}, {1, 2, y}}},  // and after another type
      {"I-x B-x", {{0, 0, x}, {1, 1, x}}},
      {"B-x I-x I-y I-x", {{0, 1, x}, {2, 2, y}, {3, 3, x}}},
      {"B-x O I-x", {{0, 0, x}, {2, 2, x}}},
      {"O B-y I-y", {{1, 2, y}}},  // open at the end
  };
  const TagTable table(kNames);
  for (const auto& [tags, spans] : cases) EXPECT_EQ(FindSpans(table, Ids(tags)), spans) << tags;
}

// Gold and predicted tags with the phrase counts that conlleval prints for them.
TEST(CountSpans, ConllevalAnswers) {
  const struct {
    const char *gold, *predicted;
    SpanCounts counts;
  } cases[] = {
      {"B-x I-x O", "B-x I-x O", {1, 1, 1}},
      {"B-x I-x O", "B-x O O", {1, 1, 0}},      // too short
      {"B-x I-x O", "B-x I-x I-x", {1, 1, 0}},  // too long
      {"B-x I-x O", "B-y I-y O", {1, 1, 0}},    // wrong type
      {"B-x I-x O", "O B-x O", {1, 1, 0}},      // wrong start
      {"B-x I-x O", "I-x I-x O", {1, 1, 1}},    // I-x starts a span as well as B-x
      {"B-x I-x I-x", "B-x B-x I-x", {1, 2, 0}},
      {"B-x B-x", "B-x I-x", {2, 1, 0}},
      {"B-x B-y", "B-x I-y", {2, 2, 2}},
      {"B-x O B-y I-y", "B-x O B-y O", {2, 2, 1}},
      {"O O O", "O B-x O", {0, 1, 0}},
      {"B-x O B-x", "O O O", {2, 0, 0}},
      {"B-x I-x B-y", "B-x I-y I-y", {2, 2, 0}},
      {"B-x I-x", "B-x", {1, 1, 0}},  // cut off: the rest is O
      {"O B-x", "O", {1, 0, 0}},
  };
  const TagTable table(kNames);
  SpanCounts sum;
  for (const auto& [gold, predicted, expected] : cases) {
    SpanCounts counts;
    CountSpans(table, Ids(gold), Ids(predicted), &counts);
    EXPECT_EQ(counts, expected) << gold << " / " << predicted;
    CountSpans(table, Ids(gold), Ids(predicted), &sum);
  }
  // All the cases as one file: 19 phrases, 17 found, 5 correct.
  EXPECT_EQ(sum, (SpanCounts{19, 17, 5}));
  EXPECT_NEAR(SpanPrecision(sum), 29.41, 0.005);
  EXPECT_NEAR(SpanRecall(sum), 26.32, 0.005);
  EXPECT_NEAR(SpanF1(sum), 27.78, 0.005);
}

TEST(CountSpans, NoSpansIsZero) {
  EXPECT_EQ(SpanF1({}), 0);
  EXPECT_EQ(SpanPrecision({3, 0, 0}), 0);
  EXPECT_EQ(SpanRecall({0, 3, 0}), 0);
}

// The streaming count against sets of spans, on random tags.
TEST(CountSpans, EqualsComparingSets) {
  const TagTable table(kNames);
  Random random(1);
  for (int repeat = 0; repeat < 5000; ++repeat) {
    std::vector<int32_t> gold(1 + random.UniformInt(8)), predicted;
    for (int32_t& tag : gold) tag = static_cast<int32_t>(random.UniformInt(kNames.size()));
    predicted = gold;
    for (int32_t& tag : predicted) {
      if (random.UniformInt(3) == 0) tag = static_cast<int32_t>(random.UniformInt(kNames.size()));
    }
    const auto set_of = [&](const std::vector<int32_t>& tags) {
      std::set<std::tuple<int, int, int>> spans;
      for (const Span& span : FindSpans(table, tags)) {
        spans.emplace(span.first, span.last, span.type);
      }
      return spans;
    };
    const auto gold_set = set_of(gold), predicted_set = set_of(predicted);
    uint64_t right = 0;
    for (const auto& span : gold_set) right += predicted_set.count(span);
    SpanCounts counts;
    CountSpans(table, gold, predicted, &counts);
    ASSERT_EQ(counts, (SpanCounts{gold_set.size(), predicted_set.size(), right}));
  }
}

}  // namespace
}  // namespace bittern
