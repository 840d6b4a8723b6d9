// Accelerators by name, and the blocks of memory that one takes of its part.
#ifndef BITTERN_ACCELERATOR_ISA_ACCELERATOR_H_
#define BITTERN_ACCELERATOR_ISA_ACCELERATOR_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accelerator/isa/generated/accelerators.h"

namespace bittern::isa {

// Fail with the names there are.
const Accelerator& AcceleratorNamed(std::string_view name);
const Device& DeviceNamed(std::string_view name);

const MemoryKind& KindOf(Memory memory);
// The kinds of a region's banks: "uram", "uram and bram".
std::string MemoriesOf(const Region& region);

// A word's address: the region, 0 tokens, 1 ranks, 2 scalars, above the word in it.
inline constexpr int32_t kRegionCount = 3;
inline constexpr int kRegionShift = 18;

const Region& RegionOf(const Accelerator& accelerator, int32_t region);
std::string_view RegionName(int32_t region);
// Floats of a word.
inline int64_t WordLanes(const Accelerator& accelerator, int32_t region) {
  return region == 0 ? accelerator.lanes : region == 1 ? accelerator.rows : 1;
}

// Bits of a part of a word as blocks of memory hold it. Their bytes have 9 bits and are written
// whole: where lanes are folded a slice of a token word is some lanes of each part, so that a lane
// takes bytes of its own.
int64_t PartBits(const Accelerator& accelerator, int32_t region);

// From a word of plane 0 to that of plane 1 of a split operand: a plane's share of the banks.
inline int64_t PlaneStep(const Region& region, int64_t planes) { return region.words() / planes; }

// Of the parameters' names and values; the accelerator's own name is not part of it.
uint64_t HashOf(const Accelerator& accelerator);

// Blocks of memory side by side and one behind the other for `words` words of `bits` bits, in the
// shape that takes fewest.
int64_t BlocksFor(Memory memory, int64_t words, int64_t bits);
Shape ShapeFor(Memory memory, int64_t words, int64_t bits);

// One kind of memory within an accelerator.
struct MemoryUse {
  std::string_view what;  // tokens, ranks, scalars (each once for every memory), program, functions
  Memory memory;
  int64_t copies;  // banks, or tables of functions
  int64_t words;   // of a copy; parts where words are in parts
  int64_t bits;    // of one of them
  int64_t blocks;  // of all copies
};

// What the accelerator is built with, however much of it a program uses.
struct Blocks {
  std::vector<MemoryUse> uses;
  int64_t ramb36 = 0;
  int64_t uram288 = 0;
  Resources total;      // of the part
  Resources available;  // without what the shell takes

  bool fits() const { return ramb36 <= available.ramb36 && uram288 <= available.uram288; }
};

Blocks BlocksOf(const Accelerator& accelerator);

}  // namespace bittern::isa

#endif  // BITTERN_ACCELERATOR_ISA_ACCELERATOR_H_
