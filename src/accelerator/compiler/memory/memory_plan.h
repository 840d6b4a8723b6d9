// SPDX-License-Identifier: Apache-2.0
// Chooses the address and records the lifetime of every tensor of a program.
//
// First every tensor goes to the lowest free place (placement.h), which says whether the program
// fits. Later, when the times of the instructions are known, tensors with bank conflicts move to
// different banks (bank_assignment.h). Deterministic.
#ifndef BITTERN_ACCELERATOR_COMPILER_MEMORY_MEMORY_PLAN_H_
#define BITTERN_ACCELERATOR_COMPILER_MEMORY_MEMORY_PLAN_H_

#include <map>
#include <vector>

#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/compiler/lower/shortfall.h"
#include "accelerator/compiler/memory/bank_conflicts.h"
#include "accelerator/compiler/memory/placement.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/arena.h"
#include "graph/graph.h"

namespace bittern {

class MemoryPlan {
 public:
  // `loop_indexed`: tensors that must be adjacent (loop_rolling.h). `layouts`: by StoredId.
  // `whole_step`: tensors of the compiler that keep their place from the first to the last
  // instruction, in addition to persistent tensors and outputs of the graph.
  MemoryPlan(const Graph& graph, const isa::Accelerator& machine,
             const std::vector<std::vector<TensorId>>& loop_indexed,
             const std::vector<MachineOp>& ops, const std::vector<TensorLayout>& layouts,
             const std::vector<StoredId>& whole_step);

  // Gives every tensor the lowest free place. A kind of word that does not fit becomes a shortfall,
  // and its tensors have no address.
  void PlaceLowest();
  // Moves tensors to other banks; follows a PlaceLowest without shortfalls. Becomes a shortfall if
  // two operands of one instruction remain in one bank.
  void AssignBanks(const std::vector<BankConflict>& conflicts);

  const std::vector<Extent>& extents() const { return extents_; }  // by StoredId
  const std::vector<Lifetime>& lives() const { return lives_; }    // by StoredId
  // Words of memory that are used, by kind.
  const std::map<WordKind, int64_t>& words() const { return words_; }
  const std::vector<Shortfall>& shortfalls() const { return shortfalls_; }

 private:
  // One kind of word.
  struct Kind {
    WordKind kind;
    std::vector<PlacedItem> items;
    std::vector<std::vector<StoredId>> members;  // of each item, adjacent in this order
  };

  int64_t Span(StoredId id) const { return spans_[static_cast<size_t>(id)]; }
  void SetExtents(const Kind& kind);

  const isa::Accelerator* machine_;
  std::vector<int64_t> spans_;  // words in one plane, by StoredId
  std::vector<Lifetime> lives_;
  std::vector<Kind> kinds_;
  std::vector<Extent> extents_;
  std::map<WordKind, int64_t> words_;
  std::vector<Shortfall> shortfalls_;
};

// Turns access patterns with offsets within a tensor into access patterns over memory.
void SetAddresses(const std::vector<Extent>& extents, std::vector<MachineOp>& ops);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_MEMORY_PLAN_H_
