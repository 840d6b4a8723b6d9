// SPDX-License-Identifier: Apache-2.0
// For tests: what generators of random programs share. Each generator chooses operands by rules of
// its own: that of the simulator lets instructions overlap in memory, that of the RTL keeps the
// rules of timing (docs/timing.md).
#ifndef BITTERN_ACCELERATOR_SIMULATOR_TESTING_RANDOM_PROGRAM_H_
#define BITTERN_ACCELERATOR_SIMULATOR_TESTING_RANDOM_PROGRAM_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "accelerator/device/device.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/instructions.h"

namespace bittern {

// A program depends on accelerator and seed only.
class RandomProgramBase {
 public:
  virtual ~RandomProgramBase() = default;

  const HostRegisters& host() const { return host_; }
  const std::vector<isa::Instruction>& instructions() const { return instructions_; }

 protected:
  RandomProgramBase(const isa::Accelerator& machine, uint32_t seed)
      : machine_(machine), random_(seed) {}

  virtual void Append(isa::Instruction instruction) { instructions_.push_back(instruction); }
  virtual isa::Instruction RandomInstruction() = 0;

  int64_t Between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  bool Chance(int64_t one_in) { return Between(1, one_in) == 1; }
  uint32_t Bits(int bits) { return static_cast<uint32_t>(Between(0, (1 << bits) - 1)); }
  int32_t Stride(int64_t low, int64_t high) {
    return static_cast<int32_t>(Chance(3) ? 0 : Between(low, high));
  }
  uint32_t SomePlanes() { return static_cast<uint32_t>(Between(1, (1 << machine_.planes) - 1)); }

  void SetLists() {
    for (size_t n = 0; n < static_cast<size_t>(machine_.list_registers); ++n) {
      host_.lists[n] = static_cast<uint32_t>(Between(0, kMostListed));
    }
  }

  // Writes every slot, accumulator and register, so that the program can read any of them.
  void Prelude() {
    const auto all = static_cast<uint32_t>((1 << machine_.planes) - 1);
    isa::Load load;
    load.planes = all;
    load.count = {1, 1, static_cast<uint32_t>(machine_.tile_slots),
                  static_cast<uint32_t>(machine_.rows)};
    load.source = {.base = 0, .stride = {0, 0, 1, 1}, .split = 1};
    load.slot = {.base = 0, .stride = {0, 0, 1, 0}};
    Append(load);
    isa::Stream stream;
    stream.planes = all;
    stream.count = {1, 1, 1, static_cast<uint32_t>(machine_.accumulator_slots)};
    stream.x = {.base = 0, .stride = {0, 0, 0, 1}};
    stream.b = {.base = 1u << isa::kRegionShift, .stride = {0, 0, 0, 1}, .split = 1};
    stream.slot = {.base = 0, .stride = {0, 0, 0, 1}};
    Append(stream);
    isa::Vector vector;
    vector.count = {1, 1, 1, static_cast<uint32_t>(machine_.lane_registers)};
    vector.x1 = isa::Source::kA;
    vector.p1 = vector.p2 = vector.p3 = isa::Source::kOne;
    vector.tap = isa::Tap::kAdd;
    vector.a = {.base = 0, .stride = {0, 0, 0, 1}};
    vector.lt = {.base = 0, .stride = {0, 0, 0, 1}};
    Append(vector);
  }

  // `count` instructions, or hardware loops of some with a chance of one in `loop_one_in`.
  void AppendBody(int count, int64_t loop_one_in, bool loops = true) {
    for (int i = 0; i < count; ++i) {
      if (Chance(loop_one_in) && loops) {
        AppendLoop();
      } else {
        trips_ = 1;
        Append(RandomInstruction());
      }
    }
  }

