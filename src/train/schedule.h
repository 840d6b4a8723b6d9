// SPDX-License-Identifier: Apache-2.0
// Learning rates and random decisions of a run. They are pure functions of configuration and
// position.
#ifndef BITTERN_TRAIN_SCHEDULE_H_
#define BITTERN_TRAIN_SCHEDULE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "data/vocabulary.h"
#include "model/config.h"

namespace bittern {

// The number of updates in an epoch. The last batch may be smaller; its gradients are divided by
// the number of its own sentences.
int64_t UpdatesPerEpoch(const TrainingConfig& training, int64_t sentences);

// The learning rate of update `update` (from 0) in a run of epochs * updates_per_epoch updates. It
// rises linearly during the warm-up, whose last update has the full rate. Then it falls by the
// schedule and reaches final_rate * learning_rate after the last update.
double LearningRate(const TrainingConfig& training, int64_t update, int64_t updates_per_epoch);

// The order of the sentences in an epoch (from 0).
void ShuffledOrder(uint64_t seed, int64_t epoch, std::span<uint32_t> order);

// The key of the dropout masks of the sentence at position `place` in the epoch's order.
uint64_t DropoutKey(uint64_t seed, int64_t epoch, int64_t place);

// Word dropout copies `ids` to `dropped` and replaces words by kUnknownId at random. The
// probability is word_dropout, or rare_word_dropout for a word that occurs at most rare_word_count
// times in train. A decision depends on seed, epoch, sentence and position. [CLS] always stays.
class WordDropout {
 public:
  WordDropout(const TrainingConfig& training, const Vocabulary& vocabulary);

  void Apply(int64_t epoch, uint32_t sentence, std::span<const uint16_t> ids,
             std::span<uint16_t> dropped) const;

 private:
  uint64_t seed_;
  std::vector<float> rates_;  // by word
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_SCHEDULE_H_
