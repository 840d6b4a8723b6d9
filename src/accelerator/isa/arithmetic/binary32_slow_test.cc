// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "accelerator/isa/arithmetic/flush_to_zero.h"
#include "accelerator/isa/arithmetic/testing/numbers.h"

namespace bittern {
namespace {

TEST(Binary32Slow, RandomPairs) {
  const FlushToZero flush;
  for (uint64_t i = 1000000; i < 101000000; ++i) {
    const auto [a, b] = RandomPair(i);
    if (!AgreesWithHost(a, b)) return;
  }
}

}  // namespace
}  // namespace bittern
