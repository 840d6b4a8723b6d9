// SPDX-License-Identifier: Apache-2.0
#include "tensor/shape.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <span>

#include "base/error.h"

namespace bittern {
namespace {

std::int64_t Product(std::span<const int> factors) {
  std::int64_t product = 1;
  for (const int factor : factors) product = SaturatingProduct(product, factor);
  return product;
}

void ValidateModes(std::span<const int> modes, std::int64_t size, std::string_view what,
                   std::string_view field) {
  for (std::size_t i = 0; i < modes.size(); ++i) {
    if (modes[i] < 1) {
      Fail("{}: {} mode {} is {}; every mode must be at least 1", field, what, i + 1, modes[i]);
    }
  }
  // A product that saturates differs from every possible size, so an overflow is found here, too.
  if (Product(modes) != size) {
    Fail(
        "{}: the {} modes ({}) multiply to {}, but the size is {}; choose modes that multiply to "
        "it",
        field, what, fmt::join(modes, ", "), Product(modes), size);
  }
}

template <typename Shape>
void ValidateRanks(const Shape& shape, std::string_view field) {
  const auto& ranks = shape.ranks;
  const int cores = shape.cores();
  if (cores < 1 || cores > kMaxCores) {
    Fail("{}: {} cores; a tensor train here has 1 to {}", field, cores, kMaxCores);
  }
  if (static_cast<int>(ranks.size()) != cores + 1) {
    Fail("{}: {} ranks ({}) for {} cores; give {}, the first and the last being 1", field,
         ranks.size(), fmt::join(ranks, ", "), cores, cores + 1);
  }
  for (int bond = 0; bond <= cores; ++bond) {
    const int rank = ranks[bond];
    if (rank < 1) Fail("{}: the rank at bond {} is {}; it must be at least 1", field, bond, rank);
    // A larger rank would add parameters without adding matrices. At the ends the largest rank is
    // 1.
    if (rank > shape.LargestRank(bond)) {
      Fail(
          "{}: the rank at bond {} (of 0 to {}) is {}, but the modes on its two sides can use at "
          "most {}; lower it to that",
          field, bond, cores, rank, shape.LargestRank(bond));
    }
  }
}

}  // namespace

std::int64_t SaturatingProduct(std::int64_t a, std::int64_t b) {
  // The builtin computes without undefined behaviour and reports an overflow.
  std::int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) return std::numeric_limits<std::int64_t>::max();
  return product;
}

std::vector<int> UniformRanks(int cores, int rank) {
  // There is one bond more than cores. The outermost bonds join nothing, so their rank is 1.
  std::vector<int> ranks(cores + 1, rank);
  ranks.front() = ranks.back() = 1;
  return ranks;
}

int TtShape::Mode(int core) const {
  // The chain has the output cores first, then the input cores.
  return core < output_cores() ? output_modes[core] : input_modes[core - output_cores()];
}

std::int64_t TtShape::rows() const { return Product(output_modes); }
std::int64_t TtShape::columns() const { return Product(input_modes); }

std::array<std::int64_t, 3> TtShape::CoreShape(int core) const {
  // The shape is [left rank][mode][right rank].
  return {ranks[core], Mode(core), ranks[core + 1]};
}

std::int64_t TtShape::CoreElements(int core) const {
  const auto [rank, mode, next_rank] = CoreShape(core);
  return rank * mode * next_rank;
}

std::int64_t TtShape::Parameters() const {
  std::int64_t parameters = 0;
  for (int core = 0; core < cores(); ++core) parameters += CoreElements(core);
  return parameters;
}

std::int64_t TtShape::LargestRank(int bond) const {
  std::int64_t left = 1, right = 1;
  for (int core = 0; core < cores(); ++core) {
    // A matrix with rows left of the bond and columns right of it has at most this rank.
    std::int64_t& side = core < bond ? left : right;
    side = SaturatingProduct(side, Mode(core));
  }
  return std::min(left, right);
}

std::int64_t TtmShape::rows() const { return Product(vocabulary_modes); }
std::int64_t TtmShape::columns() const { return Product(feature_modes); }

std::array<std::int64_t, 4> TtmShape::CoreShape(int core) const {
  // The shape is [left rank][v][d][right rank].
  return {ranks[core], vocabulary_modes[core], feature_modes[core], ranks[core + 1]};
}

std::int64_t TtmShape::CoreElements(int core) const {
  const auto [rank, vocabulary_mode, feature_mode, next_rank] = CoreShape(core);
  return rank * vocabulary_mode * feature_mode * next_rank;
}

std::int64_t TtmShape::Parameters() const {
  std::int64_t parameters = 0;
  for (int core = 0; core < cores(); ++core) parameters += CoreElements(core);
  return parameters;
}

std::int64_t TtmShape::LargestRank(int bond) const {
  std::int64_t left = 1, right = 1;
  for (int core = 0; core < cores(); ++core) {
    std::int64_t& side = core < bond ? left : right;
    // A core carries v and d together, so both count as one mode.
    side = SaturatingProduct(side, SaturatingProduct(vocabulary_modes[core], feature_modes[core]));
  }
  return std::min(left, right);
}

void Validate(const TtShape& shape, std::int64_t rows, std::int64_t columns,
              std::string_view field) {
  ValidateModes(shape.output_modes, rows, "output", field);
  ValidateModes(shape.input_modes, columns, "input", field);
  ValidateRanks(shape, field);
}

void Validate(const TtmShape& shape, std::int64_t rows, std::int64_t columns,
              std::string_view field) {
  // This test comes first, because the others pair the modes of a core.
  if (shape.feature_modes.size() != shape.vocabulary_modes.size()) {
    Fail("{}: {} vocabulary modes and {} feature modes; each core needs one of both", field,
         shape.vocabulary_modes.size(), shape.feature_modes.size());
  }
  ValidateModes(shape.vocabulary_modes, rows, "vocabulary", field);
  ValidateModes(shape.feature_modes, columns, "feature", field);
  ValidateRanks(shape, field);
}

}  // namespace bittern
