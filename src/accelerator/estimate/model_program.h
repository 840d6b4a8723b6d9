// SPDX-License-Identifier: Apache-2.0
// Compiles the program of a model for an accelerator, with the least recomputation that its memory
// allows.
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

// `kind` is kInference or kTraining. Fails if the accelerator cannot run the step, with the name of
// the training option. If no program fits, it returns the one that lacks the fewest words.
ModelProgram FindProgram(const Config& config, StepKind kind, const isa::Accelerator& machine,
                         const AfterPass& after = {});

// The same, but fails with the shortfall if no program fits. `after` is called after every pass of
// the compiler (compilation.h).
ModelProgram CompileModel(const Config& config, StepKind kind, const isa::Accelerator& machine,
                          const AfterPass& after = {});

// The text of a message: "100 words of tokens short: it needs 4196, there are 4096; ...".
std::string Describe(const std::vector<Shortfall>& shortfalls);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ESTIMATE_MODEL_PROGRAM_H_
