// SPDX-License-Identifier: Apache-2.0
// Lowers one fusion group: chooses the lowering for its first operation.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_LOWER_GROUP_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_LOWER_GROUP_H_

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/lower/lowering.h"

namespace bittern {

// Appends the instructions of the group. Fails, naming the operation or the training option, if the
// accelerator cannot compute it.
void LowerGroup(const FusionGroup& group, Lowering& lowering);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_LOWER_GROUP_H_
