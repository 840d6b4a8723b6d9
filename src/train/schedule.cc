#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace bittern {
namespace {

// Streams of random numbers under the run's seed, one stream for each epoch and purpose. Starting
// values use the low numbers.
constexpr uint64_t kShuffleStream = uint64_t{1} << 32;
constexpr uint64_t kWordDropoutStream = uint64_t{2} << 32;
constexpr uint64_t kDropoutStream = uint64_t{3} << 32;

constexpr uint64_t kMaxTokens = 65536;  // bound of a sentence's tokens, to number positions

}  // namespace

int64_t UpdatesPerEpoch(const TrainingConfig& training, int64_t sentences) {
  return (sentences + training.batch - 1) / training.batch;
}

double LearningRate(const TrainingConfig& training, int64_t update, int64_t updates_per_epoch) {
  const int64_t total = training.epochs * updates_per_epoch;
  const int64_t warmup = std::min<int64_t>(
      total, std::llround(training.warmup_epochs * static_cast<double>(updates_per_epoch)));
  if (update < warmup) {
    return training.learning_rate * static_cast<double>(update + 1) / static_cast<double>(warmup);
  }
  const double done = static_cast<double>(update - warmup) / static_cast<double>(total - warmup);
  double share = 1;  // 1: the full rate, 0: final_rate
  switch (training.schedule) {
    case Schedule::kConstant:
      break;
    case Schedule::kLinear:
      share = 1 - done;
      break;
    case Schedule::kCosine:
      share = (1 + std::cos(std::numbers::pi * done)) / 2;
      break;
  }
  return training.learning_rate * (training.final_rate + (1 - training.final_rate) * share);
}

void ShuffledOrder(uint64_t seed, int64_t epoch, std::span<uint32_t> order) {
  std::iota(order.begin(), order.end(), 0u);
  Random random(seed, kShuffleStream + static_cast<uint64_t>(epoch));
  random.Shuffle(order);
}

uint64_t DropoutKey(uint64_t seed, int64_t epoch, int64_t place) {
  return RandomU64(seed, kDropoutStream + static_cast<uint64_t>(epoch),
                   static_cast<uint64_t>(place));
}

WordDropout::WordDropout(const TrainingConfig& training, const Vocabulary& vocabulary)
    : seed_(training.seed) {
  if (training.word_dropout == 0 && training.rare_word_dropout == 0) return;
  rates_.reserve(static_cast<size_t>(vocabulary.size()));
  for (int id = 0; id < vocabulary.size(); ++id) {
    const bool rare = vocabulary.count(id) <= static_cast<uint32_t>(training.rare_word_count);
    rates_.push_back(static_cast<float>(rare ? training.rare_word_dropout : training.word_dropout));
  }
}

void WordDropout::Apply(int64_t epoch, uint32_t sentence, std::span<const uint16_t> ids,
                        std::span<uint16_t> dropped) const {
  BITTERN_CHECK(dropped.size() >= ids.size());
  std::copy(ids.begin(), ids.end(), dropped.begin());
  if (rates_.empty()) return;
  const uint64_t stream = kWordDropoutStream + static_cast<uint64_t>(epoch);
  for (size_t t = 1; t < ids.size(); ++t) {
    const uint32_t random = RandomU32(seed_, stream, sentence * kMaxTokens + t);
    if (random * 0x1p-32 < rates_[ids[t]]) dropped[t] = kUnknownId;
  }
}

}  // namespace bittern
