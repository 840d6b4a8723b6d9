// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"

namespace bittern {
namespace {

TrainingConfig Rates(Schedule schedule, double warmup_epochs = 0, double final_rate = 0) {
  return {.schedule = schedule,
          .learning_rate = 0.5,
          .final_rate = final_rate,
          .warmup_epochs = warmup_epochs,
          .epochs = 10};
}

TEST(LearningRate, ConstantStays) {
  for (const int64_t update : {0, 1, 500, 999}) {
    EXPECT_EQ(LearningRate(Rates(Schedule::kConstant), update, 100), 0.5);
  }
}

TEST(LearningRate, LinearFallsToItsEnd) {
  const TrainingConfig linear = Rates(Schedule::kLinear);
  EXPECT_EQ(LearningRate(linear, 0, 100), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(linear, 250, 100), 0.375);
  EXPECT_DOUBLE_EQ(LearningRate(linear, 999, 100), 0.0005);
  const TrainingConfig to_a_tenth = Rates(Schedule::kLinear, 0, 0.1);
  EXPECT_DOUBLE_EQ(LearningRate(to_a_tenth, 500, 100), 0.275);
}

TEST(LearningRate, CosineFallsSlowlyAtBothEnds) {
  const TrainingConfig cosine = Rates(Schedule::kCosine);
  EXPECT_EQ(LearningRate(cosine, 0, 100), 0.5);
  EXPECT_NEAR(LearningRate(cosine, 500, 100), 0.25, 1e-12);
  EXPECT_NEAR(LearningRate(cosine, 250, 100), 0.25 * (1 + std::sqrt(0.5)), 1e-12);
}

TEST(LearningRate, WarmUpRisesFirst) {
  const TrainingConfig linear = Rates(Schedule::kLinear, 2.5);
  EXPECT_DOUBLE_EQ(LearningRate(linear, 0, 100), 0.002);
  EXPECT_DOUBLE_EQ(LearningRate(linear, 124, 100), 0.25);
  EXPECT_DOUBLE_EQ(LearningRate(linear, 249, 100), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(linear, 250, 100), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(linear, 625, 100), 0.25);
  // Warm-up may take all of the run.
  EXPECT_DOUBLE_EQ(LearningRate(Rates(Schedule::kLinear, 20), 999, 100), 0.5);
}

TEST(UpdatesPerEpoch, CountsTheSmallerLastBatch) {
  EXPECT_EQ(UpdatesPerEpoch({.batch = 1}, 60), 60);
  EXPECT_EQ(UpdatesPerEpoch({.batch = 16}, 60), 4);
  EXPECT_EQ(UpdatesPerEpoch({.batch = 16}, 64), 4);
}

TEST(ShuffledOrder, IsAPermutationThatDependsOnSeedAndEpoch) {
  const auto order = [](uint64_t seed, int64_t epoch) {
    std::vector<uint32_t> result(1000);
    ShuffledOrder(seed, epoch, result);
    return result;
  };
  EXPECT_EQ(order(1, 0), order(1, 0));
  EXPECT_NE(order(1, 0), order(1, 1));
  EXPECT_NE(order(1, 0), order(2, 0));
  std::vector<uint32_t> sorted = order(3, 4), expected(1000);
  std::ranges::sort(sorted);
  std::iota(expected.begin(), expected.end(), 0u);
  EXPECT_EQ(sorted, expected);
}

TEST(DropoutKey, DiffersByStepAndIsReproducible) {
  std::vector<uint64_t> keys;
  for (int64_t epoch = 0; epoch < 10; ++epoch) {
    for (int64_t place = 0; place < 100; ++place) keys.push_back(DropoutKey(7, epoch, place));
  }
  EXPECT_EQ(keys[123], DropoutKey(7, 1, 23));
  // A step uses some dozens of keys from its own onwards; they must not meet another step's.
  std::ranges::sort(keys);
  for (size_t i = 1; i < keys.size(); ++i) EXPECT_GT(keys[i] - keys[i - 1], 1000u);
}

// Word 3 is frequent, word 4 is rare.
Vocabulary TwoWords() {
  return Vocabulary({"[PAD]", "[UNK]", "[CLS]", "often", "rarely"}, {0, 0, 0, 100, 2});
}

double ShareDropped(const WordDropout& dropout, uint16_t word) {
  const std::vector<uint16_t> ids = {kClassId, word, word, word, word};
  std::vector<uint16_t> dropped(ids.size());
  int count = 0;
  for (uint32_t sentence = 0; sentence < 5000; ++sentence) {
    dropout.Apply(3, sentence, ids, dropped);
    EXPECT_EQ(dropped[0], kClassId);
    for (size_t t = 1; t < ids.size(); ++t) {
      EXPECT_TRUE(dropped[t] == word || dropped[t] == kUnknownId);
      count += dropped[t] == kUnknownId;
    }
  }
  return count / 20000.0;
}

TEST(WordDropout, HasARateForRareWordsOfItsOwn) {
  const WordDropout dropout({.word_dropout = 0.05, .rare_word_dropout = 0.25, .rare_word_count = 2},
                            TwoWords());
  // Four standard deviations of the share.
  EXPECT_NEAR(ShareDropped(dropout, 3), 0.05, 4 * std::sqrt(0.05 * 0.95 / 20000));
  EXPECT_NEAR(ShareDropped(dropout, 4), 0.25, 4 * std::sqrt(0.25 * 0.75 / 20000));
}

TEST(WordDropout, EndsOfTheRange) {
  EXPECT_EQ(ShareDropped(WordDropout({}, TwoWords()), 3), 0);
  EXPECT_EQ(ShareDropped(WordDropout({.word_dropout = 1}, TwoWords()), 3), 1);
  EXPECT_EQ(ShareDropped(WordDropout({.word_dropout = 1}, TwoWords()), 4), 0);
}

TEST(WordDropout, DependsOnEpochSentenceAndPositionAlone) {
  const WordDropout dropout({.word_dropout = 0.5, .seed = 9}, TwoWords());
  const std::vector<uint16_t> ids(64, 3);
  const auto apply = [&](int64_t epoch, uint32_t sentence, size_t tokens) {
    std::vector<uint16_t> dropped(64);
    dropout.Apply(epoch, sentence, std::span(ids).first(tokens), dropped);
    dropped.resize(tokens);
    return dropped;
  };
  const std::vector<uint16_t> all = apply(0, 0, 64);
  EXPECT_EQ(apply(0, 0, 64), all);
  EXPECT_NE(apply(1, 0, 64), all);
  EXPECT_NE(apply(0, 1, 64), all);
  EXPECT_EQ(apply(0, 0, 20), std::vector<uint16_t>(all.begin(), all.begin() + 20));
}

}  // namespace
}  // namespace bittern
