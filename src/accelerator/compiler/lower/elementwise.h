// SPDX-License-Identifier: Apache-2.0
// Lowers all fusion groups except contractions and normalisations to vector ops. The gather and the
// scatter of the word table become stream instructions that compare table entries with the token.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_ELEMENTWISE_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_ELEMENTWISE_H_

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/lower/lowering.h"

namespace bittern {

// Appends the instructions of the group. Fails, naming the training option, if the accelerator does
// not have the operation.
void LowerElementwise(const FusionGroup& group, Lowering& lowering);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_ELEMENTWISE_H_
