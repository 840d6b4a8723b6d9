// SPDX-License-Identifier: Apache-2.0
// Finds accelerators by name, and counts the memory blocks that an accelerator takes of its part.
#ifndef BITTERN_ACCELERATOR_ISA_ACCELERATOR_H_
#define BITTERN_ACCELERATOR_ISA_ACCELERATOR_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accelerator/isa/generated/accelerators.h"

namespace bittern::isa {

// Fail for an unknown name, with the list of known ones.
const Accelerator& AcceleratorNamed(std::string_view name);
const Device& DeviceNamed(std::string_view name);

const MemoryKind& KindOf(Memory memory);
// The kinds of memory of a region's banks: "uram", "uram and bram".
std::string MemoriesOf(const Region& region);

// A word's address: the region (0 tokens, 1 ranks, 2 scalars) in the high bits, the word in the low
// bits.
inline constexpr int32_t kRegionCount = 3;
inline constexpr int kRegionShift = 18;

const Region& RegionOf(const Accelerator& accelerator, int32_t region);
std::string_view RegionName(int32_t region);
// The number of floats in a word of the region.
inline int64_t WordLanes(const Accelerator& accelerator, int32_t region) {
  return region == 0 ? accelerator.lanes : region == 1 ? accelerator.rows : 1;
}

// The number of bits that one part of a word takes in memory blocks. Bytes of a block have 9 bits
// and are written whole. With folded lanes, a slice of a token word is some lanes of each part, so
// each lane takes whole bytes.
int64_t PartBits(const Accelerator& accelerator, int32_t region);

// The distance in words from plane 0 to plane 1 of a split operand. It is one plane's share of the
// region.
inline int64_t PlaneStep(const Region& region, int64_t planes) { return region.words() / planes; }

// The hash of the parameters' names and values, without the accelerator's name.
uint64_t HashOf(const Accelerator& accelerator);

// The number of memory blocks for `words` words of `bits` bits, in the shape that takes the fewest.
int64_t BlocksFor(Memory memory, int64_t words, int64_t bits);
Shape ShapeFor(Memory memory, int64_t words, int64_t bits);

// One memory of an accelerator.
struct MemoryUse {
  std::string_view what;  // tokens, ranks, scalars (each once for every memory), program, functions
  Memory memory;
  int64_t copies;  // banks, or tables of functions
  int64_t words;   // words of one copy, or parts of words
  int64_t bits;    // bits of one word or part
  int64_t blocks;  // blocks of all copies
};

// The blocks that the accelerator is built with, whatever a program uses of them.
struct Blocks {
  std::vector<MemoryUse> uses;
  int64_t ramb36 = 0;
  int64_t uram288 = 0;
  Resources total;      // resources of the part
  Resources available;  // `total` without the shell

  bool fits() const { return ramb36 <= available.ramb36 && uram288 <= available.uram288; }
};

Blocks BlocksOf(const Accelerator& accelerator);

}  // namespace bittern::isa

#endif  // BITTERN_ACCELERATOR_ISA_ACCELERATOR_H_
