// SPDX-License-Identifier: Apache-2.0
#include "accelerator/estimate/model_program.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/error.h"

namespace bittern {
namespace {

// The choices of recomputation, from the fastest to the smallest.
constexpr Recompute kChoices[] = {Recompute::kGelu, Recompute::kElementwise, Recompute::kHalf,
                                  Recompute::kEncoder};

// The number of words that the step lacks, over all memories.
int64_t Missing(const CompiledStep& step) {
  int64_t missing = 0;
  for (const Shortfall& shortfall : step.shortfalls) {
    missing += shortfall.needed - shortfall.available;
  }
  return missing;
}

// The layouts of the compiler know products over one mode and one bond. A TTM core shares two modes
// with its neighbours.
void RefuseTtmMaps(const Config& config, const isa::Accelerator& machine) {
  if (config.model.map.format != MatrixFormat::kTtm) return;
  Fail(
      "accelerator {}: the maps of {}, from encoder.0.attention.query on, have format \"ttm\"; the "
      "accelerator runs tensor-train maps; take [model.map] format = \"tt\", or train on the CPU",
      machine.name, config.name);
}

}  // namespace

ModelProgram FindProgram(const Config& config, StepKind kind, const isa::Accelerator& machine,
                         const AfterPass& after) {
  RefuseTtmMaps(config, machine);
  std::optional<ModelProgram> smallest;
  for (const Recompute recompute : kChoices) {
    ModelProgram program{
        .recompute = recompute,
        .graph =
            BuildStep(config, {.kind = kind, .recompute = recompute, .heads_on_every_token = true}),
        .step = {}};
    program.step = TryCompile(program.graph, machine, after);
    if (program.fits()) return program;
    if (!smallest || Missing(program.step) < Missing(smallest->step)) {
      smallest = std::move(program);
    }
    if (kind == StepKind::kInference) break;  // inference keeps no activations for a backward pass
  }
  return std::move(*smallest);
}

ModelProgram CompileModel(const Config& config, StepKind kind, const isa::Accelerator& machine,
                          const AfterPass& after) {
  ModelProgram program = FindProgram(config, kind, machine, after);
  if (!program.fits()) {
    Fail("{} does not fit accelerator {}: {}{}", config.name, machine.name,
         Describe(program.step.shortfalls),
         kind == StepKind::kTraining ? fmt::format(" (computed again: {})", Name(program.recompute))
                                     : "");
  }
  return program;
}

std::string Describe(const std::vector<Shortfall>& shortfalls) {
  std::string text;
  for (const Shortfall& shortfall : shortfalls) {
    text += fmt::format("{}{} {} short: it needs {}, there are {}", text.empty() ? "" : "; ",
                        shortfall.needed - shortfall.available, shortfall.what, shortfall.needed,
                        shortfall.available);
  }
  return text;
}

}  // namespace bittern
