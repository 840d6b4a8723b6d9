// SPDX-License-Identifier: Apache-2.0
// Says the same step in operations that suit the accelerator better.
#ifndef BITTERN_ACCELERATOR_COMPILER_FUSE_REWRITE_H_
#define BITTERN_ACCELERATOR_COMPILER_FUSE_REWRITE_H_

#include <functional>

#include "graph/graph.h"

namespace bittern {

// Tensors keep their numbers; new ones follow. What changes:
//   - Where plain SGD updates a parameter as soon as its gradient is there, the gradient comes
//     scaled by -rate and is added to the parameter. A contraction takes one factor from a copy
//     that a ScaleByRate has scaled: the factor that is there first, so that nothing is left to be
//     done behind the last one. A RowSum with a rate factor adds the scaled sum to the parameter.
//   - The scale of scores is applied by the softmax and its gradient (their attribute
//     `scale`) on the way.
Graph Rewrite(const Graph& graph);

// Operations in place that the array follows word by word get results of their own: the operand and
// the result are read at the same time, and a bank has one port to read.
void SeparateResults(Graph& graph);

// Gradients that are added up word by word are zeroed first of all, when the vector unit has
// nothing else to do; they then lie in memory for the whole step.
void ZeroFirst(Graph& graph);

// Such contractions add to the parameter themselves where `at_once` says that they write every
// result once: each rounding at the size of the parameter costs precision.
void AccumulateDirectly(Graph& graph, const std::function<bool(const Op&)>& at_once);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_FUSE_REWRITE_H_
