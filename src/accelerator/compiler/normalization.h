// Turns LayerNorm, forward and backward, into passes of the vector unit.
#ifndef BITTERN_ACCELERATOR_COMPILER_NORMALIZATION_H_
#define BITTERN_ACCELERATOR_COMPILER_NORMALIZATION_H_

#include "accelerator/compiler/emitter.h"
#include "accelerator/compiler/groups.h"

namespace bittern {

// Whether a group is of this kind: it has kMoments or one of the kNormalize operations.
bool IsNormalization(const Group& group);

void LowerNormalization(const Group& group, Emitter& emitter);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_NORMALIZATION_H_
