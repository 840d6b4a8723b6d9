// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/memory/bank_conflicts.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "accelerator/compiler/memory/bank_assignment.h"
#include "accelerator/compiler/memory/loop_indexed_tensors.h"

namespace bittern {
namespace {

// The cycles [begin, end) in which an instruction uses a port of a tensor's bank.
struct Use {
  int64_t begin = 0, end = 0;
  StoredId tensor = 0;
  bool writes = false;
  size_t instruction = 0;  // in `times`
};

}  // namespace

std::vector<BankConflict> FindBankConflicts(const std::vector<MachineOp>& ops,
                                            const std::vector<InstructionTime>& times,
                                            const std::vector<std::vector<TensorId>>& loop_indexed,
                                            const isa::Accelerator& machine) {
  const LoopIndexedTensors among(loop_indexed);
  std::vector<Use> uses;
  for (size_t i = 0; i < times.size(); ++i) {
    const InstructionTime& time = times[i];
    const MachineOp& op = ops[static_cast<size_t>(time.instruction)];
    const int64_t latency = Latency(op.instruction, machine);
    std::visit(
        [&](const auto& instruction) {
          size_t n = 0;
          VisitWalks(instruction, [&](const isa::Walk&, Access access) {
            const StoredId first = op.tensors[n];
            const StoredId tensor =
                op.next.empty() ? first : among.AtIteration(first, op.next[n], time.iteration);
            ++n;
            // The start of a sum is read when the sum is complete.
            const int64_t late = access == Access::kUpdate ? latency : 0;
            // An update reads early if it merges lanes and late if it is the start of a sum. The
            // interval covers both cases.
            if (access != Access::kWrite) {
              uses.push_back({time.start, time.issued + late, tensor, false, i});
            }
            if (access != Access::kRead) {
              // Results leave the unit `latency` cycles after the issue of their element.
              uses.push_back({time.start + latency, time.issued + latency, tensor, true, i});
            }
          });
        },
        op.instruction);
  }
  std::map<std::pair<StoredId, StoredId>, int64_t> cycles;
  // `uses` is in the order of dispatch. `open` holds earlier uses that a later one can still meet
  // in time.
  std::vector<const Use*> open;
  for (const Use& use : uses) {
    // An instruction starts after its dispatch, and dispatches are in order. So a use that ends
    // before this dispatch conflicts with none of the following ones.
    const int64_t now = times[use.instruction].dispatch;
    std::erase_if(open, [&](const Use* other) { return other->end <= now; });
    for (const Use* other : open) {
      const bool together = other->instruction == use.instruction;
      // A bank has separate ports for reading and writing. A tensor cannot be apart from itself, so
      // waits order its uses.
      if (other->writes != use.writes || other->tensor == use.tensor) continue;
      if (!together && other->end <= use.begin) continue;
      // The later instruction would wait from its own begin to the end of the earlier use.
      cycles[std::minmax(other->tensor, use.tensor)] += together ? kAlways : other->end - use.begin;
    }
    open.push_back(&use);
  }
  std::vector<BankConflict> conflicts;
  conflicts.reserve(cycles.size());
  for (const auto& [pair, sum] : cycles) conflicts.push_back({pair.first, pair.second, sum});
  return conflicts;
}

}  // namespace bittern
