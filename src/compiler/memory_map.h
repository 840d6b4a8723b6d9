// The memory map of a compiled step (isa/memory_map.h), as it travels in its program.
#ifndef BITTERN_COMPILER_MEMORY_MAP_H_
#define BITTERN_COMPILER_MEMORY_MAP_H_

#include "compiler/compile.h"
#include "isa/memory_map.h"
#include "isa/program.h"

namespace bittern {

// `graph` is the one that `step` was compiled from. Names are the graph's; what the compiler added
// is called "constant 0.5", "rate 1", "loss weight 0", or "scratch 3: " and the operation that
// writes it first. Tensors that no instruction touches and nobody keeps are left out.
isa::MemoryMap MapOf(const Graph& graph, const CompiledStep& step);

// The program whose metadata is the map.
isa::Program ProgramOf(const Graph& graph, const CompiledStep& step,
                       const isa::Accelerator& machine);

}  // namespace bittern

#endif  // BITTERN_COMPILER_MEMORY_MAP_H_
