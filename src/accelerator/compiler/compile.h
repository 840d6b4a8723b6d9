// SPDX-License-Identifier: Apache-2.0
// Compiles a graph to a program of the accelerator: layouts, instructions, addresses, waits.
//
// The graph must be built for the accelerator (StepOptions::heads_on_every_token). It must not
// accumulate gradients over a batch. The accelerator knows no optimizer but plain SGD, no gradient
// clipping, no label smoothing and no weight decay. Compile fails, naming the option, if the graph
// has one of them, or if the model needs more tables, lists or lanes than the accelerator has.
//
// The result owns everything in it. Deterministic: the same graph and accelerator give the same
// words. compile.cc lists the passes; the state that they share is in compilation.h.
#ifndef BITTERN_ACCELERATOR_COMPILER_COMPILE_H_
#define BITTERN_ACCELERATOR_COMPILER_COMPILE_H_

#include "accelerator/compiler/compilation.h"
#include "accelerator/compiler/compiled_step.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/graph.h"

namespace bittern {

// Fails with the shortfall if the program does not fit the accelerator.
CompiledStep Compile(const Graph& graph, const isa::Accelerator& machine);

// The same, but a lack of room is no error: then `shortfalls` has entries, and `words` says how
// much memory is needed. The length of the program is known only if memory suffices.
CompiledStep TryCompile(const Graph& graph, const isa::Accelerator& machine,
                        const AfterPass& after = {});

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_COMPILE_H_
