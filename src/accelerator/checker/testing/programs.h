// SPDX-License-Identifier: Apache-2.0
// Small programs with a map, for tests, and checks of the findings.
#ifndef BITTERN_ACCELERATOR_CHECKER_TESTING_PROGRAMS_H_
#define BITTERN_ACCELERATOR_CHECKER_TESTING_PROGRAMS_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "accelerator/checker/checker.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/instructions.h"

namespace bittern::checker {

inline const isa::Accelerator& Machine() { return isa::AcceleratorNamed("nano"); }

inline constexpr uint32_t kRank = 1u << 18, kScalar = 2u << 18;

inline isa::Walk Words(uint32_t base, int32_t step = 1) {
  isa::Walk walk;
  walk.base = base;
  walk.stride[3] = step;
  return walk;
}
inline isa::Index Slots(uint32_t base, std::array<int32_t, 4> stride = {}) {
  return {base, stride};
}
inline isa::Wait Done(uint32_t distance) { return {.distance = distance}; }
inline isa::Wait Chained(uint32_t distance, uint32_t elements) {
  return {.distance = distance, .chained = 1, .elements = elements};
}

inline constexpr size_t kLoad = 0, kStream = 1, kDrain = 2, kVector = 3;

// A vector op that copies `n` words: y = a.
inline isa::Vector Copy(uint32_t from, uint32_t to, uint32_t n) {
  isa::Vector vector;
  vector.count = {1, 1, 1, n};
  vector.x1 = isa::Source::kA;
  vector.p1 = vector.p2 = vector.p3 = isa::Source::kOne;
  vector.a = Words(from);
  vector.y = Words(to);
  return vector;
}

// A load of the rows from `from` on.
inline isa::Load LoadTile(uint32_t from, uint32_t slot) {
  isa::Load load;
  load.planes = 1;
  load.count = {1, 1, 1, 4};
  load.source = Words(from);
  load.slot = Slots(slot);
  return load;
}

// A stream: y[i] = b[i] * tile.
inline isa::Stream Ranks(uint32_t b, uint32_t slot, uint32_t y, uint32_t n) {
  isa::Stream stream;
  stream.planes = 1;
  stream.count = {1, 1, 1, n};
  stream.direction = isa::Direction::kRank;
  stream.b = Words(b);
  stream.y = Words(y);
  stream.slot = Slots(slot);
  return stream;
}

// A stream into accumulators slot .. slot + 8, with sums over `n` rounds.
inline isa::Stream Times(uint32_t b, uint32_t x, uint32_t slot, uint32_t n) {
  isa::Stream stream;
  stream.planes = 1;
  stream.count = {1, 1, n, 8};
  stream.sum = 1u << 2;
  stream.b = Words(b);
  stream.x = Words(x);
  stream.slot = Slots(slot, {0, 0, 0, 1});
  return stream;
}

inline isa::Drain Rows(uint32_t slot, uint32_t y, uint32_t slots) {
  isa::Drain drain;
  drain.planes = 1;
  drain.count = {1, slots, 1, 4};
  drain.y = Words(y);
  drain.y.stride[1] = 4;
  drain.slot = Slots(slot, {0, 1, 0, 0});
  return drain;
}

struct Case {
  std::vector<isa::Instruction> instructions;  // without the end, which is appended
  isa::MemoryMap map;

  int size() const { return static_cast<int>(instructions.size()) + 1; }
  // A tensor whose words the host wrote.
  Case& Given(const char* name, uint32_t address, int64_t words) {
    return Tensor(name, address, words, isa::MappedTensor::kBefore, size());
  }
  Case& Tensor(const char* name, uint32_t address, int64_t words, int first, int last) {
    const int64_t begin = address & (kRank - 1);
    map.tensors.push_back(
        {name, static_cast<int32_t>(address >> 18), begin, begin + words, first, last});
    return *this;
  }
  Report Check() {
    map.instructions = size();
    map.tokens = Machine().lanes;
    std::vector<uint32_t> words;
    for (const auto& instruction : instructions) isa::Encode(instruction, words);
    isa::Encode(isa::End{}, words);
    return CheckProgram(words, Machine(), map);
  }
};

inline std::string Text(const Report& report) {
  std::string text;
  for (const Finding& finding : report.findings()) text += finding.text + "\n";
  return text;
}

inline void ExpectNone(const Report& report) { EXPECT_EQ(report.faults(), 0) << Text(report); }
// Expects one finding, of this rule.
inline void ExpectOne(const Report& report, Rule rule) {
  EXPECT_EQ(report.faults(), 1) << Text(report);
  EXPECT_EQ(report.count(rule), 1) << Text(report);
}

// A program that loads x's first words, multiplies them with b into y in another bank, and reads y
// again with the vector unit.
inline Case Product() {
  Case all;
  isa::Stream product = Ranks(kRank, 0, 512, 32);
  product.wait[kLoad] = Done(1);
  isa::Vector copy = Copy(512, 1024, 32);
  copy.wait[kStream] = Done(1);
  all.instructions = {LoadTile(0, 0), product, copy};
  all.Given("x", 0, 4).Given("b", kRank, 32);
  all.Tensor("y", 512, 32, 1, 2).Tensor("z", 1024, 32, 2, 4);
  return all;
}

template <typename T>
T& At(Case& all, size_t i) {
  return std::get<T>(all.instructions[i]);
}

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_TESTING_PROGRAMS_H_
