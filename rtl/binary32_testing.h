// SPDX-License-Identifier: Apache-2.0
// Multiplier and adder against src/arith and the host, for the quick and the slow tests.
#ifndef BITTERN_RTL_BINARY32_TESTING_H_
#define BITTERN_RTL_BINARY32_TESTING_H_

#include "Vbinary32_add.h"
#include "Vbinary32_add_3.h"
#include "Vbinary32_add_9.h"
#include "Vbinary32_multiply.h"
#include "Vbinary32_multiply_1.h"
#include "Vbinary32_multiply_6.h"
#include "accelerator/isa/arithmetic/flush_to_zero.h"
#include "accelerator/isa/arithmetic/testing/numbers.h"
#include "rtl_testing.h"

namespace bittern {

inline uint32_t ResultOf(const Vbinary32_multiply& m) { return m.product_o; }
inline uint32_t ResultOf(const Vbinary32_multiply_1& m) { return m.product_o; }
inline uint32_t ResultOf(const Vbinary32_multiply_6& m) { return m.product_o; }
inline uint32_t ResultOf(const Vbinary32_add& m) { return m.sum_o; }
inline uint32_t ResultOf(const Vbinary32_add_3& m) { return m.sum_o; }
inline uint32_t ResultOf(const Vbinary32_add_9& m) { return m.sum_o; }

// Sends a pair a cycle through a unit of `kLatency` cycles and holds what comes out against
// `expected(a, b)`.
template <class Model, int kLatency>
class PairChecker {
 public:
  using Operation = uint32_t (*)(uint32_t, uint32_t);
  explicit PairChecker(Operation expected) : expected_(expected) {}
  ~PairChecker() {
    for (int i = 0; i < kLatency; ++i) Take(0, 0);
  }

  bool Take(uint32_t a, uint32_t b) {
    model_->a_i = a;
    model_->b_i = b;
    model_.Step();
    pairs_[taken_++ % kLatency] = {a, b};
    if (taken_ < kLatency) return true;
    const auto [then_a, then_b] = pairs_[taken_ % kLatency];
    const uint32_t result = ResultOf(*model_), wanted = expected_(then_a, then_b);
    if (result == wanted) return true;
    ADD_FAILURE() << std::hex << then_a << " and " << then_b << ": " << result << ", expected "
                  << wanted;
    return false;
  }

 private:
  Operation expected_;
  Clocked<Model> model_;
  std::array<std::array<uint32_t, 2>, kLatency> pairs_{};
  size_t taken_ = 0;
};

// Products against the host's; where that flushes before it rounds, against src/arith.
inline uint32_t ExpectedProduct(uint32_t a, uint32_t b) {
#if defined(__aarch64__)
  return Multiply(a, b);
#else
  return HostMultiply(a, b);
#endif
}

}  // namespace bittern

#endif  // BITTERN_RTL_BINARY32_TESTING_H_
