// SPDX-License-Identifier: Apache-2.0
// Which part each operand of a contraction plays on the array, from the lane axes of its tensors.
//
// c = sum a * b, with kappa the axis in lanes and rho the axis in rows:
//   time    c and x have kappa in lanes, w has rho in lanes, rho is free in c
//   rank    c and the tile have kappa in lanes, w has rho in lanes, rho is summed
//   token   x and the tile have kappa in lanes, kappa is summed, c has rho in lanes
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_ARRAY_MAPPING_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_ARRAY_MAPPING_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/isa/generated/instructions.h"
#include "graph/graph.h"

namespace bittern {

enum Operand { kC = 0, kA = 1, kB = 2, kStart = 3 };

// A loop of a contraction for a fixed number of tokens; strides in elements.
using ContractionLoop = StridedLoop<int64_t>;

constexpr int64_t Stride(const ContractionLoop& loop, Operand operand) {
  constexpr std::array kStrides = {&ContractionLoop::c, &ContractionLoop::a, &ContractionLoop::b,
                                   &ContractionLoop::start};
  return loop.*kStrides[operand];
}

struct ArrayMapping {
  isa::Direction direction = isa::Direction::kTime;
  std::vector<ContractionLoop> loops;  // none of extent 1; split where a lane axis begins or ends
  int columns = -1;                    // kappa: index into loops
  int rows = -1;                       // rho
  Operand token_side = kA;             // x (time, token) or the tile (rank): it has kappa in lanes
  Operand rank_side = kB;              // w (time, rank: rho in lanes) or the tile (token)
};

// nullopt: the array cannot take this contraction with these layouts.
std::optional<ArrayMapping> FindArrayMapping(const ops::Contract& contract, int64_t tokens,
                                             const TensorLayout& c, const TensorLayout& a,
                                             const TensorLayout& b);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_ARRAY_MAPPING_H_
