// SPDX-License-Identifier: Apache-2.0
#include "train/batch_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <thread>

#include "base/random.h"
#include "train/testing/runs.h"
#include "train/trainer.h"

namespace bittern {
namespace {

struct DealCase {
  std::vector<int> lengths;
  int parts;
  std::vector<int> part_of;
};

TEST(DealParts, GivesEachPartAboutTheSameLength) {
  const DealCase cases[] = {
      {{5, 3, 4, 2}, 1, {0, 0, 0, 0}},
      {{5, 3, 4, 2}, 2, {0, 1, 1, 0}},  // 5 | 4 | 4+3 | 5+2
      {{7, 7, 7, 7}, 4, {0, 1, 2, 3}},  // equal ones in their order
      {{1, 9, 1, 1, 1, 1}, 2, {1, 0, 1, 1, 1, 1}},
      {{6}, 4, {0}},  // three parts are empty
  };
  for (const auto& [lengths, parts, expected] : cases) {
    std::vector<int> part_of(lengths.size()), order(lengths.size());
    std::vector<int64_t> totals(static_cast<size_t>(parts));
    DealParts(lengths, parts, part_of, order, totals);
    EXPECT_EQ(part_of, expected);
  }
}

// The sum of parts [first, last) by the definition of the tree.
float TreeSum(const std::vector<float>& parts, size_t first, size_t last) {
  if (last - first == 1) return parts[first];
  const size_t middle = (first + last) / 2;
  return TreeSum(parts, first, middle) + TreeSum(parts, middle, last);
}

TEST(GradientSum, AddsInOneTreeForAnyOrderOfArrival) {
  Random random(3);
  for (const int parts : {1, 2, 4, 8, 16}) {
    std::vector<float> values(static_cast<size_t>(parts));
    // The sizes differ much, so that another order of the sum gives other bits.
    for (float& value : values) {
      value = static_cast<float>(random.Normal() * std::exp2(20 * random.Normal()));
    }
    const float expected = TreeSum(values, 0, values.size());
    std::vector<int> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    // All parts may arrive before any sibling, as if as many threads ran.
    GradientSum sum(parts, parts, 2);
    for (int trial = 0; trial < 50; ++trial) {
      for (size_t i = order.size(); i-- > 1;) {
        std::swap(order[i], order[random.UniformInt(i + 1)]);
      }
      for (size_t i = 0; i < order.size(); ++i) {
        const float value = values[static_cast<size_t>(order[i])];
        std::vector<float> first = {value}, second = {-value};
        const bool last = sum.Add(order[i], {first, second});
        ASSERT_EQ(last, i + 1 == order.size());
        ASSERT_EQ(std::bit_cast<uint32_t>(first[0]),
                  std::bit_cast<uint32_t>(last ? expected : 0.0F));
        ASSERT_EQ(second[0], -first[0]);
      }
    }
  }
}

// One thread in order needs no more buffers than Buffers says, nor do threads that take the next
// part whenever they are ready. A missing buffer ends the program.
TEST(GradientSum, HasEnoughBuffers) {
  EXPECT_EQ(GradientSum::Buffers(1, 4), 0);
  EXPECT_EQ(GradientSum::Buffers(4, 1), 2);
  EXPECT_EQ(GradientSum::Buffers(16, 1), 4);
  EXPECT_EQ(GradientSum::Buffers(16, 2), 8);
  Random random(4);
  for (const int parts : {2, 4, 16, 64}) {
    for (const int threads : {1, 2, 3, 5}) {
      GradientSum sum(parts, threads, 1);
      for (int trial = 0; trial < 20; ++trial) {
        // running: the parts that threads compute now; any of them ends next.
        std::vector<int> running;
        int next = 0, done = 0;
        while (done < parts) {
          while (next < parts && std::ssize(running) < threads) running.push_back(next++);
          const size_t which = random.UniformInt(running.size());
          std::vector<float> value = {1};
          sum.Add(running[which], {value});
          running.erase(running.begin() + static_cast<ptrdiff_t>(which));
          if (++done == parts) {
            ASSERT_EQ(value[0], static_cast<float>(parts));
          }
        }
      }
    }
  }
}

class BatchTest : public TrainTest {
 protected:
  std::string Run(const Config& config, int threads, int stop_after = -1, bool resume = false) {
    const std::string name = fmt::format("{} threads", threads);
    Trainer trainer(config, GeneratedData({90, 20, 1}),
                    {.out = Path(name), .resume = resume, .threads = threads, .save_every = 7});
    int updates = 0;
    trainer.Run({.stop = [&] { return ++updates == stop_after; }});
    return Bytes(Path(name + "/last.safetensors")) + Bytes(Path(name + "/best.safetensors"));
  }
};

Config BatchConfig(int batch, int parts, Optimizer optimizer) {
  Config config = NanoConfig();
  config.training.optimizer = optimizer;
  config.training.batch = batch;
  config.training.parts = parts;
  config.training.epochs = 2;
  config.training.dropout = 0.1;
  config.training.word_dropout = 0.1;
  config.training.clip = 0.5;
  config.training.clip_scope = batch > 8 ? ClipScope::kGlobal : ClipScope::kTensor;
  return config;
}

// 90 sentences: the last batch of an epoch is smaller than the others.
TEST_F(BatchTest, AnyNumberOfThreadsGivesTheSameBits) {
  const Config configs[] = {BatchConfig(4, 0, Optimizer::kSgd),
                            BatchConfig(16, 8, Optimizer::kAdamW),
                            BatchConfig(16, 0, Optimizer::kMomentum)};
  for (const Config& config : configs) {
    const std::string one = Run(config, 1);
    for (const int threads : {2, 3, 4}) EXPECT_EQ(Run(config, threads), one) << threads;
    std::filesystem::remove_all(Path(""));
    std::filesystem::create_directories(Path(""));
  }
}

TEST_F(BatchTest, ResumesOnAnotherNumberOfThreads) {
  const Config config = BatchConfig(8, 4, Optimizer::kAdamW);
  const std::string whole = Run(config, 1);
  Run(config, 3, 14);  // in the second epoch
  std::filesystem::rename(Path("3 threads"), Path("2 threads"));
  EXPECT_EQ(Run(config, 2, -1, true), whole);
}

TEST_F(BatchTest, MemoryIsTheSumOfItsParts) {
  for (const int threads : {1, 2, 4}) {
    const Config config = BatchConfig(16, 4, Optimizer::kAdamW);
    Trainer trainer(config, GeneratedData({90, 20, 1}),
                    {.out = Path(fmt::format("{}", threads)), .threads = threads});
    EXPECT_EQ(trainer.step_bytes(), BatchBytes(trainer.config(), Recompute::kElementwise, threads));
  }
}

// A batch of 4 whose last one has 2 sentences learns as much from each of them.
TEST_F(BatchTest, ASmallerLastBatchIsDividedByItsOwnSize) {
  Config config = NanoConfig();
  config.training.epochs = 1;
  config.training.schedule = Schedule::kConstant;
  config.training.batch = 2;
  const auto parameters = [&](int batch) {
    config.training.batch = batch;
    const std::string out = Path(fmt::format("batch {}", batch));
    Trainer trainer(config, GeneratedData({2, 20, 1}), {.out = out});
    trainer.Run();
    return CheckpointReader(out + "/last.safetensors").ReadTensor("intent.head.weight");
  };
  const std::vector<float> exact = parameters(2), larger = parameters(64);
  ASSERT_EQ(exact.size(), larger.size());
  for (size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(exact[i], larger[i], 1e-6);
}

}  // namespace
}  // namespace bittern
