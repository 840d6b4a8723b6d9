// SPDX-License-Identifier: Apache-2.0
// Places tensors: gives each one words that no other tensor uses during its lifetime.
//
// Each kind of word is placed alone. With two planes a region has two columns, one for each plane.
// A tensor with a plane partition is in both columns at the same offset, a whole tensor in either
// one. Tensors that must be adjacent form one item. Tensors that are never alive at the same time
// may share words, even if they are parts of items. Deterministic.
#ifndef BITTERN_ACCELERATOR_COMPILER_MEMORY_PLACEMENT_H_
#define BITTERN_ACCELERATOR_COMPILER_MEMORY_PLACEMENT_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "graph/arena.h"

namespace bittern {

// A tensor within an item.
struct PlacedPart {
  Lifetime life;
  int64_t begin = 0;  // from the item's first word
  int64_t words = 0;  // in one column
};

struct PlacedItem {
  std::vector<PlacedPart> parts;  // adjacent, in this order
  bool split = false;             // true: in both columns
  // The result.
  int64_t offset = 0;
  int column = 0;

  int64_t words() const { return parts.back().begin + parts.back().words; }
  // From the first to the last instruction of any part.
  Lifetime life() const;
};

// Offsets that an item must not have: those between the two, without the two themselves.
using OffsetGap = std::pair<int64_t, int64_t>;

// Adds the offsets at which a part of `item` would overlap a part of `other` that is alive at the
// same time. It adds nothing if the items are in different columns.
void AddConflicts(const PlacedItem& item, const PlacedItem& other, std::vector<OffsetGap>& gaps);

// Gives each item the lowest offset that is free, in the best of several orders. Returns the
// height: the words that the fullest column needs. `columns`: 1 or 2. Overwrites `offset` and
// `column`.
int64_t PlaceItems(std::vector<PlacedItem>& items, int columns);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_PLACEMENT_H_
