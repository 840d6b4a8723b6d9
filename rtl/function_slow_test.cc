// SPDX-License-Identifier: Apache-2.0
// Every function unit on every one of the 2^32 inputs.
#include "function_testing.h"

namespace bittern {
namespace {

class RtlFunctionSlow : public ::testing::TestWithParam<Function> {};

TEST_P(RtlFunctionSlow, EveryInput) {
  FunctionChecker checker(GetParam());
  for (uint32_t z = 0; z < kSignBit; ++z) {
    if (!checker.Take(z, z | kSignBit)) return;
  }
  checker.Finish();
}

INSTANTIATE_TEST_SUITE_P(Functions, RtlFunctionSlow, ::testing::ValuesIn(kAllFunctions),
                         [](const auto& test) { return FunctionName(test.param); });

}  // namespace
}  // namespace bittern
