// Compiles a graph to a program of the accelerator: layouts, instructions, addresses, waits.
//
// The graph is built for the accelerator (StepOptions::intent_on_every_token), and must have
// neither batches nor an optimizer but plain SGD. Deterministic. Fails, naming the option or the
// shortfall, where the accelerator cannot run it.
#ifndef BITTERN_ACCELERATOR_COMPILER_COMPILE_H_
#define BITTERN_ACCELERATOR_COMPILER_COMPILE_H_

#include <map>
#include <string>
#include <vector>

#include "accelerator/compiler/schedule.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/arena.h"
#include "graph/graph.h"

namespace bittern {

// Room that a step needs and an accelerator has not.
struct Shortfall {
  std::string what;  // "words of tokens", "program words"
  int64_t needed = 0;
  int64_t available = 0;
};

struct CompiledStep {
  std::vector<uint32_t> code;           // the program's words
  std::vector<MachineOp> ops;           // the same before encoding
  std::vector<Storage> storage;         // by StoredId: the graph's tensors, then the compiler's own
  std::vector<std::string> names;       // of the first ones: all but scratch and scalars
  std::vector<Extent> extents;          // where they lie (address bits 19..18: the kind of word)
  std::vector<Lifetime> lives;          // when, by instruction; last < first: never
  std::map<float, StoredId> constants;  // scalars that the host writes once
  std::map<double, StoredId> rates;     // -factor * learning rate, before each step
  std::map<int, StoredId> loss_weights;  // StepInputs::loss_weights, before each step
  std::map<TensorId, uint32_t> tables;   // input tensors: number of their table, from 1
  std::map<WordKind, int64_t> words;     // of each kind, the most that is taken
  std::vector<Shortfall> shortfalls;     // TryCompile: not empty, no program
};

CompiledStep Compile(const Graph& graph, const isa::Accelerator& machine);

// The same, but a lack of room is no error: `shortfalls` has it, `words` what memory is needed. A
// program is counted only where memory suffices.
CompiledStep TryCompile(const Graph& graph, const isa::Accelerator& machine);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_COMPILE_H_
