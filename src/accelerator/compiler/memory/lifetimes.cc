// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/memory/lifetimes.h"

#include <algorithm>
#include <variant>

namespace bittern {

std::vector<Lifetime> LifetimesOf(const std::vector<MachineOp>& ops, size_t tensors,
                                  const LoopIndexedTensors& loop_indexed) {
  std::vector<Lifetime> lives(tensors, Lifetime{static_cast<int>(ops.size()), -1});
  const auto touch = [&](StoredId id, int first, int last) {
    Lifetime& life = lives[static_cast<size_t>(id)];
    life.first = std::min(life.first, first);
    life.last = std::max(life.last, last);
  };
  for (int i = 0; i < std::ssize(ops); ++i) {
    const MachineOp& op = ops[static_cast<size_t>(i)];
    for (const StoredId id : op.tensors) touch(id, i, i);
  }
  // A loop runs its body again, so a tensor that is not local to one iteration lives for the whole
  // loop.
  for (int begin = 0; begin < std::ssize(ops); ++begin) {
    const auto* loop = std::get_if<isa::Loop>(&ops[static_cast<size_t>(begin)].instruction);
    if (loop == nullptr) continue;
    const int end = begin + static_cast<int>(loop->body);
    for (int i = begin + 1; i <= end; ++i) {
      const MachineOp& op = ops[static_cast<size_t>(i)];
      for (size_t n = 0; n < op.tensors.size(); ++n) {
        const Lifetime& life = lives[static_cast<size_t>(op.tensors[n])];
        const bool local = loop->source == 0 && life.first > begin && life.last <= end;
        const StoredId next = n < op.next.size() ? op.next[n] : op.tensors[n];
        if (local && next == op.tensors[n]) continue;
        for (int64_t iteration = 0; iteration < (next == op.tensors[n] ? 1 : loop->count);
             ++iteration) {
          touch(loop_indexed.AtIteration(op.tensors[n], next, iteration), begin, end);
        }
      }
    }
  }
  return lives;
}

void RenumberLifetimes(const std::vector<MachineOp>& ops, std::vector<Lifetime>& lives) {
  std::vector<int> number;  // of the instruction, with syncs
  for (int i = 0; i < std::ssize(ops); ++i) {
    const bool added = std::holds_alternative<isa::Sync>(ops[static_cast<size_t>(i)].instruction);
    if (!added) number.push_back(i);
  }
  number.push_back(static_cast<int>(ops.size()));  // the end, where the host reads results
  for (Lifetime& life : lives) {
    if (life.last < life.first) continue;
    life = {number[static_cast<size_t>(life.first)], number[static_cast<size_t>(life.last)]};
  }
}

}  // namespace bittern
