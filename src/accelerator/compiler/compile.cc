#include "accelerator/compiler/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "accelerator/compiler/contraction.h"
#include "accelerator/compiler/elementwise.h"
#include "accelerator/compiler/emitter.h"
#include "accelerator/compiler/groups.h"
#include "accelerator/compiler/layout.h"
#include "accelerator/compiler/list_schedule.h"
#include "accelerator/compiler/meetings.h"
#include "accelerator/compiler/memory_plan.h"
#include "accelerator/compiler/normalization.h"
#include "accelerator/compiler/orders.h"
#include "accelerator/compiler/rewrite.h"
#include "accelerator/compiler/schedule.h"
#include "accelerator/compiler/sections.h"
#include "accelerator/compiler/splits.h"
#include "accelerator/isa/decoded_program.h"
#include "accelerator/isa/field_limits.h"
#include "accelerator/isa/timing.h"
#include "base/error.h"
#include "graph/arena.h"

namespace bittern {
namespace {

// Lives by the instructions as they are with those that were added.
void Renumber(CompiledStep& step) {
  std::vector<int> number;
  for (int i = 0; i < std::ssize(step.ops); ++i) {
    const bool added =
        std::holds_alternative<isa::Sync>(step.ops[static_cast<size_t>(i)].instruction);
    if (!added) number.push_back(i);
  }
  number.push_back(static_cast<int>(step.ops.size()));  // the end
  for (Lifetime& life : step.lives) {
    if (life.last < life.first) continue;
    life = {number[static_cast<size_t>(life.first)], number[static_cast<size_t>(life.last)]};
  }
}

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

void Lower(const Group& group, Emitter& emitter) {
  emitter.SetSource(group[0].name);
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
  std::vector<std::vector<TensorId>> families;
  MemoryPlan plan;
};

// With tensors as they lie in `storage`. No result where some must not: those are added to
// `refused`.
std::optional<Lowered> TryLower(Graph graph, const isa::Accelerator& machine,
                                std::vector<Storage> storage, Saving saving,
                                std::set<RefusedSplit>& refused) {
  Emitter emitter(graph, machine, std::move(storage), saving);
  AccumulateDirectly(graph, [&](const Op& op) { return WritesOnce(op, emitter); });
  const std::vector<Group> groups = MakeGroups(graph);
  ChooseOrders(groups, emitter);
  Sections sections = MakeSections(groups, graph, emitter.storages());
  for (Section& section : sections.list) {
    // As the graph was built, fewer tensors are alive together.
    if (saving == Saving::kCycles) ListSchedule(section, emitter);
    if (section.trips > 1) emitter.BeginRepeat(section.trips, section.next, section.stream_step);
    for (const Group& group : section.groups) Lower(group, emitter);
    if (section.trips > 1) emitter.EndRepeat();
  }
  if (!emitter.refused().empty()) {
    refused.insert(emitter.refused().begin(), emitter.refused().end());
    return std::nullopt;
  }
  CompiledStep step;
  step.storage = emitter.storages();
  for (const Tensor& tensor : graph.tensors) step.names.push_back(tensor.name);
  step.constants = emitter.constants();
  step.rates = emitter.rates();
  step.loss_weights = emitter.loss_weights();
  step.tables = emitter.tables();
  step.ops = emitter.Take();
  MemoryPlan plan(graph, machine, sections.families, step);
  plan.PlaceLow(step);
  return Lowered{std::move(step), std::move(sections.families), std::move(plan)};
}

Lowered Lower(const Graph& graph, const isa::Accelerator& machine, Saving saving) {
  const std::vector<Storage> whole = ChooseLayouts(graph, machine);
  std::set<RefusedSplit> refused;
  for (;;) {
    std::vector<Storage> storage = whole;
    ChooseSplits(graph, machine, refused, storage);
    const size_t before = refused.size();
    auto lowered = TryLower(graph, machine, std::move(storage), saving, refused);
    if (lowered) return std::move(*lowered);
    BITTERN_CHECK(refused.size() > before);
  }
}

// Addresses and waits for `ops`, tensors where they are now.
std::vector<MachineOp> Finish(std::vector<MachineOp> ops, const CompiledStep& step,
                              const isa::Accelerator& machine, int64_t tokens, Ports ports) {
  SetAddresses(step.extents, ops);
  return AddWaits(std::move(ops), step.extents, machine, tokens, ports);
}

// When the instructions of a finished program start with all tokens, by their index there. Empty:
// it has no encoding.
std::vector<InstructionTime> TimesOf(const std::vector<MachineOp>& ops,
                                     const isa::Accelerator& machine, int64_t tokens) {
  std::vector<Shortfall> shortfalls;
  const std::vector<uint32_t> code = EncodeAll(ops, shortfalls);
  std::vector<InstructionTime> times;
  if (!shortfalls.empty()) return times;
  ListRegisters lists;
  lists.fill(static_cast<uint32_t>(tokens));
  TimeProgram(DecodeProgram(code), machine, lists, &times);
  return times;
}

// Moves tensors that are accessed at the same time into banks of their own.
void Spread(Lowered& lowered, const isa::Accelerator& machine, int64_t tokens) {
  CompiledStep& step = lowered.step;
  const std::vector<MachineOp> ops = Finish(step.ops, step, machine, tokens, Ports::kOfTensors);
  lowered.plan.Spread(FindMeetings(ops, TimesOf(ops, machine, tokens), lowered.families, machine),
                      step);
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
  Lowered lowered = Lower(zeroed, machine, Saving::kCycles);
  for (const Saving saving : {Saving::kCycles, Saving::kWords}) {
    if (!lowered.step.shortfalls.empty()) lowered = Lower(rewritten, machine, saving);
  }
  CompiledStep& step = lowered.step;
  if (!step.shortfalls.empty()) return std::move(step);
  Spread(lowered, machine, graph.tokens);
  if (!step.shortfalls.empty()) return std::move(step);
  step.ops = Finish(std::move(step.ops), step, machine, graph.tokens, Ports::kOfBanks);
  Renumber(step);
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
