// SPDX-License-Identifier: Apache-2.0
// Layer normalisation over the features of every token: x[f][t] packed, per-token vectors [t],
// per-feature vectors [f]. elementwise.h says what all kernels of this folder share.
//
//   xhat[f][t] = (x[f][t] - mean[t]) * rstd[t],  y = gain[f] * xhat + shift[f]
//
// gain and shift may both be null; they are then 1 and 0. Forward is Moments, then Normalize;
// backward NormalizeGradSums, NormalizeGradAffine (if there is a gain), NormalizeGrad, in this
// order. Only x, mean and rstd have to be kept between the two.
#ifndef BITTERN_CPU_KERNELS_NORMALIZE_H_
#define BITTERN_CPU_KERNELS_NORMALIZE_H_

#include <cstdint>

namespace bittern {

// mean[t] and rstd[t] = 1 / sqrt(variance + epsilon), biased variance around the mean (two passes).
void Moments(const float* x, int64_t features, int64_t tokens, float epsilon, float* mean,
             float* rstd);

// In place over x.
void Normalize(const float* x, const float* mean, const float* rstd, const float* gain,
               const float* shift, int64_t features, int64_t tokens, float* y);

// s1[t] = sum_f dy gain,  s2[t] = sum_f dy gain xhat.
void NormalizeGradSums(const float* x, const float* mean, const float* rstd, const float* gain,
                       const float* dy, int64_t features, int64_t tokens, float* s1, float* s2);

// dgain[f] = sum_t dy xhat,  dshift[f] = sum_t dy; added to what is there if `accumulate`.
void NormalizeGradAffine(const float* x, const float* mean, const float* rstd, const float* dy,
                         int64_t features, int64_t tokens, bool accumulate, float* dgain,
                         float* dshift);

// dx = rstd (dy gain - s1 / features - xhat s2 / features).  In place over dy or x.
void NormalizeGrad(const float* x, const float* mean, const float* rstd, const float* gain,
                   const float* dy, const float* s1, const float* s2, int64_t features,
                   int64_t tokens, float* dx);

}  // namespace bittern

#endif  // BITTERN_CPU_KERNELS_NORMALIZE_H_
