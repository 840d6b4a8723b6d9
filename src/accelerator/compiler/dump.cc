// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/dump.h"

#include <fmt/format.h>

#include <iterator>
#include <variant>

#include "accelerator/compiler/memory/bank_assignment.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/decoded_program.h"

namespace bittern {
namespace {

template <typename... Args>
void Line(std::string& text, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
  text += '\n';
}

// The name of a tensor of the graph, or of one that the lowering has added.
std::string NameOf(const Compilation& c, const Graph& graph, StoredId id) {
  if (id == kNoTensor) return "-";
  if (id < std::ssize(graph.tensors)) return graph.At(id).name;
  for (const auto& [value, at] : c.symbols.constants) {
    if (at == id) return fmt::format("constant {}", value);
  }
  for (const auto& [factor, at] : c.symbols.rates) {
    if (at == id) return fmt::format("rate * {}", factor);
  }
  for (const auto& [loss, at] : c.symbols.loss_weights) {
    if (at == id) return fmt::format("loss weight {}", loss);
  }
  return fmt::format("scratch {}", id);
}

std::string NamesOf(const Compilation& c, const Graph& graph, const std::vector<TensorId>& ids) {
  std::string text;
  for (const TensorId id : ids) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", NameOf(c, graph, id));
  }
  return text;
}

std::string Describe(const Compilation& c, const Graph& graph, const Op& op) {
  return fmt::format("{} \"{}\": {} <- {}", Name(op.operation), op.name, NamesOf(c, graph, op.out),
                     NamesOf(c, graph, Operands(op)));
}

std::string OpsOf(const Compilation& c, const Graph& graph) {
  std::string text;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    Line(text, "{:>5}  {}", i, Describe(c, graph, graph.ops[i]));
  }
  return text;
}

std::string_view RegionOf(WordKind kind) { return isa::RegionName(static_cast<int32_t>(kind)); }

std::string LayoutsOf(const Compilation& c, const Graph& graph,
                      const std::vector<TensorLayout>& layouts) {
  std::string text;
  for (size_t id = 0; id < layouts.size(); ++id) {
    const TensorLayout& layout = layouts[id];
    if (layout.elements == 0) continue;  // an input table: integers of the host
    std::string details;
    if (layout.kind != WordKind::kScalar) {
      details += fmt::format(", across lanes: the axis of stride {} and extent {}",
                             layout.lane_stride, layout.lanes);
    }
    if (layout.split != 0) {
      details += fmt::format(", planes alternate every {} elements", layout.split);
    }
    Line(text, "{:>5}  {}: {} words of {}{}", id, NameOf(c, graph, static_cast<StoredId>(id)),
         layout.words(), RegionOf(layout.kind), details);
  }
  return text;
}

void AddGroup(const Compilation& c, const FusionGroup& group, size_t number, std::string& text) {
  Line(text, "{:>5}  {}", number, Describe(c, c.graph, group[0]));
  for (size_t i = 1; i < group.size(); ++i) {
    Line(text, "       + {}", Describe(c, c.graph, group[i]));
  }
}

std::string LivesOf(const Compilation& c, const std::vector<Lifetime>& lives) {
  std::string text;
  for (size_t id = 0; id < lives.size(); ++id) {
    // Unused tensors and input tables have no words.
    if (lives[id].last < lives[id].first || c.stored[id].elements == 0) continue;
    const Extent& extent = c.plan->extents()[id];
    const uint32_t offset = extent.address & ((1u << isa::kRegionShift) - 1);
    Line(text, "{:>5}  {}: {} + {}, {} words{}, instructions {} to {}", id,
         NameOf(c, c.graph, static_cast<StoredId>(id)), RegionOf(c.stored[id].kind), offset,
         extent.words,
         extent.plane_step == 0 ? "" : fmt::format(" in each plane (+{})", extent.plane_step),
         lives[id].first, lives[id].last);
  }
  return text;
}

}  // namespace

std::string DumpRewritten(const Compilation& c) { return OpsOf(c, c.rewritten); }
std::string DumpGraph(const Compilation& c) { return OpsOf(c, c.graph); }

std::string DumpWholeLayouts(const Compilation& c) {
  return LayoutsOf(c, c.rewritten, c.whole_layouts);
}
std::string DumpLayouts(const Compilation& c) { return LayoutsOf(c, c.rewritten, c.layouts); }

