// The program of a model for an accelerator, with as little computed again as its memory allows.
#ifndef BITTERN_ACCELERATOR_ESTIMATE_MODEL_PROGRAM_H_
#define BITTERN_ACCELERATOR_ESTIMATE_MODEL_PROGRAM_H_

#include <vector>

#include "accelerator/compiler/compile.h"
#include "accelerator/isa/generated/accelerators.h"
#include "model/config.h"
#include "model/training_step.h"

namespace bittern {

struct ModelProgram {
  Recompute recompute = Recompute::kElementwise;
  Graph graph;
  CompiledStep step;

  bool fits() const { return step.shortfalls.empty(); }
};

// `kind` is kInference or kTraining. Fails, naming the training option, where the accelerator
// cannot run the step. If nothing fits, it is the program that is short of the fewest words.
ModelProgram FindProgram(const Config& config, StepKind kind, const isa::Accelerator& machine,
                         const AfterPass& after = {});

// The same; fails with the shortfall if nothing fits. `after` is called after every pass of the
// compiler (compilation.h).
ModelProgram CompileModel(const Config& config, StepKind kind, const isa::Accelerator& machine,
                          const AfterPass& after = {});

// "100 words of tokens short: it needs 4196, there are 4096; ...", for a message.
std::string Describe(const std::vector<Shortfall>& shortfalls);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ESTIMATE_MODEL_PROGRAM_H_
