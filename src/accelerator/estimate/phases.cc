#include "accelerator/estimate/phases.h"

#include <algorithm>

#include "accelerator/isa/generated/instructions.h"

namespace bittern {
namespace {

// The phases by name, in the order of the step.
class Phases {
 public:
  explicit Phases(std::vector<Phase>& phases) : phases_(phases) {}

  // The phase of the step's next operation, which belongs to this part of the graph.
  Phase& Next(const Graph& graph, int part) {
    const PartKind kind = graph.parts[static_cast<size_t>(part)].kind;
    const bool heads = kind == PartKind::kTasks;
    passed_heads_ = passed_heads_ || heads;
    std::string name(Name(kind));
    if (!heads) name += passed_heads_ ? ", backward" : ", forward";
    const auto found = std::find_if(phases_.begin(), phases_.end(),
                                    [&](const Phase& phase) { return phase.name == name; });
    return found != phases_.end() ? *found : phases_.emplace_back(Phase{.name = name});
  }

 private:
  std::vector<Phase>& phases_;
  bool passed_heads_ = false;
};

}  // namespace

std::vector<Phase> PhasesOf(const std::vector<MachineOp>& ops,
                            const std::vector<InstructionTime>& times, const Graph& program,
                            const Graph& graph, int64_t cycles, int64_t fold) {
  std::vector<Phase> phases;
  Phases of_program(phases), of_graph(phases);
  std::vector<int64_t> begin;
  for (const InstructionTime& time : times) {
    if (time.unit != static_cast<int>(isa::Unit::kStream)) continue;
    Phase& phase = of_program.Next(program, ops[static_cast<size_t>(time.instruction)].part);
    if (begin.size() < phases.size()) begin.push_back(time.start * fold);
    phase.stream_cycles += time.elements * fold;
  }
  for (size_t i = 0; i < phases.size(); ++i) {
    const int64_t from = i == 0 ? 0 : begin[i];
    phases[i].cycles = (i + 1 < phases.size() ? begin[i + 1] : cycles) - from;
  }
  for (const Op& op : graph.ops) {
    const auto* contract = op.As<ops::Contract>();
    if (contract == nullptr) continue;
    of_graph.Next(graph, op.part).multiply_adds +=
        contract->MultiplyAdds(graph.tokens, graph.tokens);
  }
  return phases;
}

}  // namespace bittern
