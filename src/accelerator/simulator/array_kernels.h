// The array's arithmetic on runs of elements, for the machine's widest vectors. The bits are those
// of the specification whatever the vectors: every sum has its order. The caller holds a
// FlushToZero.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_ARRAY_KERNELS_H_
#define BITTERN_ACCELERATOR_SIMULATOR_ARRAY_KERNELS_H_

#include <cstdint>

namespace bittern {

struct ArrayKernels {
  int64_t rows, lanes;

  // tile[r][t] += b[i][r] * x[i][t] for i = 0 .. n-1 in this order; the first product is the start
  // unless `keep`.
  void (*time)(const ArrayKernels&, bool keep, int64_t n, const float* const* b,
               const float* const* x, float* tile);
  // out[i][t] = fold over r of b[i][r] * tile[i][r][t]
  void (*rank)(const ArrayKernels&, int64_t n, const float* const* b, const float* const* tile,
               float* out);
  // out[i][r] = fold over t of x[i][t] * tile[i][r][t]
  void (*token)(const ArrayKernels&, int64_t n, const float* const* x, const float* const* tile,
                float* out);
};

// Specialised for the sizes of accelerators.toml; any others run at the compiler's speed.
ArrayKernels ArrayKernelsFor(int64_t rows, int64_t lanes);
// Those for sizes without a specialisation.
ArrayKernels GenericArrayKernels(int64_t rows, int64_t lanes);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_ARRAY_KERNELS_H_
