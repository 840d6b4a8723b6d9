// SPDX-License-Identifier: Apache-2.0
// Forms fusion groups: operations that one series of vector ops computes together.
//
// A vector op can add, normalise or differentiate. At the same time it can reduce over words, sum
// over lanes and update a parameter. Operations that one series of vector ops covers form a group.
// The result of the step does not change: an operation joins a group only if no dependence forbids
// that it moves there.
#ifndef BITTERN_ACCELERATOR_COMPILER_FUSE_FUSION_GROUPS_H_
#define BITTERN_ACCELERATOR_COMPILER_FUSE_FUSION_GROUPS_H_

#include <vector>

#include "graph/graph.h"

namespace bittern {

// The first operation leads; its operation says which followers there can be:
//   Add, DropoutAdd           Moments of the sum
//   Normalize without gain    Dropout of its result, in place
//   Dropout                   NormalizeGradSums, NormalizeGrad of its result, or RowSum
//   NormalizeGradAffine       NormalizeGradSums, NormalizeGrad, Sgd of gain and of shift
//   GeluGrad, TanhGrad        RowSum of the result
//   ScaleByRate               AddColumns of its result
using FusionGroup = std::vector<Op>;

// Returns all operations of the graph in groups, in an order that respects their dependences.
std::vector<FusionGroup> FormFusionGroups(const Graph& graph);

// True if one of them must stay after the other.
bool MustKeepOrder(const Op& a, const Op& b);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_FUSE_FUSION_GROUPS_H_
