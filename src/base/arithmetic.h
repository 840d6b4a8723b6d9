// SPDX-License-Identifier: Apache-2.0
// Arithmetic on whole numbers.
#ifndef BITTERN_BASE_ARITHMETIC_H_
#define BITTERN_BASE_ARITHMETIC_H_

#include <cstdint>

namespace bittern {

// a / b, rounded up. Needs a >= 0 and b > 0.
constexpr int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace bittern

#endif  // BITTERN_BASE_ARITHMETIC_H_
