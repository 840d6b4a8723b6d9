// SPDX-License-Identifier: Apache-2.0
// The state of a compilation, which the passes read and change.
//
// Every member says which pass sets it. A member is empty before that pass. The result of a
// compilation is a CompiledStep (compiled_step.h), which is made from this state at the end.
#ifndef BITTERN_ACCELERATOR_COMPILER_COMPILATION_H_
#define BITTERN_ACCELERATOR_COMPILER_COMPILATION_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/layout/laid_out_graph.h"
#include "accelerator/compiler/layout/plane_partition.h"
#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/compiler/lower/lowering.h"
#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/compiler/lower/shortfall.h"
#include "accelerator/compiler/lower/traversal_order.h"
#include "accelerator/compiler/memory/bank_conflicts.h"
#include "accelerator/compiler/memory/memory_plan.h"
#include "accelerator/compiler/schedule/loop_rolling.h"
#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/timing.h"
#include "graph/graph.h"

namespace bittern {

// A way to compile a step. The compiler tries them in turn until the step fits the memory.
struct Strategy {
  std::string_view name;
  std::string_view purpose;
  LoweringObjective objective;
  std::span<const std::string_view> left_out;  // names of passes that it does not run

  bool LeavesOut(std::string_view pass) const {
    for (const std::string_view name_of : left_out) {
      if (name_of == pass) return true;
    }
    return false;
  }
};

struct Compilation {
  Compilation(const Graph& from, const isa::Accelerator& on, const Strategy& with)
      : source(from), machine(on), strategy(with) {}

  // The input.
  const Graph& source;
  const isa::Accelerator& machine;
  const Strategy& strategy;

  Graph rewritten;                          // rewrite, separate-results, zero-first
  std::vector<TensorLayout> whole_layouts;  // layout: by TensorId, without plane partitions

  // The following are made again as long as `lower` refuses a plane partition.
  std::set<RefusedPartition> refused;  // lower: grows from attempt to attempt
  bool partition_refused = false;      // lower: by the last attempt
  std::vector<TensorLayout> layouts;   // plane-partition: by TensorId, with partitions
  Graph graph;                         // accumulate: the rewritten graph
  std::vector<FusionGroup> groups;     // fuse
  TraversalOrders traversals;          // traversal-order
  RolledStep rolled;                   // roll-loops; list-schedule reorders its groups
  std::vector<TensorLayout> stored;    // lower: by StoredId, with the tensors that it adds
  SymbolTable symbols;                 // lower
  std::vector<MachineOp> ops;          // lower; later addresses and waits

  std::optional<MemoryPlan> plan;       // place, assign-banks
  std::vector<MachineOp> timed_ops;     // time: with provisional addresses and waits
  std::vector<InstructionTime> times;   // time: of timed_ops
  std::vector<BankConflict> conflicts;  // bank-conflicts
  std::vector<Lifetime> lives;          // renumber: by StoredId, in instructions of the program
  std::vector<uint32_t> code;           // encode
  std::vector<Shortfall> shortfalls;    // encode

  LaidOutGraph laid_out() const { return {graph, machine, layouts}; }
  bool FitsMemory() const { return plan && plan->shortfalls().empty(); }
};

// One stage of the compiler.
struct Pass {
  std::string_view name;
  std::string_view purpose;  // one sentence
  void (*run)(Compilation&);
  // A text of what the pass made, one line for each item.
  std::string (*dump)(const Compilation&);
};

// All passes, in the order in which they run.
std::span<const Pass> CompilerPasses();

// Is called after every pass, also if the strategy leaves the pass out. A pass runs several times
// if a plane partition is refused or if a strategy does not fit.
using AfterPass = std::function<void(const Pass&, const Compilation&)>;

// The state after a pass as a text: a heading, then what Pass::dump says. Deterministic.
std::string DumpAfter(const Pass& pass, const Compilation& compilation);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_COMPILATION_H_
