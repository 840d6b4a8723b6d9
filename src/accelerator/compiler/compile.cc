// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/compile.h"

#include <array>
#include <utility>

#include "accelerator/compiler/dump.h"
#include "accelerator/compiler/fuse/rewrite.h"
#include "accelerator/compiler/layout/contraction_mapping.h"
#include "accelerator/compiler/layout/layout_search.h"
#include "accelerator/compiler/lower/encode.h"
#include "accelerator/compiler/lower/lower_group.h"
#include "accelerator/compiler/memory/lifetimes.h"
#include "accelerator/compiler/schedule/list_schedule.h"
#include "accelerator/compiler/schedule/waits.h"
#include "accelerator/isa/decoded_program.h"
#include "base/error.h"

namespace bittern {
namespace {

void Layout(Compilation& c) { c.whole_layouts = ChooseLayouts(c.rewritten, c.machine); }

void Partition(Compilation& c) {
  // Every attempt starts from the layouts without partitions.
  c.layouts = c.whole_layouts;
  PartitionPlanes(c.rewritten, c.machine, c.refused, c.layouts);
}

void Accumulate(Compilation& c) {
  // Another attempt may need the unchanged graph again, so this pass works on a copy.
  c.graph = c.rewritten;
  // The question needs the partitions: they decide whether an operation writes every result once.
  AccumulateDirectly(c.graph, [&](const Op& op) {
    const auto mapping = ContractionMapping::Find(op, c.laid_out());
    return mapping && mapping->WritesOnce();
  });
}

void ListSchedule(Compilation& c) {
  for (Section& section : c.rolled.list) ListSchedule(section, c.laid_out());
}

void Lower(Compilation& c) {
  Lowering lowering(c.laid_out(), c.traversals, c.strategy.objective);
  for (const Section& section : c.rolled.list) {
    // A section holds the first iteration only. The tensors of the others follow from a constant
    // stride.
    const bool loop = section.iterations > 1;
    if (loop) {
      lowering.stream.BeginRolledLoop(section.iterations, section.next, section.stream_step);
    }
    for (const FusionGroup& group : section.groups) LowerGroup(group, lowering);
    if (loop) lowering.stream.EndRolledLoop();
  }
  c.ops = lowering.stream.ops();
  c.stored = lowering.tensors.layouts();
  c.symbols = std::move(lowering.symbols);
  // Refusals accumulate over the attempts, so no attempt tries a refused partition again.
  c.refused.insert(lowering.tensors.refused().begin(), lowering.tensors.refused().end());
  c.partition_refused = !lowering.tensors.refused().empty();
}

void Place(Compilation& c) {
  // The host writes these scalars before the step, so they must keep their place from the first
  // instruction on.
  std::vector<StoredId> host_scalars;
  for (const auto& [value, id] : c.symbols.constants) host_scalars.push_back(id);
  for (const auto& [factor, id] : c.symbols.rates) host_scalars.push_back(id);
  for (const auto& [loss, id] : c.symbols.loss_weights) host_scalars.push_back(id);
  c.plan.emplace(c.graph, c.machine, c.rolled.loop_indexed, c.ops, c.stored, host_scalars);
  c.plan->PlaceLowest();
}

// The times are an estimate, because tensors do not have their banks yet: each tensor counts as a
// bank. There are no times if the program cannot be encoded.
void Time(Compilation& c) {
  c.timed_ops = c.ops;
  SetAddresses(c.plan->extents(), c.timed_ops);
  c.timed_ops = AddWaits(std::move(c.timed_ops), c.plan->extents(), c.machine, c.graph.tokens,
                         Ports::kOfTensors);
  // A program that cannot be encoded has no times. The pass `encode` reports the same shortfall
  // later.
  std::vector<Shortfall> shortfalls;
  const std::vector<uint32_t> code = EncodeProgram(c.timed_ops, shortfalls);
  if (!shortfalls.empty()) return;
  isa::ListRegisters lists;
  // The worst case: every list has as many entries as there are tokens.
  lists.fill(static_cast<uint32_t>(c.graph.tokens));
  TimeProgram(DecodeProgram(code), c.machine, lists, &c.times);
}

void FindConflicts(Compilation& c) {
  c.conflicts = FindBankConflicts(c.timed_ops, c.times, c.rolled.loop_indexed, c.machine);
}

void Waits(Compilation& c) {
  c.ops = AddWaits(std::move(c.ops), c.plan->extents(), c.machine, c.graph.tokens, Ports::kOfBanks);
}

void Renumber(Compilation& c) {
  c.lives = c.plan->lives();
  RenumberLifetimes(c.ops, c.lives);
}

void Encode(Compilation& c) {
  c.code = EncodeProgram(c.ops, c.shortfalls);
  const auto words = static_cast<int64_t>(c.code.size());
  if (words > c.machine.program_words) {
    c.shortfalls.push_back({"program words", words, c.machine.program_words});
  }
}

constexpr Pass kPasses[] = {
    {"rewrite", "Replaces operations of the graph by some that suit the accelerator better.",
     [](Compilation& c) { c.rewritten = Rewrite(c.source); }, DumpRewritten},
    {"separate-results",
     "Gives operations in place a new result, if the array can then follow them word by word.",
     [](Compilation& c) { SeparateResults(c.rewritten); }, DumpRewritten},
    {"zero-first", "Moves the zeroing of gradient sums to the beginning of the step.",
     [](Compilation& c) { ZeroFirst(c.rewritten); }, DumpRewritten},
    {"layout", "Chooses which axis of every tensor lies across the lanes.", Layout,
     DumpWholeLayouts},

    // The passes from here to `lower` run again as long as a plane partition is refused.
    {"plane-partition", "Chooses which tensors have a half for each plane, and along which axis.",
     Partition, DumpLayouts},
    {"accumulate", "Lets a contraction add to its parameter, if it writes every result once.",
     Accumulate, DumpGraph},
    {"fuse", "Groups operations that one series of vector ops computes together.",
     [](Compilation& c) { c.groups = FormFusionGroups(c.graph); }, DumpGroups},
    {"traversal-order", "Chooses the order in which the words of a tensor are written.",
     [](Compilation& c) { c.traversals = ChooseTraversalOrders(c.groups, c.laid_out()); },
     DumpTraversals},
    {"roll-loops", "Turns repeated operations, such as the encoders, into hardware loops.",
     [](Compilation& c) { c.rolled = RollLoops(c.groups, c.graph, c.layouts); }, DumpSections},
    {"list-schedule", "Orders the groups so that the units work at the same time.", ListSchedule,
     DumpSections},
    {"lower", "Turns the groups into instructions, with offsets within tensors.", Lower, DumpOps},

    {"place", "Gives every tensor the lowest free address.", Place, DumpPlan},
    {"time", "Estimates when each instruction starts.", Time, DumpTimes},
    {"bank-conflicts", "Finds tensors that are accessed at the same time.", FindConflicts,
     DumpConflicts},
    {"assign-banks", "Moves tensors with conflicts to different banks.",
     [](Compilation& c) { c.plan->AssignBanks(c.conflicts); }, DumpPlan},
    {"addresses", "Turns offsets within tensors into addresses.",
     [](Compilation& c) { SetAddresses(c.plan->extents(), c.ops); }, DumpOps},
    {"waits", "Writes what each instruction waits for in the other units.", Waits, DumpOps},
    {"renumber", "Counts lifetimes with the sync instructions that the waits have added.", Renumber,
     DumpLives},
    {"encode", "Encodes the instructions as words.", Encode, DumpCode},
};

// The passes that a smaller strategy leaves out: they trade memory for time.
constexpr std::string_view kGraphPasses[] = {"separate-results", "zero-first"};
constexpr std::string_view kGraphAndOrder[] = {"separate-results", "zero-first", "list-schedule"};

// The strategies are in order from the fastest to the smallest program.
constexpr Strategy kStrategies[] = {
    {"separate results",
     "All passes: the fewest cycles, and the most memory.",
     LoweringObjective::kCycles,
     {}},
    {"results in place", "Fewer tensors: operations in place stay so, sums are zeroed late.",
     LoweringObjective::kCycles, kGraphPasses},
    {"fewest words", "Fewer tensors alive together: operations keep the graph's order.",
     LoweringObjective::kWords, kGraphAndOrder},
};

// Runs the passes from `first` to `last`, both included, except those that the strategy leaves out.
void Run(std::string_view first, std::string_view last, Compilation& compilation,
         const AfterPass& after) {
  bool within = false;
  for (const Pass& pass : kPasses) {
    within = within || pass.name == first;
    if (!within) continue;
    if (!compilation.strategy.LeavesOut(pass.name)) pass.run(compilation);
    if (after) after(pass, compilation);
    if (pass.name == last) return;
  }
  BITTERN_CHECK(false);  // no such passes
}

// A vector op runs over the borders between the halves of all its operands. Only its lowering shows
// if it can do so. So `lower` may refuse partitions, and the passes from the partition on run again
// without them. This ends, because every attempt refuses partitions that are new.
void RunUntilNoPartitionIsRefused(Compilation& compilation, const AfterPass& after) {
  for (;;) {
    const size_t before = compilation.refused.size();
    Run("plane-partition", "lower", compilation, after);
    if (!compilation.partition_refused) return;
    BITTERN_CHECK(compilation.refused.size() > before);
  }
}

CompiledStep ResultOf(Compilation& c) {
  CompiledStep step;
  step.code = std::move(c.code);
  step.ops = std::move(c.ops);
  step.layouts = std::move(c.stored);
  for (const Tensor& tensor : c.graph.tensors) step.names.push_back(tensor.name);
  step.extents = c.plan->extents();
  step.lives = std::move(c.lives);
  step.constants = std::move(c.symbols.constants);
  step.rates = std::move(c.symbols.rates);
  step.loss_weights = std::move(c.symbols.loss_weights);
  step.tables = std::move(c.symbols.tables);
  step.words = c.plan->words();
  step.shortfalls = c.plan->shortfalls();
  step.shortfalls.insert(step.shortfalls.end(), c.shortfalls.begin(), c.shortfalls.end());
  return step;
}

// What an operation computes that no instruction does, and what to do about it.
struct Unsupported {
  std::string what, remedy;
};
std::optional<Unsupported> UnsupportedBy(const Op& op) {
  const auto* softmax = op.As<ops::Softmax>();
  const auto* softmax_grad = op.As<ops::SoftmaxGrad>();
  if ((softmax != nullptr && softmax->causal) ||
      (softmax_grad != nullptr && softmax_grad->causal)) {
    return {{"a causal mask", "set model.mask to \"full\""}};
  }
  if (op.Is<ops::Relu>() || op.Is<ops::ReluGrad>()) {
    return {{"ReLU", "set model.activation to \"gelu\""}};
  }
  return std::nullopt;
}

void CheckSupported(const Graph& graph, const isa::Accelerator& machine) {
  for (const Op& op : graph.ops) {
    const std::optional<Unsupported> unsupported = UnsupportedBy(op);
    if (!unsupported) continue;
    Fail("accelerator: \"{}\" needs {}, which accelerators do not compute; {}, or use the CPU",
         op.part == kNoPart ? op.name : graph.parts[static_cast<size_t>(op.part)].name,
         unsupported->what, unsupported->remedy);
  }
  // Operations after `update_begin` run once a batch. A program of the accelerator is one sentence
  // and has no such part.
  if (graph.update_begin != std::ssize(graph.ops)) {
    Fail(
        "accelerator: it cannot train with training.batch above 1 or training.clip_scope "
        "\"global\"; train on the CPU, or without them");
  }
  if (graph.lists > machine.list_registers) {
    Fail(
        "accelerator: the model needs {} list registers, {} has {}; use fewer cores in the word "
        "table, or choose another accelerator",
        graph.lists, machine.name, machine.list_registers);
  }
}

}  // namespace

std::span<const Pass> CompilerPasses() { return kPasses; }

CompiledStep TryCompile(const Graph& graph, const isa::Accelerator& machine,
                        const AfterPass& after) {
  CheckSupported(graph, machine);
  // A strategy is judged by the lowest packing. If that does not fit, the next one starts again
  // from the source graph.
  for (const Strategy& strategy : kStrategies) {
    Compilation compilation(graph, machine, strategy);
    Run("rewrite", "layout", compilation, after);
    RunUntilNoPartitionIsRefused(compilation, after);
    Run("place", "place", compilation, after);
    if (!compilation.FitsMemory()) {
      // The last strategy needs the least memory, so its shortfall is the one to report.
      if (&strategy == &kStrategies[std::size(kStrategies) - 1]) return ResultOf(compilation);
      continue;  // with a smaller strategy
    }
    Run("time", "assign-banks", compilation, after);
    // `assign-banks` reports a shortfall if two operands of one instruction remain in one bank.
    if (compilation.FitsMemory()) Run("addresses", "encode", compilation, after);
    return ResultOf(compilation);
  }
  BITTERN_CHECK(false);
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
