// SPDX-License-Identifier: Apache-2.0
// Random programs on the simulator and on the reference: the same bits everywhere.

#include "accelerator/simulator/testing/random_program.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "accelerator/isa/accelerator.h"
#include "accelerator/simulator/simulator.h"
#include "accelerator/simulator/testing/programs.h"
#include "accelerator/simulator/testing/reference.h"

namespace bittern {
namespace {

using isa::Source;

constexpr int64_t kWindow = 96;  // words of each region that programs use: they meet often

class RandomProgram : public RandomProgramBase {
 public:
  RandomProgram(const isa::Accelerator& accelerator, uint32_t seed)
      : RandomProgramBase(accelerator, seed) {
    host_.tokens = static_cast<uint32_t>(Between(1, machine_.lanes));
    host_.dropout_key = random_();
    SetLists();
    for (int64_t i = 0; i < int64_t{machine_.tables} * machine_.lanes; ++i) {
      tables_.push_back(static_cast<int32_t>(Between(-1, 7)));
    }
    Prelude();
    AppendBody(16, 6);
  }

  void Fill(Simulator& simulator) {
    for (uint32_t region = 0; region < kRegions; ++region) {
      const MemoryRegion& memory = simulator.state().memory[region];
      std::vector<float> values(static_cast<size_t>(2 * kWindow * memory.width));
      for (int plane = 0; plane < simulator.accelerator().planes; ++plane) {
        for (float& value : values) value = RandomValue();
        const auto first = static_cast<uint32_t>(plane * memory.plane_step);
        simulator.WriteWords(region << kRegionShift | first, values);
      }
    }
    simulator.WriteRegisters(host_);
    simulator.state().tables = tables_;
  }

 private:
  float RandomValue() {
    switch (Between(0, 40)) {
      case 0:
        return 0.0f;
      case 1:
        return -0.0f;
      case 2:
        return std::ldexp(1.5f, static_cast<int>(Between(-149, -120)));
      default:
        return std::normal_distribution<float>()(random_);
    }
  }

  isa::Instruction RandomInstruction() override {
    switch (Between(0, 6)) {
      case 0:
        return RandomLoad();
      case 1:
      case 2:
        return RandomVector();
      case 3:
        return RandomDrain();
      default:
        return RandomStream();
    }
  }

  template <class T>
  void Loops(T& instruction) {
    RandomLoops(instruction, 5, 4, 40);
  }

  isa::Walk RandomWalk(int64_t region, bool may_split) {
    isa::Walk walk;
    for (int32_t& stride : walk.stride) stride = Stride(-1, 2);
    if (trips_ > 1) walk.outer = static_cast<int32_t>(Between(-2, 4));
    if (Chance(4)) {
      walk.table = static_cast<uint32_t>(Between(1, machine_.tables));
      walk.table_stride = static_cast<int32_t>(Between(-1, 2));
    }
    auto [low, high] = Reach(walk.stride);
    low += std::min<int64_t>(0, (trips_ - 1) * walk.outer) - 7;  // 7: of the table
    high += std::max<int64_t>(0, (trips_ - 1) * walk.outer) + 14;
    const int64_t room = std::max(2 * kWindow - high, -low);
    walk.base = static_cast<uint32_t>(region << kRegionShift) +
                static_cast<uint32_t>(Between(-low, std::max(-low, std::min(kWindow, room))));
    walk.split = may_split && machine_.planes > 1 ? Bits(1) : 0;
    return walk;
  }
  int64_t AnyRegion() { return Chance(4) ? Between(0, 2) : Between(0, 1); }

  isa::Index AnyIndex(int64_t limit) { return RandomIndex(0, limit, 2); }

  isa::Index RandomSlot(uint32_t alternate, int64_t slots) {
    return AnyIndex(alternate != 0 ? slots / 2 : slots);
  }

