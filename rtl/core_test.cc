// Programs on the whole core against the simulator: memory, to the bit, and cycles.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <random>

#include "core_testing.h"
#include "isa/accelerator.h"
#include "rtl_device.h"
#include "simulator/simulated_device.h"
#include "simulator/simulator_testing.h"

namespace bittern {
namespace {

// Of every bank the words that programs use.
constexpr uint32_t kFirst = 0, kWords = 400;

template <class Visit>
void ForEachBank(const isa::Accelerator& machine, Visit visit) {
  const std::array<const isa::Region*, 3> regions = {&machine.tokens, &machine.ranks,
                                                     &machine.scalars};
  const std::array<int, 3> widths = {machine.lanes, machine.rows, 1};
  for (uint32_t r = 0; r < 3; ++r) {
    for (int bank = 0; bank < regions[r]->banks; ++bank) {
      visit(r << 18 | (static_cast<uint32_t>(bank * regions[r]->depth) + kFirst), widths[r]);
    }
  }
}

void FillMemory(Device& device, SimulatedDevice& simulated) {
  std::mt19937 random(9);
  std::normal_distribution<float> normal;
  ForEachBank(device.accelerator(), [&](uint32_t address, int width) {
    std::vector<float> values(kWords * static_cast<size_t>(width));
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
  ForEachBank(device.accelerator(), [&](uint32_t address, int width) {
    std::vector<float> here(kWords * static_cast<size_t>(width)), there(here.size());
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
void Compare(bool orderly, uint32_t programs) {
  RtlDevice rtl;
  if (!orderly) rtl.AllowClashes();
  SimulatedDevice simulated(isa::AcceleratorNamed("nano"));
  FillMemory(rtl, simulated);
  for (uint32_t seed = 0; seed < programs; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const HardwareProgram program(rtl.accelerator(), seed, orderly);
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
    if (orderly) ExpectSameMemory(rtl, simulated);
    if (testing::Test::HasFailure()) {
      Print(program.instructions());
      return;
    }
  }
}

TEST(RtlCore, SameMemoryAndCyclesAsTheSimulator) { Compare(true, 20); }

// Instructions overtake each other's data here; when each one starts is as it should be.
TEST(RtlCore, SameCyclesWithInstructionsUnderWay) { Compare(false, 40); }

}  // namespace
}  // namespace bittern
