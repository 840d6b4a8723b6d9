// SPDX-License-Identifier: Apache-2.0
// Random programs that hardware can run: an instruction's operands lie in banks of their own, no
// element needs what an earlier one of its instruction has still in the pipe, and every instruction
// waits for those before it; or, if not orderly, it waits for any of them or for none.
#ifndef BITTERN_RTL_CORE_TESTING_H_
#define BITTERN_RTL_CORE_TESTING_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "accelerator/simulator/testing/random_program.h"

namespace bittern {

class HardwareProgram : public RandomProgramBase {
 public:
  struct Kinds {
    bool orderly = true;
    bool loops = true;
    // The program has instructions of these units only, so that a unit's test finds its faults.
    std::vector<isa::Unit> units = {isa::Unit::kLoad, isa::Unit::kStream, isa::Unit::kDrain,
                                    isa::Unit::kVector};
  };

  HardwareProgram(const isa::Accelerator& machine, uint32_t seed, const Kinds& kinds)
      : RandomProgramBase(machine, seed), orderly_(kinds.orderly), units_(kinds.units) {
    host_.tokens = static_cast<uint32_t>(Between(1, machine.lanes));
    host_.dropout_key = random_() | uint64_t{random_()} << 32;
    SetLists();
    for (int t = 0; t < machine.tables; ++t) {
      auto& table = tables_.emplace_back();
      for (int i = 0; i < machine.lanes; ++i) table.push_back(static_cast<int32_t>(Between(-1, 7)));
    }
    Prelude();
    AppendBody(16, 5, kinds.loops);
  }

  const std::vector<std::vector<int32_t>>& tables() const { return tables_; }

 private:
  void Append(isa::Instruction instruction) override {
    std::visit(
        [&](auto& i) {
          if constexpr (requires { i.kUnit; }) {
            for (auto& wait : i.wait) wait = orderly_ ? isa::Wait{.distance = 1} : RandomWait();
          }
        },
        instruction);
    instructions_.push_back(instruction);
    if (Chance(orderly_ ? 8 : 20)) instructions_.push_back(isa::Sync{});
  }

  isa::Wait RandomWait() {
    isa::Wait wait;
    if (Chance(2)) return wait;
    wait.distance = static_cast<uint32_t>(Chance(4) ? Between(1, 31) : Between(1, 3));
    wait.chained = Bits(1);
    if (wait.chained != 0) wait.elements = static_cast<uint32_t>(Between(0, 60));
    return wait;
  }

  isa::Instruction RandomInstruction() override {
    constexpr std::array kOften = {isa::Unit::kLoad,  isa::Unit::kVector, isa::Unit::kVector,
                                   isa::Unit::kDrain, isa::Unit::kStream, isa::Unit::kStream,
                                   isa::Unit::kStream};
    isa::Unit unit = kOften[static_cast<size_t>(Between(0, 6))];
    while (std::find(units_.begin(), units_.end(), unit) == units_.end()) {
      unit = kOften[static_cast<size_t>(Between(0, 6))];
    }
    switch (unit) {
      case isa::Unit::kLoad:
        return RandomLoad();
      case isa::Unit::kVector:
        return RandomVector();
      case isa::Unit::kDrain:
        return RandomDrain();
      default:
        return RandomStream();
    }
  }

  template <class T>
  void Loops(T& instruction) {
    RandomLoops(instruction, 3, 3, 14);
  }

