// SPDX-License-Identifier: Apache-2.0
// Elementwise kernels, and kernels that move columns.
//
// Activations are FP32, feature-major: x[f][t], packed (row stride = the token count). Pointers
// need only the alignment of a float. Outputs are overwritten unless a line says otherwise. Where a
// line says "in place", an output may be the same array as an input of equal shape; arrays may not
// overlap otherwise. The kernels allocate no memory.
//
// Determinism, for all headers of this folder: equal inputs give equal bits on one SIMD target.
// Between targets (AVX-512, AVX2, SSSE3, NEON) bits may differ: lane counts change the order of
// sums, and SSSE3 has no fused multiply-add. Dropout masks, GatherColumns, Add, Scale
// and Fill are equal everywhere.
#ifndef BITTERN_CPU_KERNELS_ELEMENTWISE_H_
#define BITTERN_CPU_KERNELS_ELEMENTWISE_H_

#include <cstdint>

#include "base/dropout_bits.h"

namespace bittern {

// y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).  In place.
void Gelu(const float* x, int64_t count, float* y);
// dx = dy * gelu'(x).  In place over dy or x.
void GeluGrad(const float* x, const float* dy, int64_t count, float* dx);

// In place.
void Tanh(const float* x, int64_t count, float* y);
// dx = dy (1 - y^2), y the output of Tanh.  In place over dy or y.
void TanhGrad(const float* y, const float* dy, int64_t count, float* dx);

// y = max(x, 0).  In place. NaN stays NaN.
void Relu(const float* x, int64_t count, float* y);
// dx = dy where y > 0, else 0; y the output of Relu.  In place over dy or y.
void ReluGrad(const float* y, const float* dy, int64_t count, float* dx);

// y = a + b.  In place over either.
void Add(const float* a, const float* b, int64_t count, float* y);

// y[f][t] = x[f][t] * keeps(f, t) * mask.Scale(), tokens <= kDropoutMaxTokens.  In place. Its own
// gradient: dx = Dropout(dy) with the same mask.
void Dropout(const DropoutMask& mask, const float* x, int64_t features, int64_t tokens, float* y);
// y = residual + Dropout(x).  In place over either.
void DropoutAdd(const DropoutMask& mask, const float* residual, const float* x, int64_t features,
                int64_t tokens, float* y);

// out[f] = sum_t x[f][t], the gradient of a bias; with `accumulate` it is added to out.
void RowSum(const float* x, int64_t features, int64_t tokens, bool accumulate, float* out);

// x[f][t] = rows[slots[t]][f] + add[f][t]; rows are packed [slot][features]; `add` has row stride
// add_stride and may be null.
void GatherColumns(const float* rows, const int32_t* slots, const float* add, int64_t add_stride,
                   int64_t features, int64_t tokens, float* x);
// The reverse: rows[s][f] = sum of x[f][t] over the t < tokens with slots[t] = s, for s < num_rows,
// in the order of t. x has row stride x_stride >= tokens, so that padded columns can be left out.
void ScatterColumns(const float* x, int64_t x_stride, const int32_t* slots, int64_t features,
                    int64_t tokens, int64_t num_rows, float* rows);

}  // namespace bittern

#endif  // BITTERN_CPU_KERNELS_ELEMENTWISE_H_
