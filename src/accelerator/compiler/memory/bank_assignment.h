// SPDX-License-Identifier: Apache-2.0
// Assigns banks: tensors that are accessed at the same time move to different banks.
//
// A bank has one read port and one write port. Operands of one instruction must be in different
// banks, because an element cannot wait for a port. Operands of instructions that run at the same
// time should be in different banks, because otherwise one instruction waits for the other.
#ifndef BITTERN_ACCELERATOR_COMPILER_MEMORY_BANK_ASSIGNMENT_H_
#define BITTERN_ACCELERATOR_COMPILER_MEMORY_BANK_ASSIGNMENT_H_

#include <cstdint>
#include <vector>

#include "accelerator/compiler/memory/placement.h"

namespace bittern {

// A bank conflict if both parts share a bank: words of two items, or of one, that are read or are
// written at the same time.
struct ItemConflict {
  struct Part {
    size_t item = 0;
    int64_t begin = 0, words = 0;  // from the item's first word
  };
  Part a, b;
  int64_t cycles = 0;  // the time of both accesses; plus kAlways for each pair in one instruction
};
// Far more than the cycles of a step, so that one such pair outweighs all other conflicts.
inline constexpr int64_t kAlways = int64_t{1} << 32;

// Moves items so that the sum of `cycles` over all conflicts within one bank becomes small. The
// items must have a place (placement.h), and keep a free one. A column has `column_words` words in
// banks of `bank_words`. The method is a local search from the given places. If conflicts remain,
// it starts again from other packings, which are made with the conflicts in mind.
//
// Returns the sum that remains: kAlways or more if an instruction cannot run. Deterministic.
int64_t AssignItemsToBanks(std::vector<PlacedItem>& items, int columns, int64_t column_words,
                           int64_t bank_words, const std::vector<ItemConflict>& conflicts);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_BANK_ASSIGNMENT_H_
