// SPDX-License-Identifier: Apache-2.0
#include "graph/arena.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/error.h"

namespace bittern {
namespace {

int64_t RoundUp(int64_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

// Places the blocks one by one in the given order, each at the lowest (or tightest) gap among the
// blocks placed so far that live at the same time. Returns the arena's size.
int64_t PlaceInOrder(const std::vector<size_t>& order, bool tightest, std::vector<Block>& blocks) {
  std::vector<size_t> placed;  // indices of blocks, in the order of their offsets
  int64_t peak = 0;
  for (const size_t index : order) {
    Block& block = blocks[index];
    // `front` is the end of the blocks passed so far; a gap lies between it and the next block.
    int64_t best_offset = -1, best_gap = 0, front = 0;
    for (const size_t other : placed) {
      if (!block.life.Overlaps(blocks[other].life)) continue;
      const int64_t gap = blocks[other].offset - front;
      if (gap >= block.bytes && (best_offset < 0 || (tightest && gap < best_gap))) {
        best_offset = front;
        best_gap = gap;
      }
      front = std::max(front, blocks[other].offset + blocks[other].bytes);
    }
    block.offset = best_offset >= 0 ? best_offset : front;
    peak = std::max(peak, block.offset + block.bytes);
    const auto place = std::upper_bound(
        placed.begin(), placed.end(), block.offset,
        [&](int64_t offset, size_t other) { return offset < blocks[other].offset; });
    placed.insert(place, index);
  }
  return peak;
}

}  // namespace

std::vector<Lifetime> Lifetimes(const Graph& graph) {
  const int end = static_cast<int>(graph.ops.size());
  std::vector<Lifetime> lives(graph.tensors.size(), Lifetime{end, -1});
  for (int i = 0; i < end; ++i) {
    const auto touch = [&](TensorId id) {
      Lifetime& life = lives[static_cast<size_t>(id)];
      life.first = std::min(life.first, i);
      life.last = std::max(life.last, i);
    };
    for (const TensorId id : Reads(graph.ops[static_cast<size_t>(i)])) touch(id);
    for (const TensorId id : graph.ops[static_cast<size_t>(i)].out) touch(id);
  }
  for (size_t id = 0; id < lives.size(); ++id) {
    if (graph.tensors[id].persistent) lives[id] = {0, end};
  }
  return lives;
}

ArenaPlan PlaceBlocks(std::vector<Block> blocks) {
  std::vector<size_t> alive;
  int last = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    blocks[i].bytes = RoundUp(blocks[i].bytes);
    blocks[i].offset = 0;
    if (blocks[i].bytes > 0 && blocks[i].life.first <= blocks[i].life.last) {
      alive.push_back(i);
      last = std::max(last, blocks[i].life.last);
    } else {
      blocks[i].bytes = 0;
    }
  }

  // Bytes alive at each operation, as differences first and then summed.
  ArenaPlan plan;
  std::vector<int64_t> bytes_at(static_cast<size_t>(last) + 2, 0);
  for (const size_t i : alive) {
    bytes_at[static_cast<size_t>(blocks[i].life.first)] += blocks[i].bytes;
    bytes_at[static_cast<size_t>(blocks[i].life.last) + 1] -= blocks[i].bytes;
  }
  std::partial_sum(bytes_at.begin(), bytes_at.end(), bytes_at.begin());
  plan.lower_bound_bytes = *std::max_element(bytes_at.begin(), bytes_at.end());

  // Finding the smallest arena is NP-hard (dynamic storage allocation), so greedy placement tries
  // several orders of the blocks and keeps the smallest arena: by size, by length of life, by
  // birth, and by how crowded the block's life is. Ties are broken by index, so a plan is the same
  // everywhere.
  std::vector<int64_t> crowd(blocks.size(), 0);
  for (const size_t i : alive) {
    const auto begin = bytes_at.begin() + blocks[i].life.first;
    crowd[i] = *std::max_element(begin, bytes_at.begin() + blocks[i].life.last + 1);
  }
  const auto length = [&](size_t i) { return blocks[i].life.last - blocks[i].life.first; };
  using Key = std::tuple<int64_t, int64_t, int64_t>;
  const auto key = [&](int kind, size_t i) -> Key {
    const Block& block = blocks[i];
    switch (kind) {
      case 0:
        return {-block.bytes, -length(i), block.life.first};
      case 1:
        return {-length(i), -block.bytes, block.life.first};
      case 2:
        return {block.life.first, -length(i), -block.bytes};
      case 3:
        return {-crowd[i], -length(i), -block.bytes};
      default:
        return {-crowd[i], -block.bytes, -length(i)};
    }
  };
  std::vector<Block> best;
  for (int kind = 0; kind < 5; ++kind) {
    std::vector<size_t> order = alive;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t i, size_t j) { return key(kind, i) < key(kind, j); });
    for (const bool tightest : {false, true}) {
      const int64_t peak = PlaceInOrder(order, tightest, blocks);
      if (best.empty() || peak < plan.peak_bytes) {
        best = blocks;
        plan.peak_bytes = peak;
      }
    }
  }
  plan.blocks = std::move(best);
  return plan;
}

ArenaPlan PlanArena(const Graph& graph) {
  const std::vector<Lifetime> lives = Lifetimes(graph);
  std::vector<Block> blocks(graph.tensors.size());
  for (size_t id = 0; id < blocks.size(); ++id) {
    blocks[id] = {lives[id], graph.tensors[id].Elements(graph.tokens) * 4, 0};
  }
  return PlaceBlocks(std::move(blocks));
}

std::vector<int64_t> BytesAlive(const Graph& graph, const ArenaPlan& plan, int op) {
  std::vector<int64_t> bytes(static_cast<size_t>(TensorKind::kOutput) + 1, 0);
  for (size_t id = 0; id < plan.blocks.size(); ++id) {
    const Block& block = plan.blocks[id];
    if (block.life.first <= op && op <= block.life.last) {
      bytes[static_cast<size_t>(graph.tensors[id].kind)] += block.bytes;
    }
  }
  return bytes;
}

}  // namespace bittern
