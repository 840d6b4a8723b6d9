// SPDX-License-Identifier: Apache-2.0
#include "binary32_testing.h"

namespace bittern {
namespace {

template <class Model, int kLatency>
void CheckRandomPairs(uint32_t (*expected)(uint32_t, uint32_t)) {
  const FlushToZero flush;
  PairChecker<Model, kLatency> checker(expected);
  for (uint64_t i = 1000000; i < 101000000; ++i) {
    const auto [a, b] = RandomPair(i);
    if (!checker.Take(a, b)) return;
  }
}

TEST(RtlBinary32Slow, Multiply) { CheckRandomPairs<Vbinary32_multiply, 4>(ExpectedProduct); }
TEST(RtlBinary32Slow, Add) { CheckRandomPairs<Vbinary32_add, 6>(HostAdd); }

}  // namespace
}  // namespace bittern
