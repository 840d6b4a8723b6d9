// SPDX-License-Identifier: Apache-2.0
// Turns LayerNorm, forward and backward, into passes of the vector unit.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_NORMALIZATION_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_NORMALIZATION_H_

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/lower/lowering.h"

namespace bittern {

// Whether a group is of this kind: it has kMoments or one of the kNormalize operations.
bool IsNormalization(const FusionGroup& group);

void LowerNormalization(const FusionGroup& group, Lowering& lowering);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_NORMALIZATION_H_