std::string DumpGroups(const Compilation& c) {
  std::string text;
  for (size_t i = 0; i < c.groups.size(); ++i) AddGroup(c, c.groups[i], i, text);
  return text;
}

std::string DumpTraversals(const Compilation& c) {
  std::string text;
  for (const auto& [id, order] : c.traversals.all()) {
    Line(text, "{:>5}  {}: {} times {} words, strides {} and {}", id, NameOf(c, c.graph, id),
         order.outer, order.inner, order.outer_step, order.inner_step);
  }
  return text;
}

std::string DumpSections(const Compilation& c) {
  std::string text;
  size_t number = 0;
  for (const Section& section : c.rolled.list) {
    Line(text, "section of {} groups, {} iteration{}", section.groups.size(), section.iterations,
         section.iterations == 1 ? "" : "s");
    for (const FusionGroup& group : section.groups) AddGroup(c, group, number++, text);
    for (const auto& [first, second] : section.next) {
      Line(text, "       next iteration: {} instead of {}", NameOf(c, c.graph, second),
           NameOf(c, c.graph, first));
    }
  }
  for (const std::vector<TensorId>& sequence : c.rolled.loop_indexed) {
    Line(text, "adjacent: {}", NamesOf(c, c.graph, sequence));
  }
  return text;
}

std::string DumpOps(const Compilation& c) {
  std::string text;
  size_t body_end = 0;
  for (size_t i = 0; i < c.ops.size(); ++i) {
    const MachineOp& op = c.ops[i];
    Line(text, "{:>5}  {}{}{}{}  ; {}", i, i < body_end ? "  " : "",
         isa::Disassemble(op.instruction), op.tensors.empty() ? "" : "  ; ",
         NamesOf(c, c.graph, op.tensors), op.source);
    const auto* loop = std::get_if<isa::Loop>(&op.instruction);
    if (loop != nullptr) body_end = i + 1 + loop->body;
  }
  return text;
}

std::string DumpPlan(const Compilation& c) {
  std::string text;
  for (const auto& [kind, words] : c.plan->words()) {
    Line(text, "{}: {} words", RegionOf(kind), words);
  }
  for (const Shortfall& missing : c.plan->shortfalls()) {
    Line(text, "too few {}: {} needed, {} available", missing.what, missing.needed,
         missing.available);
  }
  return text + LivesOf(c, c.plan->lives());
}

std::string DumpTimes(const Compilation& c) {
  std::string text;
  for (const InstructionTime& time : c.times) {
    const MachineOp& op = c.timed_ops[static_cast<size_t>(time.instruction)];
    Line(text, "{:>5}  unit {}, iteration {}: cycles {} to {}, {} elements  ; {}", time.instruction,
         time.unit, time.iteration, time.start, time.done, time.elements, op.source);
  }
  return text;
}

std::string DumpConflicts(const Compilation& c) {
  std::string text;
  for (const BankConflict& conflict : c.conflicts) {
    const int64_t cycles = conflict.cycles % kAlways;
    Line(text, "{} and {}: {} cycles{}", NameOf(c, c.graph, conflict.a),
         NameOf(c, c.graph, conflict.b), cycles,
         conflict.cycles >= kAlways
             ? fmt::format(", and in {} instructions", conflict.cycles / kAlways)
             : "");
  }
  return text;
}

std::string DumpLives(const Compilation& c) { return LivesOf(c, c.lives); }

std::string DumpCode(const Compilation& c) {
  std::string text;
  for (const Shortfall& missing : c.shortfalls) {
    Line(text, "too few {}: {} needed, {} available", missing.what, missing.needed,
         missing.available);
  }
  for (size_t i = 0; i < c.code.size(); i += 8) {
    std::string words;
    for (size_t n = i; n < i + 8 && n < c.code.size(); ++n) {
      words += fmt::format(" {:08x}", c.code[n]);
    }
    Line(text, "{:>6} {}", i, words);
  }
  return text;
}

std::string DumpAfter(const Pass& pass, const Compilation& compilation) {
  const Strategy& strategy = compilation.strategy;
  return fmt::format("after {}: {}\nstrategy: {}. {}{}\n\n", pass.name, pass.purpose, strategy.name,
                     strategy.purpose,
                     strategy.LeavesOut(pass.name) ? " It leaves this pass out." : "") +
         pass.dump(compilation);
}

}  // namespace bittern
