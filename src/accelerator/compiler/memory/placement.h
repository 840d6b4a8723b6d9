// SPDX-License-Identifier: Apache-2.0
// Gives every tensor of a program its words.
//
// Each kind of word is placed by itself. With two planes a region is two columns, one for each:
// split tensors lie in both at the same offset, whole ones in either. Tensors that are never alive
// together share words, also those that lie side by side in one item. Deterministic.
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
  int64_t words = 0;  // in a column
};

struct PlacedItem {
  std::vector<PlacedPart> parts;  // one behind the other
  bool split = false;             // in both columns
  // The result.
  int64_t offset = 0;
  int column = 0;

  int64_t words() const { return parts.back().begin + parts.back().words; }
  // From the first to the last instruction of any part.
  Lifetime life() const;
};

// Offsets that an item must not have, those between the two.
using OffsetGap = std::pair<int64_t, int64_t>;

// Adds those at which a part of `item` would lie on one of `other` that is alive together with it.
// Columns are the items' own.
void AddConflicts(const PlacedItem& item, const PlacedItem& other, std::vector<OffsetGap>& gaps);

// Each at the lowest offset that is free, in the best of several orders. Returns the height: the
// most words that a column needs. `columns`: 1 or 2.
int64_t PlaceItems(std::vector<PlacedItem>& items, int columns);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_PLACEMENT_H_
