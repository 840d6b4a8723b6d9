// Turns every group of operations but contractions and normalisation into passes of the vector
// unit, and the word table's gather and scatter into streams with a comparison as operand.
#ifndef BITTERN_ACCELERATOR_COMPILER_ELEMENTWISE_H_
#define BITTERN_ACCELERATOR_COMPILER_ELEMENTWISE_H_

#include "accelerator/compiler/emitter.h"
#include "accelerator/compiler/groups.h"

namespace bittern {

// Fails, naming the training option, where the accelerator has no such operation.
void LowerElementwise(const Group& group, Emitter& emitter);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_ELEMENTWISE_H_
