// SPDX-License-Identifier: Apache-2.0
#include "accelerator/simulator/operands.h"

#include <algorithm>

namespace bittern {
namespace {

struct Range {
  int64_t low, high;  // both included
};

// The lowest and the highest value of an affine function over all elements.

Range RangeOf(int64_t base, const std::array<int64_t, kLoops>& stride, const Counts& counts) {
  Range range{base, base};
  for (size_t j = 0; j < kLoops; ++j) {
    const int64_t reach = (counts[j] - 1) * stride[j];
    (reach < 0 ? range.low : range.high) += reach;
  }
  return range;
}

// Strides of walks have 17 bits, those of indices 6. Both are handled as 64-bit numbers.
template <class Strides>
std::array<int64_t, kLoops> Widen(const Strides& stride) {
  std::array<int64_t, kLoops> out{};
  for (size_t j = 0; j < kLoops; ++j) out[j] = stride[j];
  return out;
}

// The address of element 0 in this iteration of the hardware loop. The iteration selects the
// table's entry.
int64_t BaseOf(const Issue& issue, const isa::Walk& walk, const char* name, bool with_table) {
  int64_t base = int64_t{walk.base} + issue.iteration * walk.outer;
  if (with_table && walk.table != 0) {
    const int32_t* table = TableOf(issue, walk, name);
    // A table has one entry for each lane.
    if (issue.iteration >= issue.state.lanes) {
      issue.Throw(Fault::Kind::kOutside, -1, name, issue.iteration,
                  "no such entry of an index table");
    }
    base += int64_t{table[issue.iteration]} * walk.table_stride;
  }
  return base;
}

}  // namespace

Walker::Walker(int64_t base, const std::array<int64_t, kLoops>& stride, const Counts& counts)
    : at(base) {
  // When loop j advances, the inner loops return to index 0. So its step subtracts their whole
  // reach.
  int64_t inner = 0;  // what the inner loops have added
  for (size_t j = kLoops; j-- > 0;) {
    step[j] = stride[j] - inner;
    inner += (counts[j] - 1) * stride[j];
  }
}

void Issue::Throw(Fault::Kind kind, int64_t element, const char* operand, int64_t address,
                  const char* what) const {
  throw SimulationError({.kind = kind,
                         .instruction = instruction,
                         .iteration = iteration,
                         .element = element,
                         .unit = unit,
                         .operand = operand,
                         .address = address,
                         .what = what});
}

void CheckPlanes(const Issue& issue, uint32_t planes) {
  if (planes == 0) issue.Impossible("planes", "has no plane");
  if (planes >> issue.state.planes != 0) {
    issue.Impossible("planes", "are more than the accelerator has");
  }
}

void MemoryOperand::ThrowUnwritten(const Issue& issue, int64_t element, int64_t word) const {
  issue.Throw(Fault::Kind::kUnwritten, element, name, Address(word), "never written");
}

void MemoryOperand::ReadLanes(const Issue& issue, int64_t element, int64_t word, int64_t lanes,
                              float* out) const {
  const float* values = Read(issue, element, word);
  // A rank word read as a token word has R < T lanes, and the others are 0.
  const int64_t common = std::min(lanes, memory->width);
  std::copy_n(values, common, out);
  std::fill(out + common, out + lanes, 0.0f);
}

void MemoryOperand::WriteLanes(int64_t word, int64_t lanes, const float* values) const {
  float* out = Write(word);
  // A write always defines the whole word.
  const int64_t common = std::min(lanes, memory->width);
  std::copy_n(values, common, out);
  std::fill(out + common, out + memory->width, 0.0f);
}

MemoryOperand ResolveMemory(const Issue& issue, const isa::Walk& walk, const char* name,
                            uint32_t planes) {
  const int64_t base = BaseOf(issue, walk, name, true);
  const auto stride = Widen(walk.stride);
  Range range = RangeOf(base, stride, issue.counts);
  // The lowest address decides the region. All others must be in the same one.
  const int64_t region = range.low >> kRegionShift;
  if (range.low < 0 || region >= kRegions) {
    issue.Throw(Fault::Kind::kOutside, -1, name, range.low, "outside memory");
  }
  MemoryRegion& memory = issue.state.memory[static_cast<size_t>(region)];
  MemoryOperand operand;
  operand.name = name;
  operand.memory = &memory;
  operand.region = static_cast<int>(region);
  const int64_t region_base = region << kRegionShift;
  if (walk.split != 0) {
    // The range covers the words of all planes that take part.
    operand.split = memory.plane_step;
    // Plane 1 alone uses only the second half, so plane 0's words need not be valid.
    if ((planes & 1) == 0) range.low += operand.split;
    if ((planes & 2) != 0) range.high += operand.split;
  }
  if (range.high - region_base >= memory.words) {
    issue.Throw(Fault::Kind::kOutside, -1, name, range.high, "outside memory");
  }
  operand.low = range.low - region_base;
  operand.high = range.high - region_base;
  operand.walker = Walker(base - region_base, stride, issue.counts);
  return operand;
}

Walker ResolveNumber(const Issue& issue, const isa::Walk& walk, const char* name, bool with_table) {
  // Such a number has no region, so no range is checked.
  return {BaseOf(issue, walk, name, with_table), Widen(walk.stride), issue.counts};
}

Walker ResolveIndex(const Issue& issue, const isa::Index& index, const char* name, int64_t limit) {
  const auto stride = Widen(index.stride);
  const Range range = RangeOf(index.base, stride, issue.counts);
  if (range.low < 0) issue.Throw(Fault::Kind::kOutside, -1, name, range.low, "below 0");
  if (range.high >= limit) {
    issue.Throw(Fault::Kind::kOutside, -1, name, range.high, "beyond the last one");
  }
  return {index.base, stride, issue.counts};
}

const int32_t* TableOf(const Issue& issue, const isa::Walk& walk, const char* name) {
  if (walk.table == 0) issue.Impossible(name, "names no index table");
  if (int64_t{walk.table} > issue.state.accelerator.tables) {
    issue.Throw(Fault::Kind::kOutside, -1, name, walk.table - 1, "no such index table");
  }
  // Tables are stored as [table][lane], and numbered from 1 because 0 means none.
  return issue.state.tables.data() + (walk.table - 1) * issue.state.lanes;
}

}  // namespace bittern
