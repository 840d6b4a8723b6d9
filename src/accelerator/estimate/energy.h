// SPDX-License-Identifier: Apache-2.0
// Estimates the energy of a program from its events and its time, with published figures
// (spec/energy.toml). The result is a range. It was not measured on a board.
#ifndef BITTERN_ACCELERATOR_ESTIMATE_ENERGY_H_
#define BITTERN_ACCELERATOR_ESTIMATE_ENERGY_H_

#include <string_view>
#include <vector>

#include "accelerator/isa/events.h"
#include "accelerator/isa/generated/accelerators.h"

namespace bittern {

struct Joules {
  double low = 0;
  double high = 0;
};

struct EnergyEstimate {
  struct Part {
    std::string_view name;  // arithmetic, memory, registers, program, static
    Joules energy;
  };
  std::vector<Part> parts;

  Joules total() const;
};

// The energy of `events` in `cycles` at the accelerator's clock.
EnergyEstimate EstimateEnergy(const Events& events, int64_t cycles,
                              const isa::Accelerator& machine);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ESTIMATE_ENERGY_H_
