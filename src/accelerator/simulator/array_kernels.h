// SPDX-License-Identifier: Apache-2.0
// The array's arithmetic on series of elements, with the machine's widest vectors. Every sum has a
// fixed order, so the bits are those of the specification for any width of vectors. The caller must
// hold a FlushToZero.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_ARRAY_KERNELS_H_
#define BITTERN_ACCELERATOR_SIMULATOR_ARRAY_KERNELS_H_

#include <cstdint>

namespace bittern {

struct ArrayKernels {
  int64_t rows, lanes;

  // tile[r][t] += b[i][r] * x[i][t] for i = 0 .. n-1 in this order. Without `keep` the first
  // product overwrites the tile.
  void (*time)(const ArrayKernels&, bool keep, int64_t n, const float* const* b,
               const float* const* x, float* tile);
  // out[i][t] = fold over r of b[i][r] * tile[i][r][t]
  void (*rank)(const ArrayKernels&, int64_t n, const float* const* b, const float* const* tile,
               float* out);
  // out[i][r] = fold over t of x[i][t] * tile[i][r][t]
  void (*token)(const ArrayKernels&, int64_t n, const float* const* x, const float* const* tile,
                float* out);
};

// Returns kernels that are specialised for the sizes in accelerators.toml, or generic and slower
// ones.
ArrayKernels ArrayKernelsFor(int64_t rows, int64_t lanes);
// Returns the generic kernels.
ArrayKernels GenericArrayKernels(int64_t rows, int64_t lanes);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_ARRAY_KERNELS_H_
