// SPDX-License-Identifier: Apache-2.0
// Operations that the accelerator takes together.
//
// A pass of the vector unit can add, normalise or differentiate, and beside it reduce over words,
// sum over lanes and update a parameter. Operations of the graph that one set of passes covers form
// a group. The meaning of the program does not change: an operation joins a group only where it may
// as well be carried out there.
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

// In an order in which they may be carried out.
std::vector<FusionGroup> FormFusionGroups(const Graph& graph);

// True if one of them must stay after the other.
bool MustKeepOrder(const Op& a, const Op& b);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_FUSE_FUSION_GROUPS_H_
