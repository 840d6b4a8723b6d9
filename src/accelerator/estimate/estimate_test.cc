// SPDX-License-Identifier: Apache-2.0
#include "accelerator/estimate/estimate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "accelerator/compiler/memory_map.h"

namespace bittern {
namespace {

TEST(EstimateEnergy, IsEventsTimesConstants) {
  const isa::Accelerator& u50 = isa::AcceleratorNamed("u50-single");  // 12 rows, 32 lanes
  Events events;
  events.multiplies = 1'000'000;
  events.adds = 2'000'000;
  events.reads = {100, 10, 1};  // URAM of 1,024 bits; BRAM of 384 and of 32
  events.tile_writes = 5;       // of 32 lanes
  const EnergyEstimate energy = EstimateEnergy(events, 200'000, u50);  // 1 ms
  ASSERT_EQ(energy.parts.size(), 5u);
  EXPECT_NEAR(energy.parts[0].energy.low, 3.7e-6 + 1.8e-6, 1e-12);
  EXPECT_NEAR(energy.parts[0].energy.high, 14 * (3.7e-6 + 1.8e-6), 1e-12);
  EXPECT_NEAR(energy.parts[1].energy.low, (100 * 16 * 20 + 10 * 6 * 10 + 10) * 1e-12, 1e-15);
  EXPECT_NEAR(energy.parts[2].energy.low, 5 * 32 * 2e-12, 1e-15);
  EXPECT_EQ(energy.parts[3].energy.low, 0);
  EXPECT_NEAR(energy.parts[4].energy.low, 3.0 * 0.87168 * 1e-3, 1e-9);
  EXPECT_NEAR(energy.total().high,
              energy.parts[0].energy.high + energy.parts[1].energy.high +
                  energy.parts[2].energy.high + energy.parts[4].energy.high,
              1e-12);
}

TEST(EstimateTraining, CountsTheProgram) {
  const isa::Accelerator& u50 = isa::AcceleratorNamed("u50-single");
  const Config config = LoadConfig("atis-2enc");
  const Estimate estimate = EstimateTraining(config, u50);
  EXPECT_TRUE(estimate.fits());
  const Counters& counters = estimate.timing.counters;
  for (size_t unit = 0; unit < isa::kUnits; ++unit) {
    int64_t cycles = counters.busy[unit];
    for (const int64_t stall : counters.stalls[unit]) cycles += stall;
    EXPECT_EQ(cycles, counters.cycles);
  }
  EXPECT_EQ(estimate.multiply_adds, BuildStep(config, {}).MultiplyAdds(32, 32));
  EXPECT_GT(estimate.array_utilisation(), 0.3);
  EXPECT_LT(estimate.array_utilisation(), 1);
  for (const BlockUse* use : {&estimate.ramb36, &estimate.uram288}) {
    EXPECT_GT(use->occupied, 0);
    EXPECT_LE(use->occupied, use->configured);
    EXPECT_LE(use->configured, use->available);
  }
  // The phases cover the whole step.
  ASSERT_EQ(estimate.phases.size(), 5u);
  EXPECT_EQ(estimate.phases[0].name, "embedding, forward");
  EXPECT_EQ(estimate.phases[2].name, "heads");
  int64_t cycles = 0, stream = 0, multiply_adds = 0;
  for (const Phase& phase : estimate.phases) {
    cycles += phase.cycles;
    stream += phase.stream_cycles;
    multiply_adds += phase.multiply_adds;
    EXPECT_LE(phase.stream_cycles, phase.cycles) << phase.name;
  }
  EXPECT_EQ(cycles, counters.cycles);
  EXPECT_EQ(stream, counters.busy[1]);
  EXPECT_EQ(multiply_adds, estimate.multiply_adds);
  EXPECT_GT(estimate.energy.total().low, 0);
  EXPECT_GT(estimate.energy.total().high, estimate.energy.total().low);
}

// One more used word takes one more block of its kind.
TEST(EstimateTraining, OccupiesTheBlocksThatHoldSomething) {
  const isa::Accelerator& nano = isa::AcceleratorNamed("nano");
  const Estimate estimate = EstimateTraining(LoadConfig("nano"), nano);
  int64_t blocks = 0;
  const int64_t bits[] = {nano.lanes * 32, nano.rows * 32, 32};
  for (int32_t region = 0; region < isa::kRegionCount; ++region) {
    // The banks of nano are one block deep.
    std::vector<bool> banks(64);
    for (const isa::MappedTensor& tensor :
         MapOf(estimate.program.graph, estimate.program.step).tensors) {
      if (tensor.region != region) continue;
      const isa::Region& memory = isa::RegionOf(nano, region);
      for (int64_t word = tensor.begin; word < tensor.end; ++word) {
        banks[static_cast<size_t>(word / memory.depth)] = true;
        const int64_t other = word + (tensor.halves - 1) * memory.words() / nano.planes;
        banks[static_cast<size_t>(other / memory.depth)] = true;
      }
    }
    blocks += std::count(banks.begin(), banks.end(), true) *
              isa::BlocksFor(isa::Memory::kBram, isa::RegionOf(nano, region).depth, bits[region]);
  }
  blocks += 8 * isa::BlocksFor(isa::Memory::kBram, 1024, 128);  // functions
  blocks += isa::BlocksFor(isa::Memory::kBram, (estimate.program_bytes + 15) / 16, 128);
  EXPECT_EQ(estimate.ramb36.occupied, blocks);
}

// One configuration serves every depth, in less than half of the part's blocks.
TEST(EstimateTraining, TheU50RunsTwoFourAndSixEncoders) {
  const isa::Accelerator& u50 = isa::AcceleratorNamed("u50");
  std::vector<int64_t> cycles, bytes;
  for (const char* config : {"atis-2enc", "atis-4enc", "atis-6enc"}) {
    const Estimate estimate = EstimateTraining(LoadConfig(config), u50);
    ASSERT_TRUE(estimate.fits()) << config;
    EXPECT_LE(2 * estimate.ramb36.configured, estimate.ramb36.total);
    EXPECT_LE(10 * estimate.uram288.configured, 4 * estimate.uram288.total);
    EXPECT_LE(estimate.ramb36.occupied, estimate.ramb36.configured);
    EXPECT_LE(estimate.uram288.occupied, estimate.uram288.configured);
    EXPECT_LE(estimate.program_bytes, int64_t{64} << 10);
    cycles.push_back(estimate.timing.counters.cycles);
    bytes.push_back(estimate.program_bytes);
  }
  EXPECT_LE(cycles[0], 130'000);
  EXPECT_LE(10 * bytes[2], 11 * bytes[0]);
  const int64_t first = (cycles[1] - cycles[0]) / 2, second = (cycles[2] - cycles[1]) / 2;
  fmt::print("{} cycles + {} or {} an encoder\n", cycles[0] - 2 * first, first, second);
  EXPECT_NEAR(static_cast<double>(second), static_cast<double>(first),
              0.05 * static_cast<double>(first));
}

// Activations are computed again, and the blocks are nearly full.
TEST(EstimateTraining, TheK26RunsTwoEncoders) {
  const Estimate estimate = EstimateTraining(LoadConfig("atis-2enc"), isa::AcceleratorNamed("k26"));
  ASSERT_TRUE(estimate.fits());
  EXPECT_EQ(estimate.program.recompute, Recompute::kEncoder);
  EXPECT_LE(estimate.ramb36.configured, 144);
  EXPECT_LE(estimate.uram288.configured, 64);
  EXPECT_LE(estimate.ramb36.occupied, estimate.ramb36.configured);
  EXPECT_LE(estimate.uram288.occupied, estimate.uram288.configured);
  EXPECT_GT(10 * estimate.ramb36.occupied, 9 * estimate.ramb36.configured);
  EXPECT_EQ(estimate.array_lanes(), 12 * 4);
  EXPECT_EQ(estimate.timing.counters.cycles % 8, 0);
}

TEST(EstimateTraining, SaysWhatIsShort) {
  isa::Accelerator small = isa::AcceleratorNamed("u50-single");
  small.device = "k26";
  const Estimate part = EstimateTraining(LoadConfig("atis-2enc"), small);
  EXPECT_FALSE(part.fits());
  EXPECT_TRUE(part.has_program());
  ASSERT_EQ(part.shortfalls.size(), 2u);
  EXPECT_EQ(part.shortfalls[0].what, "RAMB36");
  EXPECT_EQ(part.shortfalls[0].available, 144);
  EXPECT_EQ(part.shortfalls[1].what, "URAM288");

  small.tokens.banks = 2;
  const Estimate memory = EstimateTraining(LoadConfig("atis-2enc"), small);
  EXPECT_FALSE(memory.has_program());
  EXPECT_EQ(memory.shortfalls[0].what, "words of tokens");
  EXPECT_EQ(memory.timing.counters.cycles, 0);
  EXPECT_GT(memory.regions[0].used, memory.regions[0].configured);
}

}  // namespace
}  // namespace bittern
