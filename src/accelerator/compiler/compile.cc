#include "accelerator/compiler/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/fuse/rewrite.h"
#include "accelerator/compiler/layout/layout_search.h"
#include "accelerator/compiler/layout/plane_partition.h"
#include "accelerator/compiler/lower/contraction.h"
#include "accelerator/compiler/lower/elementwise.h"
#include "accelerator/compiler/lower/emitter.h"
#include "accelerator/compiler/lower/normalization.h"
#include "accelerator/compiler/lower/traversal_order.h"
#include "accelerator/compiler/memory/bank_conflicts.h"
#include "accelerator/compiler/memory/lifetimes.h"
#include "accelerator/compiler/memory/memory_plan.h"
#include "accelerator/compiler/schedule/list_schedule.h"
#include "accelerator/compiler/schedule/loop_rolling.h"
#include "accelerator/compiler/schedule/waits.h"
#include "accelerator/isa/decoded_program.h"
#include "accelerator/isa/field_limits.h"
#include "accelerator/isa/timing.h"
#include "base/error.h"
#include "graph/arena.h"

namespace bittern {
namespace {

std::vector<uint32_t> EncodeAll(const std::vector<MachineOp>& ops,
                                std::vector<Shortfall>& shortfalls) {
  const int64_t longest_body = isa::MostOf<isa::Loop>("body");
  std::vector<uint32_t> code;
  for (size_t i = 0; i < ops.size(); ++i) {
    isa::Instruction instruction = ops[i].instruction;
    if (auto* loop = std::get_if<isa::Loop>(&instruction)) {
      std::vector<uint32_t> body;
      for (size_t n = i + 1; n <= i + loop->body; ++n) isa::Encode(ops[n].instruction, body);
      if (std::ssize(body) > longest_body) {
        shortfalls.push_back({"words in a hardware loop", std::ssize(body), longest_body});
        return {};
      }
      loop->body = static_cast<uint32_t>(body.size());
    }
    isa::Encode(instruction, code);
  }
  isa::Encode(isa::End{}, code);
  return code;
}

void Lower(const FusionGroup& group, Emitter& emitter) {
  emitter.SetSource(group[0]);
  if (group[0].Is<ops::Contract>()) {
    LowerContraction(group[0], emitter);
  } else if (IsNormalization(group)) {
    LowerNormalization(group, emitter);
  } else {
    LowerElementwise(group, emitter);
  }
}

// The program but for addresses and waits.
struct Lowered {
  CompiledStep step;
  std::vector<std::vector<TensorId>> loop_indexed;
  MemoryPlan plan;
};

// With tensors as they lie in `storage`. No result where some must not: those are added to
// `refused`.
std::optional<Lowered> TryLower(Graph graph, const isa::Accelerator& machine,
                                std::vector<TensorLayout> layout, Objective objective,
                                std::set<RefusedPartition>& refused) {
  Emitter emitter(graph, machine, std::move(layout), objective);
  AccumulateDirectly(graph, [&](const Op& op) { return WritesOnce(op, emitter); });
  const std::vector<FusionGroup> groups = FormFusionGroups(graph);
  ChooseTraversalOrders(groups, emitter);
  RolledStep sections = RollLoops(groups, graph, emitter.layouts());
  for (Section& section : sections.list) {
    // As the graph was built, fewer tensors are alive together.
    if (objective == Objective::kCycles) ListSchedule(section, emitter);
    if (section.iterations > 1)
      emitter.BeginRolledLoop(section.iterations, section.next, section.stream_step);
    for (const FusionGroup& group : section.groups) Lower(group, emitter);
    if (section.iterations > 1) emitter.EndRolledLoop();
  }
  if (!emitter.refused().empty()) {
    refused.insert(emitter.refused().begin(), emitter.refused().end());
    return std::nullopt;
  }
  CompiledStep step;
  step.layouts = emitter.layouts();
  for (const Tensor& tensor : graph.tensors) step.names.push_back(tensor.name);
  step.constants = emitter.constants();
  step.rates = emitter.rates();
  step.loss_weights = emitter.loss_weights();
  step.tables = emitter.tables();
  step.ops = emitter.Take();
  std::vector<StoredId> scalars;
  for (const auto& [value, id] : step.constants) scalars.push_back(id);
  for (const auto& [factor, id] : step.rates) scalars.push_back(id);
  for (const auto& [loss, id] : step.loss_weights) scalars.push_back(id);
  MemoryPlan plan(graph, machine, sections.loop_indexed, step.ops, step.layouts, scalars);
  plan.PlaceLowest();
  return Lowered{std::move(step), std::move(sections.loop_indexed), std::move(plan)};
}

Lowered Lower(const Graph& graph, const isa::Accelerator& machine, Objective objective) {
  const std::vector<TensorLayout> whole = ChooseLayouts(graph, machine);
  std::set<RefusedPartition> refused;
  for (;;) {
    std::vector<TensorLayout> layout = whole;
    PartitionPlanes(graph, machine, refused, layout);
    const size_t before = refused.size();
    auto lowered = TryLower(graph, machine, std::move(layout), objective, refused);
    if (lowered) return std::move(*lowered);
    BITTERN_CHECK(refused.size() > before);
  }
}

// Addresses and waits for `ops`.
std::vector<MachineOp> Finish(std::vector<MachineOp> ops, const MemoryPlan& plan,
                              const isa::Accelerator& machine, int64_t tokens, Ports ports) {
  SetAddresses(plan.extents(), ops);
  return AddWaits(std::move(ops), plan.extents(), machine, tokens, ports);
}

// When the instructions of a finished program start with all tokens, by their index there. Empty:
// it has no encoding.
std::vector<InstructionTime> TimesOf(const std::vector<MachineOp>& ops,
                                     const isa::Accelerator& machine, int64_t tokens) {
  std::vector<Shortfall> shortfalls;
  const std::vector<uint32_t> code = EncodeAll(ops, shortfalls);
  std::vector<InstructionTime> times;
  if (!shortfalls.empty()) return times;
  isa::ListRegisters lists;
  lists.fill(static_cast<uint32_t>(tokens));
  TimeProgram(DecodeProgram(code), machine, lists, &times);
  return times;
}

}  // namespace

CompiledStep TryCompile(const Graph& graph, const isa::Accelerator& machine) {
  if (graph.update_begin != std::ssize(graph.ops)) {
    Fail(
        "accelerator: it cannot train with training.batch above 1 or training.clip_scope "
        "\"global\"; train on the CPU, or without them");
  }
  // From the fastest to the smallest.
  const Graph rewritten = Rewrite(graph);
  Graph zeroed = rewritten;
  SeparateResults(zeroed);
  ZeroFirst(zeroed);
  Lowered lowered = Lower(zeroed, machine, Objective::kCycles);
  for (const Objective objective : {Objective::kCycles, Objective::kWords}) {
    if (!lowered.plan.shortfalls().empty()) lowered = Lower(rewritten, machine, objective);
  }
  CompiledStep& step = lowered.step;
  MemoryPlan& plan = lowered.plan;
  if (plan.shortfalls().empty()) {
    const std::vector<MachineOp> ops =
        Finish(step.ops, plan, machine, graph.tokens, Ports::kOfTensors);
    plan.AssignBanks(
        FindBankConflicts(ops, TimesOf(ops, machine, graph.tokens), lowered.loop_indexed, machine));
  }
  step.words = plan.words();
  step.extents = plan.extents();
  step.lives = plan.lives();
  step.shortfalls = plan.shortfalls();
  if (!step.shortfalls.empty()) return std::move(step);
  step.ops = Finish(std::move(step.ops), plan, machine, graph.tokens, Ports::kOfBanks);
  RenumberLifetimes(step.ops, step.lives);
  step.code = EncodeAll(step.ops, step.shortfalls);
  const auto words = static_cast<int64_t>(step.code.size());
  if (words > machine.program_words) {
    step.shortfalls.push_back({"program words", words, machine.program_words});
  }
  return std::move(step);
}

CompiledStep Compile(const Graph& graph, const isa::Accelerator& machine) {
  CompiledStep step = TryCompile(graph, machine);
  for (const Shortfall& missing : step.shortfalls) {
    Fail("accelerator: the step needs {} {}, {} has {}: {} short", missing.needed, missing.what,
         machine.name, missing.available, missing.needed - missing.available);
  }
  return step;
}

}  // namespace bittern