  isa::Load RandomLoad() {
    isa::Load load;
    load.planes = SomePlanes();
    Loops(load);
    load.count[3] = static_cast<uint32_t>(Between(1, machine_.rows));
    counts_ = load.count;
    load.source = RandomWalk(AnyRegion(), true);
    load.alternate = Chance(4);
    do load.slot = RandomSlot(load.alternate, machine_.tile_slots);
    while (load.slot.stride[3] != 0);
    return load;
  }

  isa::Stream RandomStream() {
    isa::Stream stream;
    stream.planes = SomePlanes();
    Loops(stream);
    stream.direction = static_cast<isa::Direction>(Between(0, 2));
    stream.sum = Bits(4);
    stream.keep = Chance(4);
    stream.x = RandomWalk(AnyRegion(), true);
    if (Chance(4)) {
      stream.one_hot = 1;
      stream.x->base = static_cast<uint32_t>(Between(0, 5));
      stream.x->table = static_cast<uint32_t>(Between(1, machine_.tables));
      stream.x->split = 0;
    }
    stream.b = RandomWalk(AnyRegion(), true);
    stream.slice = AnyIndex(5);
    const bool time = stream.direction == isa::Direction::kTime;
    stream.alternate = Chance(4);
    stream.slot =
        RandomSlot(stream.alternate, time ? machine_.accumulator_slots : machine_.tile_slots);
    if (time) return stream;
    stream.plane_sum = Bits(1);
    stream.merge = Bits(1);
    stream.start = static_cast<isa::Start>(Between(0, 3));
    const int64_t region = AnyRegion();
    stream.y = RandomWalk(region, true);
    if (stream.planes == 3 && stream.plane_sum == 0) stream.y->split = 1;
    stream.initial = RandomWalk(stream.start == isa::Start::kScalar ? 2 : region, true);
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
    const int64_t region = AnyRegion();
    drain.y = RandomWalk(region, true);
    if (drain.planes == 3 && drain.plane_sum == 0) drain.y.split = 1;
    // Never a word that the drain itself has written: planes go one after the other.
    drain.initial = RandomWalk(drain.start == isa::Start::kScalar ? 2 : (region + 1) % 2, true);
    drain.y.stride[2] = drain.initial->stride[2] = 0;
    drain.y.base += static_cast<uint32_t>(counts_[2] * 2);  // the step may have kept it above 0
    drain.initial->base += static_cast<uint32_t>(counts_[2] * 2);
    drain.alternate = Chance(4);
    do drain.slot = RandomSlot(drain.alternate, machine_.accumulator_slots);
    while (drain.slot.stride[3] != 0);
    return drain;
  }

  isa::Vector RandomVector() {
    isa::Vector vector;
    Loops(vector);
    vector.x1 = X1();
    for (Source* source : {&vector.p1, &vector.q1, &vector.p2, &vector.q2, &vector.p3}) {
      *source = static_cast<Source>(Between(0, 12));
    }
    RandomFunction(vector);
    vector.serial = Bits(1);
    vector.tap = static_cast<isa::Tap>(Between(0, 2));
    vector.tap_sum = Bits(4);
    vector.lane_source = Bits(1);
    vector.lane_old = Bits(1);
    if (vector.lane_old == 0) vector.lane_g = Bits(1);
    vector.limit = Bits(1);
    vector.limit_loop = Bits(2);
    vector.a = RandomWalk(AnyRegion(), false);
    vector.b = RandomWalk(AnyRegion(), false);
    if (Chance(2)) vector.y = Chance(3) ? vector.a : RandomWalk(AnyRegion(), false);
    vector.g = RandomWalk(2, false);
    vector.h = RandomWalk(2, false);
    if (Chance(3)) vector.lanes = RandomWalk(2, false);
    if (Chance(2)) vector.lane_scale = RandomWalk(2, false);
    vector.feature = RandomWalk(0, false);
    vector.pick = RandomWalk(0, false);
    vector.pick->table = static_cast<uint32_t>(Between(1, machine_.tables));
    vector.pick->base = static_cast<uint32_t>(Between(0, 5));
    vector.l0 = AnyIndex(machine_.lane_registers);
    vector.l1 = AnyIndex(machine_.lane_registers);
    vector.l2 = AnyIndex(machine_.lane_registers);
    vector.lt = AnyIndex(Chance(2) ? machine_.lane_registers : 12);
    if (Chance(4)) vector.lt = vector.l0;
    vector.dropout = RandomDropout();
    return vector;
  }

