// Assigns the cycles of a step to phases of the model.
//
// A step runs through embedding, encoders and heads (loss included), and back. A phase starts when
// the stream unit starts its first product, and ends when the next phase starts. Work of other
// units counts in the phase in which it happens.
#ifndef BITTERN_ACCELERATOR_ESTIMATE_PHASES_H_
#define BITTERN_ACCELERATOR_ESTIMATE_PHASES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/isa/timing.h"
#include "graph/graph.h"

namespace bittern {

struct Phase {
  std::string name;           // "encoders, backward"
  int64_t cycles = 0;         // the sum of all phases is the step's cycles
  int64_t stream_cycles = 0;  // cycles in which the stream unit issues an element
  int64_t multiply_adds = 0;  // useful ones

  friend bool operator==(const Phase&, const Phase&) = default;
};

// `ops` are the program's instructions, and `times` refer to their index. Their parts are those of
// `program`, the graph that was compiled. `graph` is the step without recomputation, at
// `graph.tokens` tokens which are all different words. `cycles` are the clock cycles of the step. One
// cycle of `times` is `fold` clock cycles.
std::vector<Phase> PhasesOf(const std::vector<MachineOp>& ops,
                            const std::vector<InstructionTime>& times, const Graph& program,
                            const Graph& graph, int64_t cycles, int64_t fold);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ESTIMATE_PHASES_H_
