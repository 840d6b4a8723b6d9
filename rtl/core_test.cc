// SPDX-License-Identifier: Apache-2.0
// Programs on the whole core against the simulator: memory, to the bit, and cycles.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <random>

#include "accelerator/isa/accelerator.h"
#include "accelerator/simulator/simulated_device.h"
#include "accelerator/simulator/testing/programs.h"
#include "core_testing.h"
#include "rtl_device.h"

namespace bittern {
namespace {

// Programs use so many words of every bank (core_testing.h).
constexpr int64_t kMostWords = 400;

template <class Visit>
void ForEachBank(const isa::Accelerator& machine, Visit visit) {
  const std::array<const isa::Region*, 3> regions = {&machine.tokens, &machine.ranks,
                                                     &machine.scalars};
  const std::array<int, 3> widths = {machine.lanes, machine.rows, 1};
  for (uint32_t r = 0; r < 3; ++r) {
    for (int bank = 0; bank < regions[r]->banks; ++bank) {
      const int64_t words = std::min<int64_t>(kMostWords, regions[r]->depth);
      visit(r << 18 | static_cast<uint32_t>(bank * regions[r]->depth),
            static_cast<size_t>(words * widths[r]), widths[r]);
    }
  }
}

void FillMemory(Device& device, SimulatedDevice& simulated) {
  std::mt19937 random(9);
  std::normal_distribution<float> normal;
  ForEachBank(device.accelerator(), [&](uint32_t address, size_t floats, int) {
    std::vector<float> values(floats);
    for (float& value : values) value = normal(random);
    device.WriteWords(address, values);
    simulated.WriteWords(address, values);
  });
}

void SetInputs(Device& device, SimulatedDevice& simulated, const HardwareProgram& program) {
  for (uint32_t t = 0; t < program.tables().size(); ++t) {
    device.WriteTable(t, program.tables()[t]);
    simulated.WriteTable(t, program.tables()[t]);
  }
  device.WriteRegisters(program.host());
  simulated.WriteRegisters(program.host());
}

void ExpectSameMemory(Device& device, SimulatedDevice& simulated) {
  ForEachBank(device.accelerator(), [&](uint32_t address, size_t floats, int width) {
    std::vector<float> here(floats), there(floats);
    device.ReadWords(address, here);
    simulated.ReadWords(address, there);
    for (size_t i = 0; i < here.size(); ++i) {
      if (std::isnan(here[i]) && std::isnan(there[i])) continue;
      ASSERT_EQ(std::bit_cast<uint32_t>(here[i]), std::bit_cast<uint32_t>(there[i]))
          << std::hex << "word " << address + i / static_cast<size_t>(width) << std::dec
          << ", lane " << i % static_cast<size_t>(width) << ": " << here[i] << ", simulator "
          << there[i];
    }
  });
}

void Print(const std::vector<isa::Instruction>& instructions) {
  for (size_t i = 0; i < instructions.size(); ++i) {
    std::printf("%zu %s\n", i, isa::Disassemble(instructions[i]).c_str());
  }
}

// Runs programs on both; an orderly one leaves the same memory.
void Compare(const HardwareProgram::Kinds& kinds, uint32_t programs,
             std::unique_ptr<RtlDevice> device = MakeRtlNano()) {
  RtlDevice& rtl = *device;
  rtl.SetMostCycles(100'000);
  if (!kinds.orderly) rtl.AllowClashes();
  SimulatedDevice simulated(rtl.accelerator());
  FillMemory(rtl, simulated);
  for (uint32_t seed = 0; seed < programs; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const HardwareProgram program(rtl.accelerator(), seed, kinds);
    SetInputs(rtl, simulated, program);
    const isa::Program encoded = ProgramOf(rtl.accelerator(), program.instructions());
    simulated.LoadProgram(encoded);
    simulated.Start();
    rtl.LoadProgram(encoded);
    rtl.Start();
    rtl.Wait();
    const Counters here = rtl.ReadCounters(), there = simulated.ReadCounters();
    EXPECT_EQ(here.cycles, there.cycles);
    EXPECT_EQ(here.busy, there.busy);
    if (kinds.orderly) ExpectSameMemory(rtl, simulated);
    if (testing::Test::HasFailure()) {
      Print(program.instructions());
      return;
    }
  }
}

using isa::Unit;

TEST(RtlCore, SameMemoryAndCyclesAsTheSimulator) { Compare({}, 20); }

// Results do not depend on the contents of memory and registers at the start.
TEST(RtlCore, AnyContentsAtTheStart) {
  for (const int seed : {2, 3}) Compare({}, 4, MakeRtlNano(seed));
}

// Instructions overtake each other's data here; when each one starts is as it should be.
TEST(RtlUnitIssue, SameCyclesWithInstructionsUnderWay) { Compare({.orderly = false}, 40); }

// One unit at a time. A load or a sum over time is only seen through streams and drains.
TEST(RtlStreamUnit, SameAsTheSimulator) { Compare({.loops = false, .units = {Unit::kStream}}, 16); }
TEST(RtlLoadUnit, SameAsTheSimulator) {
  Compare({.loops = false, .units = {Unit::kLoad, Unit::kStream}}, 16);
}
TEST(RtlDrainUnit, SameAsTheSimulator) {
  Compare({.loops = false, .units = {Unit::kDrain, Unit::kStream}}, 16);
}
TEST(RtlVectorUnit, SameAsTheSimulator) { Compare({.loops = false, .units = {Unit::kVector}}, 24); }

// With folded lanes; units by themselves first.
TEST(RtlFolded, StreamUnit) {
  Compare({.loops = false, .units = {Unit::kStream}}, 6, MakeRtlNanoFolded());
}
TEST(RtlFolded, LoadUnit) {
  Compare({.loops = false, .units = {Unit::kLoad, Unit::kStream}}, 4, MakeRtlNanoFolded());
}
TEST(RtlFolded, DrainUnit) {
  Compare({.loops = false, .units = {Unit::kDrain, Unit::kStream}}, 4, MakeRtlNanoFolded());
}
TEST(RtlFolded, VectorUnit) {
  Compare({.loops = false, .units = {Unit::kVector}}, 6, MakeRtlNanoFolded());
}
TEST(RtlFolded, SameMemoryAndCyclesAsTheSimulator) { Compare({}, 6, MakeRtlNanoFolded()); }
TEST(RtlFolded, SameCyclesWithInstructionsUnderWay) {
  Compare({.orderly = false}, 10, MakeRtlNanoFolded());
}

// Loops, list registers and jumps, with units that the tests above have passed.
TEST(RtlSequencer, LoopsOfInstructions) { Compare({.units = {Unit::kStream}}, 24); }

}  // namespace
}  // namespace bittern
