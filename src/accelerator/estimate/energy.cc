// SPDX-License-Identifier: Apache-2.0
#include "accelerator/estimate/energy.h"

#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/energy.h"

namespace bittern {
namespace {

constexpr double kPicojoule = 1e-12;
constexpr int64_t kFloatBits = 32;
// The constants for block RAM and UltraRAM are for accesses of so many bits.
constexpr int64_t kAccessBits = 64;
constexpr int64_t kFunctionBits = 4 * kFloatBits;  // bits of an entry in the table of functions

Joules Times(const isa::EnergyRange& constant, int64_t events) {
  const double n = kPicojoule * static_cast<double>(events);
  return {constant.low * n, constant.high * n};
}

Joules operator+(Joules a, Joules b) { return {a.low + b.low, a.high + b.high}; }

Joules Accesses(isa::Memory memory, int64_t words, int64_t bits) {
  const int64_t accesses = words * ((bits + kAccessBits - 1) / kAccessBits);
  return Times(memory == isa::Memory::kBram ? isa::kBramEnergy : isa::kUramEnergy, accesses);
}

// The average over the region's banks.
Joules Accesses(const isa::Region& region, int64_t words, int64_t lanes) {
  // A bank of parts is accessed once for each part. Some banks of a region may be block RAM.
  const int64_t parts = words * region.parts;
  const int64_t bits = (lanes + region.parts - 1) / region.parts * kFloatBits;
  const int64_t of_bram = parts * region.bram_banks / region.banks;
  return Accesses(region.memory, parts - of_bram, bits) +
         Accesses(isa::Memory::kBram, of_bram, bits);
}

}  // namespace

Joules EnergyEstimate::total() const {
  Joules sum;
  for (const Part& part : parts) sum = sum + part.energy;
  return sum;
}

EnergyEstimate EstimateEnergy(const Events& events, int64_t cycles,
                              const isa::Accelerator& machine) {
  const Joules arithmetic = Times(isa::kMultiplyEnergy, events.multiplies) +
                            Times(isa::kAddEnergy, events.adds) +
                            Accesses(isa::Memory::kBram, events.lookups, kFunctionBits);
  Joules memory;
  for (int32_t region = 0; region < isa::kRegionCount; ++region) {
    const auto i = static_cast<size_t>(region);
    memory = memory + Accesses(isa::RegionOf(machine, region), events.reads[i] + events.writes[i],
                               isa::WordLanes(machine, region));
  }
  const int64_t rows = events.tile_reads + events.tile_writes + events.accumulator_reads +
                       events.accumulator_writes + events.register_reads + events.register_writes;
  const double seconds = static_cast<double>(cycles) / (1e6 * machine.clock_mhz);
  // Static power is proportional to the part, whatever the accelerator uses of it.
  const double million_luts = 1e-6 * isa::DeviceNamed(machine.device).total.luts;
  return {.parts = {{"arithmetic", arithmetic},
                    {"memory", memory},
                    {"registers", Times(isa::kRegisterEnergy, rows * machine.lanes)},
                    {"program", Accesses(isa::Memory::kBram, events.program_words, kFloatBits)},
                    {"static",
                     {isa::kStaticEnergy.low * million_luts * seconds,
                      isa::kStaticEnergy.high * million_luts * seconds}}}};
}

}  // namespace bittern
