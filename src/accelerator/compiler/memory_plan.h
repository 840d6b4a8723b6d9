// Where the tensors of a program lie, and when.
//
// First every tensor at the lowest free place (placement.h), which says whether the program fits.
// Then, when the order of its instructions in time is known, tensors that are accessed at the same
// time are moved to different banks.
#ifndef BITTERN_ACCELERATOR_COMPILER_MEMORY_PLAN_H_
#define BITTERN_ACCELERATOR_COMPILER_MEMORY_PLAN_H_

#include <vector>

#include "accelerator/compiler/compile.h"
#include "accelerator/compiler/meetings.h"
#include "accelerator/compiler/placement.h"
#include "accelerator/compiler/spreading.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/graph.h"

namespace bittern {

class MemoryPlan {
 public:
  // `families`: tensors that lie side by side (sections.h). Reads `step`: storage, ops, scalars.
  MemoryPlan(const Graph& graph, const isa::Accelerator& machine,
             const std::vector<std::vector<TensorId>>& families, const CompiledStep& step);

  // Both write step.lives and step.extents. This one also step.words, and step.shortfalls where a
  // kind of word is short; then nothing has an address.
  void PlaceLow(CompiledStep& step);
  // Behind PlaceLow. A shortfall where operands of one instruction stay in one bank.
  void Spread(const std::vector<TensorMeeting>& meetings, CompiledStep& step);

 private:
  // One kind of word.
  struct Kind {
    WordKind kind;
    std::vector<PlacedItem> items;
    std::vector<std::vector<StoredId>> members;  // of each item, side by side
  };

  void SetExtents(const Kind& kind, CompiledStep& step) const;

  const isa::Accelerator* machine_;
  std::vector<Lifetime> lives_;  // by StoredId
  std::vector<Kind> kinds_;
};

// Walks with word offsets within a tensor become walks over memory.
void SetAddresses(const std::vector<Extent>& extents, std::vector<MachineOp>& ops);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_PLAN_H_
