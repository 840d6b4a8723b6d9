// SPDX-License-Identifier: Apache-2.0
// Softmax of attention scores, and cross-entropy. Sums run down a column (over keys or classes),
// tokens are the lanes. elementwise.h says what all kernels of this
// folder share.
#ifndef BITTERN_CPU_KERNELS_SOFTMAX_H_
#define BITTERN_CPU_KERNELS_SOFTMAX_H_

#include <cstdint>

namespace bittern {

// p[batch][key][query]: softmax of s over the keys < valid (1 <= valid <= keys); the other keys get
// probability exactly 0 and their scores are not read.  In place.
void Softmax(const float* s, int64_t batch, int64_t keys, int64_t queries, int64_t valid, float* p);

// ds = p (dp - sum_key p dp), rows >= valid exactly 0.  In place over dp.
void SoftmaxGrad(const float* p, const float* dp, int64_t batch, int64_t keys, int64_t queries,
                 int64_t valid, float* ds);

// The same with a causal mask: the query of a column sees the keys up to its own place, if they are
// valid. The scores of other keys are not used.
void CausalSoftmax(const float* s, int64_t batch, int64_t keys, int64_t queries, int64_t valid,
                   float* p);
void CausalSoftmaxGrad(const float* p, const float* dp, int64_t batch, int64_t keys,
                       int64_t queries, int64_t valid, float* ds);

// For every token t with labels[t] >= 0 (< classes), over logits[class][t]:
//   loss[t]          = weight * -sum_class target * log softmax
//   dlogits[class][t] = weight * (softmax - target)
//   target           = (1 - smoothing) * [class = label] + smoothing / classes
// Columns with labels[t] < 0 get loss 0 and gradients exactly 0.  dlogits in place over logits.
void CrossEntropy(const float* logits, const int32_t* labels, int64_t classes, int64_t tokens,
                  float weight, float smoothing, float* loss, float* dlogits);

}  // namespace bittern

#endif  // BITTERN_CPU_KERNELS_SOFTMAX_H_
