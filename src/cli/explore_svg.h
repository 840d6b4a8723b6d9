// SPDX-License-Identifier: Apache-2.0
// A plot of a sweep: multiply-add lanes to the right, time of a step upwards, both logarithmic; a
// point's colour is its depth, its size its rank. Points that no other of the same model beats are
// filled and joined by a line; a point's title (shown on hover) says everything.
#ifndef BITTERN_CLI_EXPLORE_SVG_H_
#define BITTERN_CLI_EXPLORE_SVG_H_

#include <string>
#include <string_view>
#include <vector>

#include "accelerator/estimate/explore.h"

namespace bittern {

std::string ExploreSvg(const std::vector<ExplorePoint>& points, std::string_view title);

}  // namespace bittern

#endif  // BITTERN_CLI_EXPLORE_SVG_H_
