// Where the cycles of a step go, part by part of the model.
//
// A step runs through embedding, encoders, heads (loss included), and back. A phase begins when the
// stream unit starts on its first product and ends where the next one begins; what other units do
// for it before and behind counts where it falls.
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
  int64_t cycles = 0;         // all phases together: the step's
  int64_t stream_cycles = 0;  // in which the stream unit issues an element
  int64_t multiply_adds = 0;  // useful ones
};

// `ops`: the program's instructions, by whose index `times` are; `graph`: the step with nothing
// computed again, at `graph.tokens` tokens and as many different words; `cycles`: of the step, in
// clock cycles; `fold`: of them in a cycle of `times`.
std::vector<Phase> PhasesOf(const std::vector<MachineOp>& ops,
                            const std::vector<InstructionTime>& times, const Graph& graph,
                            int64_t cycles, int64_t fold);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ESTIMATE_PHASES_H_
