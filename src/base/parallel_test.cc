// SPDX-License-Identifier: Apache-2.0
#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace bittern {
namespace {

TEST(ParallelFor, RunsEachIndexOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    for (const size_t n : {size_t{0}, size_t{1}, size_t{2}, size_t{1000}}) {
      std::vector<std::atomic<int>> runs(n);
      ParallelFor(n, threads, [&](size_t i, int) { ++runs[i]; });
      for (const std::atomic<int>& count : runs) ASSERT_EQ(count, 1);
    }
  }
}

TEST(ParallelFor, WorkersDoNotOverlap) {
  constexpr int kThreads = 4;
  std::vector<std::atomic<bool>> busy(kThreads);
  std::atomic<int> clashes{0};
  ParallelFor(500, kThreads, [&](size_t, int worker) {
    if (worker < 0 || worker >= kThreads || busy[worker].exchange(true)) ++clashes;
    std::this_thread::yield();
    busy[worker] = false;
  });
  EXPECT_EQ(clashes, 0);
}

TEST(ParallelFor, LowestFailureWins) {
  for (const int threads : {1, 2, 5}) {
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::vector<std::atomic<int>> runs(200);
      try {
        ParallelFor(200, threads, [&](size_t i, int) {
          ++runs[i];
          if (i == 37) std::this_thread::yield();
          if (i == 37 || i == 38 || i == 90) throw std::runtime_error(std::to_string(i));
        });
        ADD_FAILURE();
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "37");
      }
      for (int i = 0; i <= 37; ++i) ASSERT_EQ(runs[i], 1) << i;
    }
  }
}

}  // namespace
}  // namespace bittern
