// SPDX-License-Identifier: Apache-2.0
#include "accelerator/simulator/machine_state.h"

#include <algorithm>

#include "accelerator/isa/accelerator.h"

namespace bittern {
namespace {

MemoryRegion MakeRegion(const isa::Region& region, int64_t width, int64_t planes) {
  return {.width = width,
          .words = region.words(),
          .plane_step = isa::PlaneStep(region, planes),
          .values = std::vector<float>(static_cast<size_t>(region.words() * width)),
          .written = std::vector<uint8_t>(static_cast<size_t>(region.words()))};
}

SlotFile MakeSlots(int64_t slots, int64_t floats) {
  return {.values = std::vector<float>(static_cast<size_t>(slots * floats)),
          .written = std::vector<uint8_t>(static_cast<size_t>(slots))};
}

}  // namespace

MachineState::MachineState(const isa::Accelerator& of)
    : accelerator(of),
      rows(of.rows),
      lanes(of.lanes),
      planes(of.planes),
      memory{MakeRegion(of.tokens, of.lanes, of.planes), MakeRegion(of.ranks, of.rows, of.planes),
             MakeRegion(of.scalars, 1, of.planes)},
      tiles(MakeSlots(planes * of.tile_slots, rows * lanes)),
      accumulators(MakeSlots(planes * of.accumulator_slots, rows * lanes)),
      registers(static_cast<size_t>(of.lane_registers * lanes)),
      register_written(static_cast<size_t>(of.lane_registers)),
      tables(static_cast<size_t>(of.tables * lanes), -1) {}

void MachineState::BeginRun() {
  for (std::vector<uint8_t>* written : {&tiles.written, &accumulators.written, &register_written}) {
    std::fill(written->begin(), written->end(), uint8_t{0});
  }
}

}  // namespace bittern
