// SPDX-License-Identifier: Apache-2.0
// Function units against the definition, for the quick and the slow tests.
#ifndef BITTERN_RTL_FUNCTION_TESTING_H_
#define BITTERN_RTL_FUNCTION_TESTING_H_

#include "Vfunction_bench.h"
#include "accelerator/isa/arithmetic/testing/numbers.h"
#include "rtl_testing.h"

namespace bittern {

// Two lanes that share a table; a pair of arguments a cycle.
class FunctionChecker {
 public:
  explicit FunctionChecker(Function function) : function_(function) {
    model_->function_i = static_cast<uint8_t>(static_cast<int>(function) + 1);
  }

  bool Take(uint32_t a, uint32_t b) {
    model_->a_i = a;
    model_->b_i = b;
    model_.Step();
    arguments_[taken_++ % kLatency] = {a, b};
    if (taken_ < kLatency) return true;
    const auto [then_a, then_b] = arguments_[taken_ % kLatency];
    return Check(then_a, model_->value_a_o, model_->exponent_a_o) &&
           Check(then_b, model_->value_b_o, model_->exponent_b_o);
  }
  // Until the last arguments' values have been checked.
  void Finish() {
    for (size_t i = 0; i < kLatency && Take(kOne, kOne); ++i) continue;
  }

 private:
  static constexpr size_t kLatency = 2 + 3 * 10;

  bool Check(uint32_t z, uint32_t value, uint32_t exponent) {
    if (function_ == Function::kLog2) {  // exponent: 9 bits, signed
      const int summand = static_cast<int>(exponent) - (exponent >= 256 ? 512 : 0);
      value = Add(FloatBits(static_cast<float>(summand)), value);
    }
    const uint32_t expected = EvaluateBits(function_, z);
    if (value == expected) return true;
    ADD_FAILURE() << FunctionName(function_) << " of " << std::hex << z << ": " << value
                  << ", expected " << expected;
    return false;
  }

  Function function_;
  Clocked<Vfunction_bench> model_;
  std::array<std::array<uint32_t, 2>, kLatency> arguments_{};
  size_t taken_ = 0;
};

}  // namespace bittern

#endif  // BITTERN_RTL_FUNCTION_TESTING_H_
