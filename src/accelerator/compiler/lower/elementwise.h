// SPDX-License-Identifier: Apache-2.0
// Turns every group of operations but contractions and normalisation into passes of the vector
// unit, and the word table's gather and scatter into streams with a comparison as operand.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_ELEMENTWISE_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_ELEMENTWISE_H_

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/lower/lowering.h"

namespace bittern {

// Fails, naming the training option, where the accelerator has no such operation.
void LowerElementwise(const FusionGroup& group, Lowering& lowering);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_ELEMENTWISE_H_
