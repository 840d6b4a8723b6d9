// SPDX-License-Identifier: Apache-2.0
#include "tensor/modes.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "base/error.h"

namespace bittern {
namespace {

// Products and sums of modes below this size fit 64 bits, and a mode fits an int.
constexpr std::int64_t kLargestSize = std::int64_t{1} << 30;

// Best factors of one size so far, rising.
struct Search {
  std::vector<int> current;
  std::vector<int> best;

  void Keep() {
    // The smallest sum has the fewest parameters. Among equal sums the one with the smallest
    // largest mode is kept.
    const auto cost = [](const std::vector<int>& modes) {
      return std::pair(std::accumulate(modes.begin(), modes.end(), std::int64_t{0}), modes.back());
    };
    if (best.empty() || cost(current) < cost(best)) best = current;
  }

  // Appends `count` factors of `size`, none below `smallest`.
  void Run(std::int64_t size, int count, std::int64_t smallest) {
    if (count == 1) {
      if (size < smallest) return;
      current.push_back(static_cast<int>(size));
      Keep();
      current.pop_back();
      return;
    }
    // Factors rise, so the other factors are at least as large as this one. Above the root none is
    // left.
    for (std::int64_t factor = smallest; factor * factor <= size; ++factor) {
      if (size % factor != 0) continue;
      current.push_back(static_cast<int>(factor));
      Run(size / factor, count - 1, factor);
      current.pop_back();
    }
  }
};

// Returns the modes in falling order, or no modes if the size does not factor evenly enough.
std::vector<int> BalancedModes(std::int64_t size, int count) {
  Search search;
  // Modes of 1 would be cores without an index, so the smallest factor is 2.
  search.Run(size, count, 2);
  std::vector<int> modes = std::move(search.best);
  // sum <= 1.25 * count * size^(1/count), without a root.
  const double sum = std::accumulate(modes.begin(), modes.end(), 0.0);
  // Without factors the sum is 0, and the empty list is returned below.
  double power = 1;
  for (int i = 0; i < count; ++i) power *= sum / (1.25 * count);
  if (power > static_cast<double>(size)) return {};
  std::reverse(modes.begin(), modes.end());
  return modes;
}

void CheckRequest(std::int64_t size, int count, std::string_view field) {
  if (size < 2 || size > kLargestSize) {
    Fail("{}: no automatic modes for the size {}; it must be 2 to {}", field, size, kLargestSize);
  }
  BITTERN_CHECK(count >= 1);
}

}  // namespace

std::vector<int> AutomaticModes(std::int64_t size, int count, std::string_view field) {
  CheckRequest(size, count, field);
  std::vector<int> modes = BalancedModes(size, count);
  if (!modes.empty()) return modes;

  // This search goes down from the size, and AutomaticPaddedModes goes up.
  std::int64_t below = size - 1;
  while (below >= 2 && BalancedModes(below, count).empty()) --below;
  const std::int64_t above = AutomaticPaddedModes(size, count, field).size;
  Fail("{}: the size {} has no {} factors of about equal size; take {}{}, or give the modes", field,
       size, count, below >= 2 ? std::to_string(below) + " or " : "", above);
}

PaddedModes AutomaticPaddedModes(std::int64_t size, int count, std::string_view field) {
  CheckRequest(size, count, field);
  // This ends at the next size k^count at the latest, because it has `count` equal modes.
  for (;; ++size) {
    std::vector<int> modes = BalancedModes(size, count);
    if (!modes.empty()) return {std::move(modes), size};
  }
}

}  // namespace bittern
