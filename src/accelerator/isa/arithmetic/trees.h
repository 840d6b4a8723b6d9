// SPDX-License-Identifier: Apache-2.0
// Defines the order in which the accelerator sums.
//
// A fold adds the upper half of n values to the lower half until one value is left. If the number
// is odd, the middle value waits. 12 -> 6 -> 3 -> 2 -> 1, 32 -> 16 -> 8 -> 4 -> 2 -> 1:
//
//     while n > 1: h = ceil(n / 2); v[i] += v[i + h] for i < n - h; n = h
#ifndef BITTERN_ACCELERATOR_ISA_ARITHMETIC_TREES_H_
#define BITTERN_ACCELERATOR_ISA_ARITHMETIC_TREES_H_

#include <cstdint>

namespace bittern {

// Folds v[0 .. n), n >= 1, and overwrites it. add(a, b) gets a from the lower half.
template <class T, class Add>
T Fold(T* v, int64_t n, Add add) {
  while (n > 1) {
    const int64_t half = n - n / 2;
    for (int64_t i = 0; i < n - half; ++i) v[i] = add(v[i], v[i + half]);
    n = half;
  }
  return v[0];
}

// Folds with the machine's addition. For floats the caller must hold a FlushToZero.
template <class T>
T FoldSum(T* v, int64_t n) {
  return Fold(v, n, [](T a, T b) { return a + b; });
}

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_ARITHMETIC_TREES_H_
