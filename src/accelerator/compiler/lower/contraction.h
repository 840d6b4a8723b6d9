// Turns one contraction of the graph into loads, streams and drains (docs/accelerator.md, "How a
// contraction finds its direction").
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_CONTRACTION_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_CONTRACTION_H_

#include <optional>

#include "accelerator/compiler/lower/emitter.h"

namespace bittern {

// The order in which a product takes the words of its operand with tokens in the lanes, where the
// order matters (sums over time); nullopt otherwise.
struct OperandTraversal {
  TensorId tensor = kNoTensor;
  TraversalOrder order;
};
std::optional<OperandTraversal> TraversalOfTokens(const Op& op, Emitter& emitter);

// Whether every result is written once, whole, and not added up in memory.
bool WritesOnce(const Op& op, Emitter& emitter);

// Fails, naming the operation, where the array cannot take it.
void LowerContraction(const Op& op, Emitter& emitter);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_CONTRACTION_H_
