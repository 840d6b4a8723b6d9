// SPDX-License-Identifier: Apache-2.0
// Automatic modes: how to cut a size into factors that a tensor train can use.
//
// The fewest parameters at given ranks need the smallest sum of modes, so that is what is looked
// for. A size whose best sum is more than 1.25 times that of equal modes, count * size^(1/count),
// counts as one that does not factor (a prime, say).
#ifndef BITTERN_TENSOR_MODES_H_
#define BITTERN_TENSOR_MODES_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace bittern {

// `count` factors of exactly `size`, all above 1, in falling order: 768 in 3 is (12, 8, 8), 1000 is
// (10, 10, 10). A map uses them falling for outputs and rising for inputs: large modes stand
// outside, where the ranks are 1. Fails where the size does not factor and names the nearest sizes
// that do; `field` is the place that the message names.
std::vector<int> AutomaticModes(std::int64_t size, int count, std::string_view field);

struct PaddedModes {
  std::vector<int> modes;  // in falling order
  std::int64_t size = 0;   // their product, >= the size asked for
};

// The next size, from `size` upwards, that factors: for tables that may have rows to spare (a
// vocabulary). 11,000 in 3 is (25, 22, 20) and needs none.
PaddedModes AutomaticPaddedModes(std::int64_t size, int count, std::string_view field);

}  // namespace bittern

#endif  // BITTERN_TENSOR_MODES_H_
