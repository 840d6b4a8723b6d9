// SPDX-License-Identifier: Apache-2.0
// The properties of the kernels of the current SIMD target, for the planner. Private to this
// folder.
#ifndef BITTERN_CPU_KERNELS_CONTRACT_INTERNAL_H_
#define BITTERN_CPU_KERNELS_CONTRACT_INTERNAL_H_

#include <array>
#include <cstdint>

#include "cpu/kernels/contract.h"

namespace bittern {

struct ContractTarget {
  int32_t lanes = 0;                      // floats of a vector
  std::array<int32_t, 6> tile_rows{};     // rows of the register tiles, falling, the last is 1
  int32_t narrow_rows = 0;                // tiles of so many rows may be one vector wide
  int32_t dot_rows = 0, dot_columns = 0;  // the largest tile of the dot form
  bool has_half = false;                  // half vectors for the last lanes
};

ContractTarget CurrentContractTarget();

}  // namespace bittern

#endif  // BITTERN_CPU_KERNELS_CONTRACT_INTERNAL_H_
