// SPDX-License-Identifier: Apache-2.0
// Lifetimes of tensors in a program, counted in instructions.
#ifndef BITTERN_ACCELERATOR_COMPILER_MEMORY_LIFETIMES_H_
#define BITTERN_ACCELERATOR_COMPILER_MEMORY_LIFETIMES_H_

#include <cstddef>
#include <vector>

#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/compiler/memory/loop_indexed_tensors.h"
#include "graph/arena.h"

namespace bittern {

// By StoredId, for `tensors` tensors: the first and the last of `ops` that touches each one. The
// result of an unused tensor has last < first.
//
// A tensor lives for a whole loop if it is also used outside of the loop, or if another iteration
// uses another tensor in its place. In a loop over a list every tensor lives for the whole loop,
// since the host chooses the number of iterations.
std::vector<Lifetime> LifetimesOf(const std::vector<MachineOp>& ops, size_t tensors,
                                  const LoopIndexedTensors& loop_indexed);

// Changes lifetimes in instructions without syncs to lifetimes in `ops`, which has them.
void RenumberLifetimes(const std::vector<MachineOp>& ops, std::vector<Lifetime>& lives);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_LIFETIMES_H_
