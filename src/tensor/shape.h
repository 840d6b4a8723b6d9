// SPDX-License-Identifier: Apache-2.0
// Shapes of the two tensor-train formats.
//
// TT matrix, M x N: a chain of cores G1..Gd, first one a mode of M each, then one a mode of N each;
// core k is [ranks[k-1], mode k, ranks[k]] and
//     W[i, j] = G1[i1] .. Gp[ip] G(p+1)[j1] .. Gd[jq]           (a product of small matrices)
// TTM matrix, V x D (a map: V outputs, D inputs; a word table: a row a word): core k is
// [ranks[k-1], v_k, d_k, ranks[k]] and the row of word v is F1[v1] .. Fd[vd] reshaped to D. Source:
// arXiv 2501.06663; Oseledets, "Tensor-train decomposition", 2011.
//
// Everywhere: row-major, multi-indices with the first index most significant
// (i = (i1 * m2 + i2) * m3 + i3, also for words), cores counted from 0 in code, bond b standing
// left of core b, ranks[0] = ranks[d] = 1. Modes may be 1, as may ranks; nothing may be 0.
#ifndef BITTERN_TENSOR_SHAPE_H_
#define BITTERN_TENSOR_SHAPE_H_

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bittern {

inline constexpr int kMaxCores = 8;

struct TtShape {
  std::vector<int> output_modes;  // m1..mp; none: one row
  std::vector<int> input_modes;   // n1..nq; none: one column
  std::vector<int> ranks;         // r0..rd, d = p + q

  int cores() const { return static_cast<int>(output_modes.size() + input_modes.size()); }
  int output_cores() const { return static_cast<int>(output_modes.size()); }
  int Mode(int core) const;
  std::int64_t rows() const;     // M
  std::int64_t columns() const;  // N
  std::array<std::int64_t, 3> CoreShape(int core) const;
  std::int64_t CoreElements(int core) const;
  std::int64_t Parameters() const;
  // The rank at `bond` that already represents every matrix: min(product of the modes left of it,
  // product of the modes right of it). bond in 0..d.
  std::int64_t LargestRank(int bond) const;

  bool operator==(const TtShape&) const = default;
};

struct TtmShape {
  std::vector<int> vocabulary_modes;  // v1..vd
  std::vector<int> feature_modes;     // d1..dd
  std::vector<int> ranks;             // r0..rd

  int cores() const { return static_cast<int>(vocabulary_modes.size()); }
  std::int64_t rows() const;     // V
  std::int64_t columns() const;  // D
  std::array<std::int64_t, 4> CoreShape(int core) const;
  std::int64_t CoreElements(int core) const;
  std::int64_t Parameters() const;
  // The same as for TtShape, where the mode of a core is v_k * d_k.
  std::int64_t LargestRank(int bond) const;

  bool operator==(const TtmShape&) const = default;
};

// r0..rd with `rank` at every inner bond.
std::vector<int> UniformRanks(int cores, int rank);

// Fails unless the shape is one of a `rows` x `columns` matrix: 1 to kMaxCores cores, no empty
// mode, modes that multiply to the sizes, d + 1 ranks, no rank below 1 or above the largest useful
// one. `field` is the place that the message names, say "encoder.rank". Every other function here
// and in this folder takes only shapes that passed.
void Validate(const TtShape& shape, std::int64_t rows, std::int64_t columns,
              std::string_view field);
void Validate(const TtmShape& shape, std::int64_t rows, std::int64_t columns,
              std::string_view field);

// Product of positive numbers, INT64_MAX where that doesn't fit.
std::int64_t SaturatingProduct(std::int64_t a, std::int64_t b);

}  // namespace bittern

#endif  // BITTERN_TENSOR_SHAPE_H_
