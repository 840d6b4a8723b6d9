#include "accelerator/estimate/phases.h"

#include <algorithm>
#include <string_view>

#include "accelerator/isa/generated/instructions.h"

namespace bittern {
namespace {

// The phase of an operation, from its name.
std::string_view PartOf(std::string_view name) {
  if (name.starts_with("embedding")) return "embedding";
  if (name.starts_with("encoder")) return "encoders";
  return "heads";
}

// The phases in the order of the step.
class Phases {
 public:
  explicit Phases(std::vector<Phase>& phases) : phases_(phases) {}

  Phase& Next(std::string_view part) {
    passed_heads_ = passed_heads_ || part == "heads";
    std::string name(part);
    if (part != "heads") name += passed_heads_ ? ", backward" : ", forward";
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
                            const std::vector<InstructionTime>& times, const Graph& graph,
                            int64_t cycles, int64_t fold) {
  std::vector<Phase> phases;
  Phases of_program(phases), of_graph(phases);
  std::vector<int64_t> begin;
  for (const InstructionTime& time : times) {
    if (time.unit != static_cast<int>(isa::Unit::kStream)) continue;
    Phase& phase = of_program.Next(PartOf(ops[static_cast<size_t>(time.instruction)].source));
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
    of_graph.Next(PartOf(op.name)).multiply_adds +=
        contract->MultiplyAdds(graph.tokens, graph.tokens);
  }
  return phases;
}

}  // namespace bittern
