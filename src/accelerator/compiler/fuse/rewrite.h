// SPDX-License-Identifier: Apache-2.0
// Rewrites the graph of a step with operations that suit the accelerator better.
#ifndef BITTERN_ACCELERATOR_COMPILER_FUSE_REWRITE_H_
#define BITTERN_ACCELERATOR_COMPILER_FUSE_REWRITE_H_

#include <functional>

#include "graph/graph.h"

namespace bittern {

// Tensors keep their numbers; new ones follow. What changes:
//   - If plain SGD updates a parameter as soon as its gradient exists, the gradient is computed
//     scaled by -rate and is added to the parameter. A contraction reads one factor from a copy
//     that a ScaleByRate has scaled. It is the factor that exists first, so that no scaling has to
//     wait for the last one. A RowSum with a rate factor adds the scaled sum to the parameter.
//   - The scale of scores is applied by the softmax and its gradient (their attribute
//     `scale`) on the way.
Graph Rewrite(const Graph& graph);

// Gives separate results to operations in place that the array follows word by word. Otherwise the
// operand and the result would be read at the same time, and a bank has one read port.
void SeparateResults(Graph& graph);

// Moves the zeroing of gradients that are accumulated word by word to the start of the step, when
// the vector unit is idle. The gradients then take memory for the whole step.
void ZeroFirst(Graph& graph);

// Lets contractions of scaled gradients add to the parameter themselves, if `at_once` says that
// they write every result once. More additions would each round at the size of the parameter, which
// costs precision.
void AccumulateDirectly(Graph& graph, const std::function<bool(const Op&)>& at_once);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_FUSE_REWRITE_H_
