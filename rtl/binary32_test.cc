// SPDX-License-Identifier: Apache-2.0
#include "binary32_testing.h"

namespace bittern {
namespace {

template <class Model, int kLatency>
void CheckCornersAndRandomPairs(uint32_t (*expected)(uint32_t, uint32_t), uint64_t pairs) {
  const FlushToZero flush;
  PairChecker<Model, kLatency> checker(expected);
  const std::vector<uint32_t> corners = CornerNumbers();
  for (const uint32_t a : corners) {
    for (const uint32_t b : corners) {
      if (!checker.Take(a, b)) return;
    }
  }
  for (uint64_t i = 0; i < pairs; ++i) {
    const auto [a, b] = RandomPair(i);
    if (!checker.Take(a, b)) return;
  }
}

TEST(RtlBinary32, Multiply) {
  CheckCornersAndRandomPairs<Vbinary32_multiply, 4>(ExpectedProduct, 1000000);
}
TEST(RtlBinary32, Add) { CheckCornersAndRandomPairs<Vbinary32_add, 6>(HostAdd, 1000000); }

// Fewer registers than steps, and more.
TEST(RtlBinary32, MultiplyWithOtherLatencies) {
  CheckCornersAndRandomPairs<Vbinary32_multiply_1, 1>(ExpectedProduct, 10000);
  CheckCornersAndRandomPairs<Vbinary32_multiply_6, 6>(ExpectedProduct, 10000);
}
TEST(RtlBinary32, AddWithOtherLatencies) {
  CheckCornersAndRandomPairs<Vbinary32_add_3, 3>(HostAdd, 10000);
  CheckCornersAndRandomPairs<Vbinary32_add_9, 9>(HostAdd, 10000);
}

}  // namespace
}  // namespace bittern
