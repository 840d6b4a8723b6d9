// Compiles a graph to a program of the accelerator: layouts, instructions, addresses, waits.
//
// The graph is built for the accelerator (StepOptions::intent_on_every_token), and must have
// neither batches nor an optimizer but plain SGD. Deterministic. Fails, naming the option or the
// shortfall, where the accelerator cannot run it.
#ifndef BITTERN_ACCELERATOR_COMPILER_COMPILE_H_
#define BITTERN_ACCELERATOR_COMPILER_COMPILE_H_

#include "accelerator/compiler/compiled_step.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/graph.h"

namespace bittern {

CompiledStep Compile(const Graph& graph, const isa::Accelerator& machine);

// The same, but a lack of room is no error: `shortfalls` has it, `words` what memory is needed. A
// program is counted only where memory suffices.
CompiledStep TryCompile(const Graph& graph, const isa::Accelerator& machine);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_COMPILE_H_
