// SPDX-License-Identifier: Apache-2.0
// Spreads tensors that are accessed at the same time over different banks.
//
// A bank has one read and one write port, so tensors that are read, or written, at the same time
// should lie in different banks: those of one instruction must (nothing holds an element up),
// those of instructions that run side by side would have to wait for one another.
#ifndef BITTERN_ACCELERATOR_COMPILER_MEMORY_BANK_ASSIGNMENT_H_
#define BITTERN_ACCELERATOR_COMPILER_MEMORY_BANK_ASSIGNMENT_H_

#include <cstdint>
#include <vector>

#include "accelerator/compiler/memory/placement.h"

namespace bittern {

// Words of two items, or of one, that are accessed at the same time.
struct ItemConflict {
  struct Part {
    size_t item = 0;
    int64_t begin = 0, words = 0;  // from the item's first word
  };
  Part a, b;
  int64_t cycles = 0;  // how long, or kAlways: within one instruction
};
inline constexpr int64_t kAlways = int64_t{1} << 32;

// Moves items that have a place (placement.h) within columns of `column_words`, which are banks of
// `bank_words`, so that the sum of `cycles` of the meetings in one bank becomes small: local search
// from here and, if that leaves anything, from other packings made with the meetings in mind.
// Returns what is left of the sum. Deterministic.
int64_t AssignItemsToBanks(std::vector<PlacedItem>& items, int columns, int64_t column_words,
                           int64_t bank_words, const std::vector<ItemConflict>& conflicts);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_BANK_ASSIGNMENT_H_
