// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/layout/array_mapping.h"

namespace bittern {
namespace {

// Cuts loops at the borders of the lane axis of operand `of`, and at the borders of its halves.
bool SplitAtBorders(std::vector<ContractionLoop>& loops, Operand of, const TensorLayout& layout) {
  // Borders are element strides: where the lane axis begins and ends, and where a half begins and
  // ends. A loop must lie on one side of each border, because its stride in words changes there.
  for (const int64_t border :
       {layout.lane_stride, layout.lane_stride * layout.lanes, layout.split, 2 * layout.split}) {
    if (border == 0) continue;
    for (size_t i = 0; i < loops.size(); ++i) {
      const int64_t stride = Stride(loops[i], of);
      // The loop starts above the border, or ends at or below it.
      if (stride == 0 || stride >= border || stride * loops[i].extent <= border) continue;
      const int64_t inner = border / stride;
      // The border is inside the loop, but no iteration begins there.
      if (border % stride != 0 || loops[i].extent % inner != 0) return false;
      // The loop becomes two: `inner` iterations up to the border, and an outer loop that steps
      // over them.
      ContractionLoop outer = loops[i];
      outer.extent /= inner;
      for (int64_t* s : {&outer.a, &outer.b, &outer.c, &outer.start}) *s *= inner;
      loops[i].extent = inner;
      loops.insert(loops.begin() + static_cast<std::ptrdiff_t>(i), outer);
    }
  }
  return true;
}

// Returns the loop over the lane axis of an operand, or -1 if there is no such loop.
int LaneLoop(const std::vector<ContractionLoop>& loops, Operand of, const TensorLayout& layout) {
  for (size_t i = 0; i < loops.size(); ++i) {
    if (Stride(loops[i], of) == layout.lane_stride && loops[i].extent == layout.lanes) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

}  // namespace

std::optional<ArrayMapping> FindArrayMapping(const ops::Contract& contract, int64_t tokens,
                                             const TensorLayout& c, const TensorLayout& a,
                                             const TensorLayout& b) {
  ArrayMapping mapping;
  mapping.loops = AtTokens(contract.loops, tokens);
  // A loop of one iteration would match the lane axis of a scalar, which has one lane.
  std::erase_if(mapping.loops, [](const ContractionLoop& loop) { return loop.extent == 1; });
  const std::array<const TensorLayout*, 3> layout = {&c, &a, &b};
  for (const Operand of : {kC, kA, kB}) {
    if (!SplitAtBorders(mapping.loops, of, *layout[of])) return std::nullopt;
  }
  // Each operand needs one loop over its whole lane axis: the array takes whole words.
  std::array<int, 3> lane{};
  for (const Operand of : {kC, kA, kB}) {
    lane[of] = LaneLoop(mapping.loops, of, *layout[of]);
    if (lane[of] < 0) return std::nullopt;
  }
  const auto stride = [&](int loop, Operand of) {
    return Stride(mapping.loops[static_cast<size_t>(loop)], of);
  };
  for (const auto& [x, w] : {std::pair{kA, kB}, std::pair{kB, kA}}) {
    // The two operands are tried in both roles: x has the columns in its lanes, w is the other
    // operand.
    mapping.token_side = x;
    mapping.rank_side = w;
    // Time or ranks: x and c share the columns, and w does not depend on them.
    if (lane[x] == lane[kC] && lane[w] != lane[x] && stride(lane[x], w) == 0) {
      mapping.columns = lane[kC];
      mapping.rows = lane[w];
      const bool free = stride(mapping.rows, kC) != 0;
      // Time needs rows that are free in c and absent in x. Ranks needs rows that are summed and
      // present in x.
      if (free == (stride(mapping.rows, x) == 0)) {
        mapping.direction = free ? isa::Direction::kTime : isa::Direction::kRank;
        return mapping;
      }
    }
    // Tokens: both operands have the summed index in their lanes. The lanes of c become the rows,
    // and only w has them.
    if (lane[x] == lane[w] && stride(lane[x], kC) == 0 && stride(lane[kC], x) == 0 &&
        stride(lane[kC], w) != 0) {
      mapping.direction = isa::Direction::kToken;
      mapping.columns = lane[x];
      mapping.rows = lane[kC];
      return mapping;
    }
  }
  return std::nullopt;
}

}  // namespace bittern
