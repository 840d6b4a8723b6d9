// SPDX-License-Identifier: Apache-2.0
// The optimizer's updates of one parameter tensor, taken as a flat list of elements. Parameters and
// states are updated in place; gradients are not changed, except by Scale. elementwise.h says what
// all kernels of this folder share.
#ifndef BITTERN_CPU_KERNELS_UPDATE_H_
#define BITTERN_CPU_KERNELS_UPDATE_H_

#include <cstdint>

#include "graph/operations.h"

namespace bittern {

// The common arguments of the updates in one step.
struct UpdateStep {
  int64_t count = 0;  // elements of the parameter
  double learning_rate = 0;
  int64_t update = 1;  // counts updates from 1
};

// One overload for each update of graph/operations.h: what the executor runs. gradient, parameter
// and states: `count` floats each; the parameter and the states are updated in place.
template <class O>
using UpdateInputs = InputsOf<O, const float*>;
template <class O>
using UpdateOutputs = OutputsOf<O, float*>;
void UpdateParameter(const ops::Sgd& sgd, const UpdateStep& step, UpdateInputs<ops::Sgd> in,
                     UpdateOutputs<ops::Sgd> out);
void UpdateParameter(const ops::Momentum& momentum, const UpdateStep& step,
                     UpdateInputs<ops::Momentum> in, UpdateOutputs<ops::Momentum> out);
void UpdateParameter(const ops::AdamW& adamw, const UpdateStep& step, UpdateInputs<ops::AdamW> in,
                     UpdateOutputs<ops::AdamW> out);

// parameter -= rate * gradient
void Sgd(const float* gradient, int64_t count, float rate, float* parameter);

// velocity = momentum * velocity + gradient;  parameter -= rate * velocity
void Momentum(const float* gradient, int64_t count, float rate, float momentum, float* velocity,
              float* parameter);

// Loshchilov & Hutter 2019, decoupled weight decay:
//   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
//   p -= rate * weight_decay * p;  p -= rate * (m / correction1) / (sqrt(v / correction2) +
//   epsilon)
struct AdamWStep {
  float rate = 0.001f;
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
  float weight_decay = 0.0f;
  float correction1 = 1.0f, correction2 = 1.0f;  // 1 - beta^step
};
void AdamW(const float* gradient, int64_t count, const AdamWStep& step, float* m, float* v,
           float* parameter);

// The sum of squares, in double.
double SumSquares(const float* x, int64_t count);

// x *= factor
void Scale(float factor, int64_t count, float* x);

void Fill(float value, int64_t count, float* x);

}  // namespace bittern

#endif  // BITTERN_CPU_KERNELS_UPDATE_H_