  isa::Walk RandomWalk(int region, int bank, bool may_split) {
    const std::array<const isa::Region*, 3> regions = {&machine_.tokens, &machine_.ranks,
                                                       &machine_.scalars};
    isa::Walk walk;
    // Strides, loops and tables reach 61 words to either side: the first 256 words or 400 of a
    // bank.
    const int64_t depth = regions[static_cast<size_t>(region)]->depth;
    walk.base =
        static_cast<uint32_t>(region << 18) +
        static_cast<uint32_t>(bank * depth + Between(100, std::min<int64_t>(depth, 400) - 106));
    for (int32_t& stride : walk.stride) stride = Stride(-2, 2);
    if (trips_ > 1) walk.outer = static_cast<int32_t>(Between(-3, 3));
    if (Chance(4)) {
      walk.table = static_cast<uint32_t>(Between(1, machine_.tables));
      walk.table_stride = static_cast<int32_t>(Between(-2, 2));
    }
    walk.split = may_split && machine_.planes > 1 ? Bits(1) : 0;
    return walk;
  }
  // A word of tokens or ranks in bank n of each plane.
  isa::Walk RandomWord(int n, bool may_split) {
    const int region = static_cast<int>(Between(0, 1));
    return RandomWalk(region, n, may_split);
  }

  isa::Index IndexWithin(int64_t from, int64_t limit) { return RandomIndex(from, limit, 3); }

  // The fewest elements between two that have the same value of base + index * stride.
  template <class Strides>
  int64_t Nearest(const Strides& stride) const {
    std::map<int64_t, int64_t> last;
    int64_t nearest = 1 << 30, element = 0;
    for (uint32_t i0 = 0; i0 < counts_[0]; ++i0) {
      for (uint32_t i1 = 0; i1 < counts_[1]; ++i1) {
        for (uint32_t i2 = 0; i2 < counts_[2]; ++i2) {
          for (uint32_t i3 = 0; i3 < counts_[3]; ++i3, ++element) {
            const int64_t at = int64_t{i0} * stride[0] + int64_t{i1} * stride[1] +
                               int64_t{i2} * stride[2] + int64_t{i3} * stride[3];
            const auto [entry, is_new] = last.try_emplace(at, element);
            if (!is_new) nearest = std::min(nearest, element - entry->second);
            entry->second = element;
          }
        }
      }
    }
    return nearest;
  }

  isa::Load RandomLoad() {
    isa::Load load;
    load.planes = SomePlanes();
    Loops(load);
    load.count[3] = static_cast<uint32_t>(Between(1, machine_.rows));
    counts_ = load.count;
    load.source = RandomWord(static_cast<int>(Between(0, 3)), true);
    load.alternate = Chance(4);
    do load.slot = IndexWithin(0, machine_.tile_slots / 2);
    while (load.slot.stride[3] != 0);
    return load;
  }

  isa::Stream RandomStream() {
    isa::Stream stream;
    stream.planes = SomePlanes();
    stream.direction = static_cast<isa::Direction>(Between(0, 2));
    const bool time = stream.direction == isa::Direction::kTime;
    stream.alternate = Chance(4);
    // Sums over time: eight accumulators or more.
    do {
      Loops(stream);
      if (time) counts_[3] = stream.count[3] = static_cast<uint32_t>(Between(8, 12));
      stream.slot = IndexWithin(0, time ? machine_.accumulator_slots / 2 : machine_.tile_slots / 2);
    } while (time && Nearest(stream.slot.stride) < machine_.accumulate_distance);
    stream.sum = Bits(4);
    stream.keep = Chance(4);
    stream.x = RandomWord(0, true);
    if (Chance(4)) {
      stream.one_hot = 1;
      stream.x->base = static_cast<uint32_t>(Between(0, 5));
      stream.x->table = static_cast<uint32_t>(Between(1, machine_.tables));
      stream.x->split = 0;
    }
    stream.b = RandomWord(1, true);
    stream.slice = IndexWithin(0, 5);
    if (time) return stream;
    stream.plane_sum = Bits(1);
    stream.merge = Bits(1);
    stream.start = static_cast<isa::Start>(Between(0, 3));
    const int region = static_cast<int>(Between(0, 1));
    stream.y = RandomWalk(region, 2, true);
    if (stream.planes == 3 && stream.plane_sum == 0) stream.y->split = 1;
    if (stream.start == isa::Start::kOld && Nearest(stream.y->stride) < machine_.update_distance) {
      stream.start = isa::Start::kWord;
    }
    stream.initial =
        stream.start == isa::Start::kScalar ? RandomWalk(2, 0, true) : RandomWalk(region, 3, true);
    return stream;
  }

