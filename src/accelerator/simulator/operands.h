// SPDX-License-Identifier: Apache-2.0
// An instruction at its unit. The hardware loop is resolved in its operands and their whole range
// is checked. So the loops over elements only add strides.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_OPERANDS_H_
#define BITTERN_ACCELERATOR_SIMULATOR_OPERANDS_H_

#include <array>
#include <cstdint>

#include "accelerator/isa/generated/instructions.h"
#include "accelerator/simulator/fault.h"
#include "accelerator/simulator/machine_state.h"

namespace bittern {

inline constexpr int kLoops = 4;
using Counts = std::array<int64_t, kLoops>;

// An affine function of the element. It holds a value, and for each loop the change when that loop
// advances and the inner loops restart.
struct Walker {
  int64_t at = 0;
  std::array<int64_t, kLoops> step{};

  Walker() = default;
  Walker(int64_t base, const std::array<int64_t, kLoops>& stride, const Counts& counts);
  void Advance(int loop) { at += step[static_cast<size_t>(loop)]; }
};

// Iterates over the elements of four loops.
class Odometer {
 public:
  explicit Odometer(const Counts& counts) : counts_(counts) {}

  // Moves to the next element. Returns the loop that advanced, or -1 after the last element.
  int Next() {
    ++element_;
    for (int loop = kLoops - 1; loop >= 0; --loop) {
      const auto l = static_cast<size_t>(loop);
      if (++index_[l] < counts_[l]) {
        beyond_first_ |= 1u << loop;
        return loop;
      }
      index_[l] = 0;
      beyond_first_ &= ~(1u << loop);
    }
    return -1;
  }

  int64_t element() const { return element_; }
  int64_t index(uint32_t loop) const { return index_[loop]; }
  // True if the index of every loop in `loops` (bit j: loop j) is 0.
  bool AtFirst(uint32_t loops) const { return (beyond_first_ & loops) == 0; }

 private:
  Counts counts_;
  Counts index_{};
  int64_t element_ = 0;
  uint32_t beyond_first_ = 0;
};

// One instruction of one iteration, and where its faults are reported from.
struct Issue {
  MachineState& state;
  int instruction = 0;
  int64_t iteration = 0;
  int unit = 0;
  Counts counts{1, 1, 1, 1};

  int64_t elements() const { return counts[0] * counts[1] * counts[2] * counts[3]; }
  [[noreturn]] void Throw(Fault::Kind kind, int64_t element, const char* operand, int64_t address,
                          const char* what) const;
  [[noreturn]] void Impossible(const char* operand, const char* what) const {
    Throw(Fault::Kind::kImpossible, -1, operand, -1, what);
  }
};

// The number of planes, at least one.
void CheckPlanes(const Issue& issue, uint32_t planes);

// A memory operand. Walker::at is the word within the region.
struct MemoryOperand {
  const char* name = "";
  MemoryRegion* memory = nullptr;  // nullptr: the instruction lacks the operand
  int region = 0;
  Walker walker;
  int64_t low = 0, high = 0;  // first and last word that it can touch, in all planes
  int64_t split = 0;          // from one plane's word to the next one's

  bool present() const { return memory != nullptr; }
  int64_t width() const { return memory->width; }
  int64_t Word(int64_t plane) const { return walker.at + plane * split; }
  int64_t Address(int64_t word) const { return (int64_t{region} << kRegionShift) | word; }
  float* At(int64_t word) const { return memory->values.data() + word * memory->width; }
  // Fails if the word was never written.
  const float* Read(const Issue& issue, int64_t element, int64_t word) const {
    if (memory->written[static_cast<size_t>(word)] == 0) ThrowUnwritten(issue, element, word);
    return At(word);
  }
  float* Write(int64_t word) const {
    memory->written[static_cast<size_t>(word)] = 1;
    return At(word);
  }
  // The word with `lanes` lanes: missing lanes are 0, further lanes are cut.
  void ReadLanes(const Issue& issue, int64_t element, int64_t word, int64_t lanes,
                 float* out) const;
  // Writes a word. Lanes from `lanes` on become 0, lanes beyond the word are dropped.
  void WriteLanes(int64_t word, int64_t lanes, const float* values) const;

  bool Overlaps(const MemoryOperand& other) const {
    return present() && other.present() && region == other.region && low <= other.high &&
           other.low <= high;
  }

 private:
  [[noreturn]] void ThrowUnwritten(const Issue& issue, int64_t element, int64_t word) const;
};

// `planes` is the bit mask of the planes that take part. It is 1 for a unit without planes.
MemoryOperand ResolveMemory(const Issue& issue, const isa::Walk& walk, const char* name,
                            uint32_t planes);
// A number that is not an address. `with_table` adds the table's term.
Walker ResolveNumber(const Issue& issue, const isa::Walk& walk, const char* name, bool with_table);
// Slots, lane registers and slices. The value must be in 0 .. limit - 1 for every element.
Walker ResolveIndex(const Issue& issue, const isa::Index& index, const char* name, int64_t limit);
// The operand `slot` of an instruction, with Header.alternate resolved. The machine has `slots`
// slots.
template <class UnitInstruction>
Walker ResolveSlot(const Issue& issue, const UnitInstruction& instruction, int64_t slots) {
  isa::Index index = instruction.slot;
  if (instruction.alternate != 0 && issue.iteration % 2 != 0) {
    index.base += static_cast<uint32_t>(slots / 2);
  }
  return ResolveIndex(issue, index, "slot", slots);
}

// The entries of the table that the walk names. Fails if it names no table.
const int32_t* TableOf(const Issue& issue, const isa::Walk& walk, const char* name);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_OPERANDS_H_