  std::vector<int32_t> tables_;
};

// Bits, but every NaN is one.
void ExpectSame(const std::vector<float>& here, const std::vector<float>& there,
                const std::string& what) {
  ASSERT_EQ(here.size(), there.size());
  for (size_t i = 0; i < here.size(); ++i) {
    if (std::isnan(here[i]) && std::isnan(there[i])) continue;
    ASSERT_EQ(std::bit_cast<uint32_t>(here[i]), std::bit_cast<uint32_t>(there[i]))
        << what << " " << i << ": " << here[i] << ", reference " << there[i];
  }
}

void ExpectSame(const MachineState& here, const MachineState& there) {
  for (size_t r = 0; r < kRegions; ++r) {
    const std::string name = "region " + std::to_string(r);
    ExpectSame(here.memory[r].values, there.memory[r].values, name);
    ASSERT_EQ(here.memory[r].written, there.memory[r].written) << name;
  }
  ExpectSame(here.tiles.values, there.tiles.values, "tile");
  ExpectSame(here.accumulators.values, there.accumulators.values, "accumulator");
  ExpectSame(here.registers, there.registers, "register");
}

// Runs programs; counts those that run to the end.
void Compare(const isa::Accelerator& accelerator, uint32_t programs) {
  Simulator simulator(accelerator);
  uint32_t complete = 0;
  double finite = 0, words = 0;
  for (uint32_t seed = 0; seed < programs; ++seed) {
    SCOPED_TRACE(testing::Message() << accelerator.name << ", seed " << seed);
    RandomProgram random(accelerator, seed);
    simulator.PoisonAll();
    random.Fill(simulator);
    MachineState reference = simulator.state();
    simulator.LoadProgram(ProgramOf(accelerator, random.instructions()));
    std::string fault, reference_fault;
    try {
      simulator.Run();
    } catch (const SimulationError& error) {
      fault = error.what();
    }
    try {
      RunReference(simulator.program(), reference);
    } catch (const SimulationError& error) {
      reference_fault = error.what();
    }
    ASSERT_EQ(fault.empty(), reference_fault.empty()) << fault << "\n" << reference_fault;
    if (!fault.empty()) continue;
    ++complete;
    ExpectSame(simulator.state(), reference);
    if (testing::Test::HasFatalFailure()) {
      for (size_t i = 0; i < random.instructions().size(); ++i) {
        std::printf("%zu %s\n", i, isa::Disassemble(random.instructions()[i]).c_str());
      }
      return;
    }
    for (size_t i = 0; i < static_cast<size_t>(kWindow * reference.lanes); ++i) {
      finite += std::isfinite(reference.memory[0].values[i]) ? 1 : 0;
      ++words;
    }
  }
  EXPECT_GE(complete, programs * 9 / 10);
  EXPECT_GE(finite / words, 0.5);
}

TEST(RandomProgram, SameBitsAsTheReference) { Compare(isa::AcceleratorNamed("nano"), 300); }
TEST(RandomProgram, SameBitsAsTheReferenceOnTheU50) { Compare(isa::AcceleratorNamed("u50"), 15); }
TEST(RandomProgram, SameBitsAsTheReferenceWithOnePlane) {
  Compare(isa::AcceleratorNamed("u50-single"), 15);
}

TEST(RandomProgram, SameBitsAsTheReferenceOnTheK26) { Compare(isa::AcceleratorNamed("k26"), 15); }

TEST(RandomProgram, SameBitsAsTheReferenceOfOtherSizes) {
  isa::Accelerator odd = isa::AcceleratorNamed("nano");
  odd.rows = 5;
  odd.lanes = 11;
  Compare(odd, 100);
  odd.rows = 12;
  odd.lanes = 8;
  Compare(odd, 100);
}

}  // namespace
}  // namespace bittern
