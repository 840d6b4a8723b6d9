// SPDX-License-Identifier: Apache-2.0
#include "function_testing.h"

namespace bittern {
namespace {

class RtlFunction : public ::testing::TestWithParam<Function> {};

// Every exponent is met in random words; the neighbours of corners are where cases begin.
TEST_P(RtlFunction, CornersAndRandomArguments) {
  FunctionChecker checker(GetParam());
  for (const uint32_t corner : CornerNumbers()) {
    if (!checker.Take(corner - 1, corner + 1)) return;
  }
  for (uint64_t i = 0; i < 500000; ++i) {
    const uint64_t random = Mix(i);
    // In one lane anything, in the other what the functions do not saturate at.
    const auto near = static_cast<uint32_t>(random >> 32);
    const uint32_t inside = (near & 0x807FFFFF) | (112 + (near >> 23 & 0x1F)) << 23;
    if (!checker.Take(static_cast<uint32_t>(random), inside)) return;
  }
  checker.Finish();
}

INSTANTIATE_TEST_SUITE_P(Functions, RtlFunction, ::testing::ValuesIn(kAllFunctions),
                         [](const auto& test) { return FunctionName(test.param); });

}  // namespace
}  // namespace bittern
