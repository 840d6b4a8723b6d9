// SPDX-License-Identifier: Apache-2.0
// Counts the events of an instruction for the energy estimate, from its fields alone.
#ifndef BITTERN_ACCELERATOR_ISA_EVENTS_H_
#define BITTERN_ACCELERATOR_ISA_EVENTS_H_

#include <array>
#include <cstdint>

#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/generated/instructions.h"

namespace bittern {

// Scalar operations are counted in every lane, also for zeros and unused lanes. Tiles, accumulators
// and lane registers are counted in rows of T lanes, memories in words by region (token, rank,
// scalar).
struct Events {
  int64_t multiplies = 0, adds = 0;  // in the array and in the vector unit, functions included
  int64_t lookups = 0;               // in the table of functions
  std::array<int64_t, 3> reads{}, writes{};
  int64_t tile_reads = 0, tile_writes = 0;
  int64_t accumulator_reads = 0, accumulator_writes = 0;
  int64_t register_reads = 0, register_writes = 0;
  int64_t program_words = 0;  // words that the sequencer fetches

  bool operator==(const Events&) const = default;
};

// `counts` are the loop counts, with `dynamic` resolved.
void CountEvents(const isa::Load& load, const std::array<int64_t, 4>& counts,
                 const isa::Accelerator& accelerator, Events& events);
void CountEvents(const isa::Stream& stream, const std::array<int64_t, 4>& counts,
                 const isa::Accelerator& accelerator, Events& events);
void CountEvents(const isa::Drain& drain, const std::array<int64_t, 4>& counts,
                 const isa::Accelerator& accelerator, Events& events);
void CountEvents(const isa::Vector& vector, const std::array<int64_t, 4>& counts,
                 const isa::Accelerator& accelerator, Events& events);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_EVENTS_H_
