// The order in which the accelerator sums.
//
// A fold adds the upper half of n values onto the lower half until one is left; of an odd number
// the middle one waits. 12 -> 6 -> 3 -> 2 -> 1, 32 -> 16 -> 8 -> 4 -> 2 -> 1:
//
//     while n > 1: h = ceil(n / 2); v[i] += v[i + h] for i < n - h; n = h
#ifndef BITTERN_ACCELERATOR_ISA_ARITHMETIC_TREES_H_
#define BITTERN_ACCELERATOR_ISA_ARITHMETIC_TREES_H_

#include <cstdint>

namespace bittern {

// The fold of v[0 .. n), n >= 1, which it overwrites: add(a, b) takes a from the lower half.
template <class T, class Add>
T Fold(T* v, int64_t n, Add add) {
  while (n > 1) {
    const int64_t half = n - n / 2;
    for (int64_t i = 0; i < n - half; ++i) v[i] = add(v[i], v[i + half]);
    n = half;
  }
  return v[0];
}

// The fold under the machine's own addition. With floats the caller holds a FlushToZero.
template <class T>
T FoldSum(T* v, int64_t n) {
  return Fold(v, n, [](T a, T b) { return a + b; });
}

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_ARITHMETIC_TREES_H_
