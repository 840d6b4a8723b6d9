// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/layout/array_mapping.h"

namespace bittern {
namespace {

// Cuts loops at the borders of the lane axis of operand `of`, and at the borders of its halves.
bool SplitAtBorders(std::vector<ContractionLoop>& loops, Operand of, const TensorLayout& layout) {
  for (const int64_t border :
       {layout.lane_stride, layout.lane_stride * layout.lanes, layout.split, 2 * layout.split}) {
    if (border == 0) continue;
    for (size_t i = 0; i < loops.size(); ++i) {
      const int64_t stride = Stride(loops[i], of);
      if (stride == 0 || stride >= border || stride * loops[i].extent <= border) continue;
      const int64_t inner = border / stride;
      if (border % stride != 0 || loops[i].extent % inner != 0) return false;
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
  std::erase_if(mapping.loops, [](const ContractionLoop& loop) { return loop.extent == 1; });
  const std::array<const TensorLayout*, 3> layout = {&c, &a, &b};
  for (const Operand of : {kC, kA, kB}) {
    if (!SplitAtBorders(mapping.loops, of, *layout[of])) return std::nullopt;
  }
  std::array<int, 3> lane{};
  for (const Operand of : {kC, kA, kB}) {
    lane[of] = LaneLoop(mapping.loops, of, *layout[of]);
    if (lane[of] < 0) return std::nullopt;
  }
  const auto stride = [&](int loop, Operand of) {
    return Stride(mapping.loops[static_cast<size_t>(loop)], of);
  };
  for (const auto& [x, w] : {std::pair{kA, kB}, std::pair{kB, kA}}) {
    mapping.token_side = x;
    mapping.rank_side = w;
    if (lane[x] == lane[kC] && lane[w] != lane[x] && stride(lane[x], w) == 0) {
      mapping.columns = lane[kC];
      mapping.rows = lane[w];
      const bool free = stride(mapping.rows, kC) != 0;
      if (free == (stride(mapping.rows, x) == 0)) {
        mapping.direction = free ? isa::Direction::kTime : isa::Direction::kRank;
        return mapping;
      }
    }
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
