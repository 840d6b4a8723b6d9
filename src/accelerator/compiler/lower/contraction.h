// SPDX-License-Identifier: Apache-2.0
// Lowers a contraction to loads, streams and write-backs (drains); docs/accelerator.md explains the
// three directions.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_CONTRACTION_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_CONTRACTION_H_

#include "accelerator/compiler/lower/lowering.h"
#include "graph/graph.h"

namespace bittern {

// Fails, naming the operation, if the array cannot run it.
void LowerContraction(const Op& op, Lowering& lowering);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_CONTRACTION_H_
