// SPDX-License-Identifier: Apache-2.0
// Describes the accesses of an instruction, element by element, as the specification defines them.
#ifndef BITTERN_ACCELERATOR_CHECKER_ACCESS_H_
#define BITTERN_ACCELERATOR_CHECKER_ACCESS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "accelerator/checker/order.h"
#include "accelerator/checker/report.h"
#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/generated/instructions.h"

namespace bittern::checker {

// The kinds of places. The first three are the regions of memory, with address bits 19..18 as their
// number. The others are in the units. Tiles and accumulators count whole slots, plane after plane.
enum class Space { kTokens, kRanks, kScalars, kTiles, kAccumulators, kRegisters };
inline constexpr size_t kRegions = 3;
inline constexpr size_t kSpaces = 6;

// Numbers every word, slot and register. This number is its place. The spaces follow one another.
struct Places {
  explicit Places(const isa::Accelerator& machine);

  int64_t begin(Space space) const { return begins[static_cast<size_t>(space)]; }
  int64_t end(Space space) const { return begins[static_cast<size_t>(space) + 1]; }
  int64_t count() const { return begins.back(); }
  Space SpaceOf(int64_t place) const;
  // "0x40010" for a word, "tile slot 3 of plane 1", "lane register 5".
  std::string Describe(int64_t place) const;

  std::array<int64_t, kSpaces + 1> begins{};
  std::array<int64_t, kRegions> depths{};  // words in a bank
  std::array<int64_t, kRegions>
      plane_steps{};  // distance from a plane's word to that of the next plane
  int64_t planes, tile_slots, accumulator_slots;
};

// The four loops of an instruction, and the loop over planes that a drain has in addition.
inline constexpr size_t kLoops = 5;

struct Operand {
  enum class Kind { kRead, kWrite, kUpdate };  // an update reads what it writes

  const char* name = "";
  Kind kind = Kind::kRead;
  Space space = Space::kTokens;
  int64_t place = 0;  // place of the first element
  std::array<int64_t, kLoops> stride{};
  int planes = 1;  // number of places of one element, `plane_step` apart
  int64_t plane_step = 0;
  // The index table that gives the place, or 0. The place is then any of the table's entries times
  // `table_step` later.
  uint32_t table = 0;
  int64_t table_step = 0;
  // Bit j stands for loop j. If an update may overwrite, it does so in the elements in which the
  // indices of all these loops are 0.
  bool may_overwrite = false;
  uint32_t first = 0;
  // The operand is written only in the elements in which the indices of these loops have their last
  // values.
  uint32_t last = 0;
  // The read is this many cycles after the issue of the element.
  int64_t read_delay = 0;
  // The write is this many cycles before the end of the instruction's latency.
  int64_t early = 0;
  // An update must follow an earlier one of the same instruction after at least this many cycles.
  int64_t distance = 0;
  // The distance also holds for updates of earlier instructions of the unit.
  bool distance_for_all = false;

  bool reads() const { return kind != Kind::kWrite; }
  bool writes() const { return kind != Kind::kRead; }
  bool in_memory() const { return static_cast<size_t>(space) < kRegions; }
};

// The accesses of one instruction in one iteration of the hardware loop.
struct Work {
  size_t unit = 0;
  bool nothing = false;  // a list register holds 0, so it counts as one element
  std::array<int64_t, kLoops> count{1, 1, 1, 1, 1};
  Pace pace;
  std::vector<Operand> operands;
};

// An instruction that the machine cannot run.
struct Refusal {
  Rule rule;
  std::string operand;
  std::string what;
};

// `counts` are the counts of the four loops, with list registers resolved. Throws Refusal.
Work WorkOf(const isa::Instruction& instruction, const std::array<int64_t, 4>& counts,
            int64_t iteration, const isa::Accelerator& machine, const Places& places);

// The number of cycles from the issue of an element until its result can be read, and from one
// element to the next (docs/timing.md).
int64_t LatencyOf(const isa::Instruction& instruction, const isa::Accelerator& machine);
int64_t IntervalOf(const isa::Instruction& instruction, const isa::Accelerator& machine);

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_ACCESS_H_
