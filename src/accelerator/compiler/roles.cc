#include "accelerator/compiler/roles.h"

namespace bittern {
namespace {

// Splits loops so that none runs over a border of the lane axis of operand `of`, or of its halves.
bool SplitAtBorders(std::vector<ContractionLoop>& loops, Operand of, const Storage& storage) {
  for (const int64_t border : {storage.lane_stride, storage.lane_stride * storage.lanes,
                               storage.split, 2 * storage.split}) {
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

// The loop over the lane axis of an operand; -1: none.
int LaneLoop(const std::vector<ContractionLoop>& loops, Operand of, const Storage& storage) {
  for (size_t i = 0; i < loops.size(); ++i) {
    if (Stride(loops[i], of) == storage.lane_stride && loops[i].extent == storage.lanes) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

}  // namespace

std::optional<Roles> FindRoles(const ops::Contract& contract, int64_t tokens, const Storage& c,
                               const Storage& a, const Storage& b) {
  Roles roles;
  roles.loops = AtTokens(contract.loops, tokens);
  std::erase_if(roles.loops, [](const ContractionLoop& loop) { return loop.extent == 1; });
  const std::array<const Storage*, 3> storage = {&c, &a, &b};
  for (const Operand of : {kC, kA, kB}) {
    if (!SplitAtBorders(roles.loops, of, *storage[of])) return std::nullopt;
  }
  std::array<int, 3> lane{};
  for (const Operand of : {kC, kA, kB}) {
    lane[of] = LaneLoop(roles.loops, of, *storage[of]);
    if (lane[of] < 0) return std::nullopt;
  }
  const auto stride = [&](int loop, Operand of) {
    return Stride(roles.loops[static_cast<size_t>(loop)], of);
  };
  for (const auto& [x, w] : {std::pair{kA, kB}, std::pair{kB, kA}}) {
    roles.token_side = x;
    roles.rank_side = w;
    if (lane[x] == lane[kC] && lane[w] != lane[x] && stride(lane[x], w) == 0) {
      roles.columns = lane[kC];
      roles.rows = lane[w];
      const bool free = stride(roles.rows, kC) != 0;
      if (free == (stride(roles.rows, x) == 0)) {
        roles.direction = free ? isa::Direction::kTime : isa::Direction::kRank;
        return roles;
      }
    }
    if (lane[x] == lane[w] && stride(lane[x], kC) == 0 && stride(lane[kC], x) == 0 &&
        stride(lane[kC], w) != 0) {
      roles.direction = isa::Direction::kToken;
      roles.columns = lane[x];
      roles.rows = lane[kC];
      return roles;
    }
  }
  return std::nullopt;
}

}  // namespace bittern
