// Gives every tensor of a program its words.
//
// Each kind of word is placed by itself. With two planes a region is two columns, one for each:
// split tensors lie in both at the same offset, whole ones in either. Tensors that are never alive
// together share words. Deterministic.
#ifndef BITTERN_COMPILER_PLACEMENT_H_
#define BITTERN_COMPILER_PLACEMENT_H_

#include <cstdint>
#include <vector>

#include "memory/arena.h"

namespace bittern {

struct PlacedItem {
  Lifetime life;
  int64_t words = 0;   // in a column
  bool split = false;  // in both columns
  // The result.
  int64_t offset = 0;
  int column = 0;
};

// Each at the lowest offset that is free, in the best of several orders. Returns the height: the
// most words that a column needs. `columns`: 1 or 2.
int64_t PlaceItems(std::vector<PlacedItem>& items, int columns);

// The same, in this order.
int64_t PlaceInOrder(std::vector<PlacedItem>& items, int columns, const std::vector<size_t>& order);

}  // namespace bittern

#endif  // BITTERN_COMPILER_PLACEMENT_H_