  // Loop counts from 1 to `most`; the innermost is longer with a chance of one in `long_one_in`.
  template <class T>
  void RandomLoops(T& instruction, int64_t most, int64_t long_one_in, int64_t longest) {
    instruction.dynamic = 0;
    for (uint32_t& count : instruction.count) count = static_cast<uint32_t>(Between(1, most));
    if (Chance(long_one_in)) {
      instruction.count[3] = static_cast<uint32_t>(Between(most + 1, longest));
    }
    if (Chance(6)) {
      instruction.dynamic = RandomList();
      instruction.count[0] = kMostListed;
    }
    counts_ = instruction.count;
  }

  // The lowest and the highest value of a walk with base 0.
  template <size_t N>
  std::pair<int64_t, int64_t> Reach(const std::array<int32_t, N>& stride) const {
    int64_t low = 0, high = 0;
    for (size_t j = 0; j < N; ++j) {
      const int64_t reach = (int64_t{counts_[j]} - 1) * stride[j];
      (reach < 0 ? low : high) += reach;
    }
    return {low, high};
  }

  // Stays within [from, limit).
  isa::Index RandomIndex(int64_t from, int64_t limit, int64_t most_stride) {
    while (true) {
      isa::Index index;
      for (int32_t& stride : index.stride) stride = Stride(-2, most_stride);
      const auto [low, high] = Reach(index.stride);
      if (high - low >= limit - from) continue;
      index.base = static_cast<uint32_t>(Between(from - low, limit - 1 - high));
      return index;
    }
  }

  isa::Source X1() {
    using isa::Source;
    const std::array x1 = {Source::kA, Source::kB, Source::kL0, Source::kL1};
    return x1[static_cast<size_t>(Between(0, 3))];
  }
  // The function, after the factors and summands are chosen: factors are not zero.
  void RandomFunction(isa::Vector& vector) {
    using isa::Source;
    for (Source* source : {&vector.p1, &vector.p2, &vector.p3}) {
      if (*source == Source::kZero || Chance(4)) *source = Source::kOne;
    }
    if (Chance(2)) vector.function = static_cast<isa::Function>(Between(0, 7));
    if (vector.function == isa::Function::kLog2) {
      vector.p2 = Source::kOne;
      vector.q2 = Source::kZero;
    }
    vector.negate_x1 = Bits(1);
    vector.negate_q1 = Bits(1);
    vector.negate_q2 = Bits(1);
  }
  isa::Dropout RandomDropout() {
    isa::Dropout dropout;
    dropout.stream = Bits(16);
    dropout.stream_outer = static_cast<int32_t>(Between(-9, 9));
    dropout.threshold = static_cast<uint32_t>(Between(1, 65536));
    dropout.scale = std::bit_cast<uint32_t>(1.25f);
    return dropout;
  }

  const isa::Accelerator& machine_;
  std::mt19937 random_;
  HostRegisters host_;
  std::vector<isa::Instruction> instructions_;
  std::array<uint32_t, 4> counts_{};  // of the instruction that is being made
  int64_t trips_ = 1;                 // iterations of the hardware loop around it, at most

 private:
  static constexpr uint32_t kMostListed = 3;  // the largest value of a list register

  uint32_t RandomList() { return static_cast<uint32_t>(Between(1, machine_.list_registers)); }

  void AppendLoop() {
    isa::Loop loop;
    loop.source = Chance(3) ? RandomList() : 0;
    loop.count = loop.source == 0 ? static_cast<uint32_t>(Between(1, 4)) : 1;
    trips_ = 4;
    const size_t at = instructions_.size();
    instructions_.push_back(loop);
    for (int64_t i = Between(1, 3); i > 0; --i) Append(RandomInstruction());
    uint32_t words = 0;
    for (size_t i = at + 1; i < instructions_.size(); ++i) {
      words += static_cast<uint32_t>(isa::WordsOf(instructions_[i]));
    }
    std::get<isa::Loop>(instructions_[at]).body = words;
  }
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_TESTING_RANDOM_PROGRAM_H_
