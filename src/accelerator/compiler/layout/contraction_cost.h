// SPDX-License-Identifier: Apache-2.0
// Computes the cost of a contraction on the array with given layouts, and how it uses a second
// plane.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_CONTRACTION_COST_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_CONTRACTION_COST_H_

#include <array>
#include <cstdint>

#include "accelerator/compiler/layout/array_mapping.h"
#include "accelerator/isa/generated/accelerators.h"

namespace bittern {

// Returns the loop whose halves the two planes compute at the same time, each one streaming from
// and to its own banks. -1 if no loop can be halved so, or if it does not save cycles. `layout`: of
// c, a, b and the start (or nullptr).
int PlaneLoop(const ArrayMapping& mapping, const isa::Accelerator& machine,
              const std::array<const TensorLayout*, 4>& layout);

// The cycles that the array takes with these layouts, as an estimate. -1: impossible.
int64_t ContractionCycles(const ops::Contract& contract, int64_t tokens,
                          const isa::Accelerator& machine, const TensorLayout& c,
                          const TensorLayout& a, const TensorLayout& b,
                          const TensorLayout* start = nullptr);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_CONTRACTION_COST_H_
