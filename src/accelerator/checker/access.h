// What an instruction touches, element by element, as the specification says.
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

// Token words, rank words and scalars, with address bits 19..18 as their number; then what is in
// the units. Tiles and accumulators count whole slots, plane after plane.
enum class Space { kTokens, kRanks, kScalars, kTiles, kAccumulators, kRegisters };
inline constexpr size_t kRegions = 3;
inline constexpr size_t kSpaces = 6;

// Every word, slot and register has a number, its place, space after space.
struct Places {
  explicit Places(const isa::Accelerator& machine);

  int64_t begin(Space space) const { return begins[static_cast<size_t>(space)]; }
  int64_t end(Space space) const { return begins[static_cast<size_t>(space) + 1]; }
  int64_t count() const { return begins.back(); }
  Space SpaceOf(int64_t place) const;
  // "0x40010" for a word, "tile slot 3 of plane 1", "lane register 5".
  std::string Describe(int64_t place) const;

  std::array<int64_t, kSpaces + 1> begins{};
  std::array<int64_t, kRegions> depths{};       // words of a bank
  std::array<int64_t, kRegions> plane_steps{};  // from a plane's words to the next one's
  int64_t planes, tile_slots, accumulator_slots;
};

// An instruction's four loops and the one over planes that a drain has beside them.
inline constexpr size_t kLoops = 5;

struct Operand {
  enum class Kind { kRead, kWrite, kUpdate };  // an update reads what it writes

  const char* name = "";
  Kind kind = Kind::kRead;
  Space space = Space::kTokens;
  int64_t place = 0;  // of the first element
  std::array<int64_t, kLoops> stride{};
  int planes = 1;  // places that it touches at a time, `plane_step` apart
  int64_t plane_step = 0;
  // An index table gives the place, and if so which: it can be any of the table's entries times
  // `table_step` later.
  uint32_t table = 0;
  int64_t table_step = 0;
  // Bit j: loop j. An update only overwrites in the elements in which the indices of all these
  // loops are 0, if there are any such loops to be named.
  bool may_overwrite = false;
  uint32_t first = 0;
  // Written only in the elements in which the indices of these loops are at their last.
  uint32_t last = 0;
  // The read is so many cycles behind the element's issue.
  int64_t read_delay = 0;
  // The write is so many cycles before the instruction's latency, by which it can be read.
  int64_t early = 0;
  // An update follows an earlier one of the same instruction at a distance of so many cycles.
  int64_t distance = 0;
  // The same holds for one of an earlier instruction of its unit.
  bool distance_for_all = false;

  bool reads() const { return kind != Kind::kWrite; }
  bool writes() const { return kind != Kind::kRead; }
  bool in_memory() const { return static_cast<size_t>(space) < kRegions; }
};

// One instruction in one trip.
struct Work {
  size_t unit = 0;
  bool nothing = false;  // a list register holds 0: it passes as one element
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

// `counts`: of the four loops, list registers resolved. Throws Refusal.
Work WorkOf(const isa::Instruction& instruction, const std::array<int64_t, 4>& counts, int64_t trip,
            const isa::Accelerator& machine, const Places& places);

// docs/timing.md: cycles from an element's issue until its result can be read, and from one element
// to the next.
int64_t LatencyOf(const isa::Instruction& instruction, const isa::Accelerator& machine);
int64_t IntervalOf(const isa::Instruction& instruction, const isa::Accelerator& machine);

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_ACCESS_H_
