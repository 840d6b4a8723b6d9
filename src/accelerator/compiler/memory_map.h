// SPDX-License-Identifier: Apache-2.0
// The memory map of a compiled step (accelerator/isa/memory_map.h), as it travels in its program.
#ifndef BITTERN_ACCELERATOR_COMPILER_MEMORY_MAP_H_
#define BITTERN_ACCELERATOR_COMPILER_MEMORY_MAP_H_

#include "accelerator/compiler/compile.h"
#include "accelerator/isa/memory_map.h"
#include "accelerator/isa/program.h"

namespace bittern {

// `graph` is the one that `step` was compiled from. Names are the graph's; what the compiler added
// is called "constant 0.5", "rate 1", "loss weight 0", or "scratch 3: " and the operation that
// writes it first. Tensors that no instruction touches and nobody keeps are left out.
isa::MemoryMap MapOf(const Graph& graph, const CompiledStep& step);

// The program whose metadata is the map.
isa::Program ProgramOf(const Graph& graph, const CompiledStep& step,
                       const isa::Accelerator& machine);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_MAP_H_