  isa::Drain RandomDrain() {
    isa::Drain drain;
    drain.planes = SomePlanes();
    Loops(drain);
    drain.count[3] = static_cast<uint32_t>(Between(1, machine_.rows));
    counts_ = drain.count;
    drain.plane_sum = Bits(1);
    drain.start = static_cast<isa::Start>(Between(0, 3));
    drain.y = RandomWord(2, true);
    if (drain.planes == 3 && drain.plane_sum == 0) drain.y.split = 1;
    drain.initial =
        drain.start == isa::Start::kScalar ? RandomWalk(2, 0, true) : RandomWord(3, true);
    drain.y.stride[2] = drain.initial->stride[2] = 0;
    counts_[2] = 1;
    if (drain.start == isa::Start::kOld && Nearest(drain.y.stride) < 1000) {
      drain.start = isa::Start::kWord;
    }
    counts_ = drain.count;
    drain.alternate = Chance(4);
    do drain.slot = IndexWithin(0, machine_.accumulator_slots / 2);
    while (drain.slot.stride[3] != 0);
    return drain;
  }

  isa::Source RandomSource(bool g, bool h) {
    while (true) {
      const auto source = static_cast<isa::Source>(Between(0, 12));
      if (source == isa::Source::kG && !g) continue;
      if (source == isa::Source::kH && !h) continue;
      return source;
    }
  }

  isa::Vector RandomVector() {
    using isa::Source;
    isa::Vector vector;
    Loops(vector);
    // Two banks of scalars: what is read in one cycle lies in both.
    const bool lanes = Chance(3), scale = lanes && Chance(2);
    const bool g = !scale, h = !lanes;
    vector.x1 = X1();
    for (Source* source : {&vector.p1, &vector.q1, &vector.p2, &vector.q2, &vector.p3}) {
      *source = RandomSource(g, h);
    }
    RandomFunction(vector);
    vector.serial = Chance(4);
    vector.tap = static_cast<isa::Tap>(Between(0, 2));
    vector.tap_sum = Bits(4);
    vector.lane_source = Bits(1);
    vector.limit = Bits(1);
    vector.limit_loop = Bits(2);
    vector.a = RandomWord(0, false);
    vector.b = RandomWord(1, false);
    if (Chance(2)) vector.y = RandomWord(2, false);
    vector.g = RandomWalk(2, 0, false);
    vector.h = RandomWalk(2, 1, false);
    if (lanes) {
      vector.lanes = RandomWalk(2, 1, false);
      vector.lane_old = Bits(1);
      const int64_t interval = vector.serial != 0 ? machine_.serial_interval : 1;
      if (Nearest(vector.lanes->stride) * interval < machine_.update_distance) vector.lane_old = 0;
      if (g && vector.lane_old == 0) vector.lane_g = Bits(1);
    }
    if (scale) vector.lane_scale = RandomWalk(2, 0, false);
    vector.feature = RandomWalk(0, 0, false);
    vector.pick = RandomWalk(0, 0, false);
    vector.pick->table = static_cast<uint32_t>(Between(1, machine_.tables));
    vector.pick->base = static_cast<uint32_t>(Between(0, 5));
    // Read in one half of the registers, written in the other.
    const int64_t half = machine_.lane_registers / 2, read = Chance(2) ? half : 0;
    vector.l0 = IndexWithin(read, read + half);
    vector.l1 = IndexWithin(read, read + half);
    vector.l2 = IndexWithin(read, read + half);
    vector.lt = IndexWithin(half - read, machine_.lane_registers - read);
    if (Nearest(vector.lt->stride) < machine_.accumulate_distance) vector.serial = 1;
    vector.dropout = RandomDropout();
    return vector;
  }

  bool orderly_;
  std::vector<isa::Unit> units_;
  std::vector<std::vector<int32_t>> tables_;
};

}  // namespace bittern

#endif  // BITTERN_RTL_CORE_TESTING_H_
