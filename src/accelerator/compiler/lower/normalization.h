// SPDX-License-Identifier: Apache-2.0
// Lowers LayerNorm, forward and backward, to vector ops.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_NORMALIZATION_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_NORMALIZATION_H_

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/lower/lowering.h"

namespace bittern {

// True if a group is of this kind: it has kMoments or one of the kNormalize operations.
bool IsNormalization(const FusionGroup& group);

// Appends the instructions of the group.
void LowerNormalization(const FusionGroup& group, Lowering& lowering);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_NORMALIZATION_H_
