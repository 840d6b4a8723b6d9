// SPDX-License-Identifier: Apache-2.0
#include "graph/arena.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "graph/arena_checker.h"
#include "graph/builder.h"

namespace bittern {
namespace {

// Compares every pair of blocks byte by byte. It shares no code with the planner.
void ExpectDisjoint(const ArenaPlan& plan) {
  for (size_t i = 0; i < plan.blocks.size(); ++i) {
    const Block& a = plan.blocks[i];
    EXPECT_EQ(a.offset % kArenaAlignment, 0);
    EXPECT_LE(a.offset + a.bytes, plan.peak_bytes);
    for (size_t j = 0; j < i; ++j) {
      const Block& b = plan.blocks[j];
      const bool together = a.life.first <= b.life.last && b.life.first <= a.life.last;
      const bool share = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
      EXPECT_FALSE(together && share && a.bytes > 0 && b.bytes > 0) << i << " and " << j;
    }
  }
}

TEST(PlaceBlocksTest, IdenticalLivesStandSideBySide) {
  const ArenaPlan plan = PlaceBlocks({{{0, 3}, 64, 0}, {{0, 3}, 64, 0}, {{0, 3}, 128, 0}});
  ExpectDisjoint(plan);
  EXPECT_EQ(plan.peak_bytes, 256);
  EXPECT_EQ(plan.lower_bound_bytes, 256);
}

TEST(PlaceBlocksTest, TouchingLivesShareNothingDisjointOnesDo) {
  // [0, 2] and [2, 4] meet in operation 2, which reads the one and writes the other.
  const ArenaPlan touching = PlaceBlocks({{{0, 2}, 64, 0}, {{2, 4}, 64, 0}});
  EXPECT_EQ(touching.peak_bytes, 128);
  const ArenaPlan apart = PlaceBlocks({{{0, 2}, 64, 0}, {{3, 4}, 64, 0}});
  EXPECT_EQ(apart.peak_bytes, 64);
}

TEST(PlaceBlocksTest, NothingTakesNoBytes) {
  EXPECT_EQ(PlaceBlocks({}).peak_bytes, 0);
  const ArenaPlan plan = PlaceBlocks({{{0, 9}, 0, 0}, {{5, 4}, 640, 0}, {{1, 2}, 1, 0}});
  EXPECT_EQ(plan.peak_bytes, kArenaAlignment);  // a byte still takes a line
  EXPECT_EQ(plan.blocks[0].bytes, 0);
  EXPECT_EQ(plan.blocks[1].bytes, 0);  // never alive
}

TEST(PlaceBlocksTest, RandomBlocksNeverCollide) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Block> blocks(1 + random.UniformInt(40));
    for (Block& block : blocks) {
      block.life.first = static_cast<int>(random.UniformInt(30));
      block.life.last = block.life.first + static_cast<int>(random.UniformInt(12));
      block.bytes = random.UniformInt(2000);
    }
    const ArenaPlan plan = PlaceBlocks(blocks);
    ExpectDisjoint(plan);
    EXPECT_GE(plan.peak_bytes, plan.lower_bound_bytes);
    EXPECT_LE(plan.peak_bytes, plan.lower_bound_bytes * 3 / 2);  // finds a poor plan
  }
}

// a -> b -> c -> out. In addition, d lives from the first operation to the last.
Graph Chain() {
  Builder builder(4);
  const auto tensor = [&](const char* name, TensorKind kind) {
    return builder.NewTensor(name, kind, {Constant(32), kTokens});
  };
  const TensorId in = tensor("in", TensorKind::kInput), out = tensor("out", TensorKind::kOutput);
  const TensorId a = tensor("a", TensorKind::kActivation), b = tensor("b", TensorKind::kScratch);
  const TensorId c = tensor("c", TensorKind::kScratch), d = tensor("d", TensorKind::kActivation);
  builder.Append("make d", ops::Tanh{}, {.x = in}, {.y = d});
  builder.Append("make a", ops::Tanh{}, {.x = in}, {.y = a});
  builder.Append("make b", ops::Tanh{}, {.x = a}, {.y = b});
  builder.Append("make c", ops::Tanh{}, {.x = b}, {.y = c});
  builder.Append("make out", ops::Add{}, {.a = c, .b = d}, {.y = out});
  return builder.Take();
}

Block& BlockOf(const Graph& graph, ArenaPlan& plan, const char* name) {
  return plan.blocks[static_cast<size_t>(graph.Find(name))];
}

bool Finds(const Graph& graph, const ArenaPlan& plan, const std::string& what) {
  const std::vector<std::string> faults = CheckArena(graph, plan);
  return std::any_of(faults.begin(), faults.end(), [&](const std::string& fault) {
    return fault.find(what) != std::string::npos;
  });
}

TEST(ArenaTest, ChainReusesWhatIsDead) {
  const Graph graph = Chain();
  const ArenaPlan plan = PlanArena(graph);
  const int64_t size = 32 * 4 * 4;
  EXPECT_EQ(plan.lower_bound_bytes, 5 * size);  // in, out, d and two of a, b, c
  EXPECT_EQ(plan.peak_bytes, plan.lower_bound_bytes);
  EXPECT_TRUE(CheckArena(graph, plan).empty());
  const std::vector<int64_t> alive = BytesAlive(graph, plan, 2);
  EXPECT_EQ(alive[static_cast<size_t>(TensorKind::kScratch)], size);
  EXPECT_EQ(alive[static_cast<size_t>(TensorKind::kActivation)], 2 * size);
}

TEST(CheckerTest, FindsOverlapOfLivingTensors) {
  const Graph graph = Chain();
  ArenaPlan plan = PlanArena(graph);
  BlockOf(graph, plan, "b").offset = BlockOf(graph, plan, "d").offset;
  EXPECT_TRUE(Finds(graph, plan, "make out: reads d, but b was written over it"));
}

TEST(CheckerTest, FindsAnOverlapOfOneLine) {
  const Graph graph = Chain();
  ArenaPlan plan = PlanArena(graph);
  plan.peak_bytes += 64 * 64;
  BlockOf(graph, plan, "d").offset = BlockOf(graph, plan, "b").offset + 32 * 4 * 4 - 64;
  EXPECT_FALSE(CheckArena(graph, plan).empty());
}

TEST(CheckerTest, FindsAResultOverItsOperand) {
  const Graph graph = Chain();
  ArenaPlan plan = PlanArena(graph);
  BlockOf(graph, plan, "c").offset = BlockOf(graph, plan, "b").offset;
  EXPECT_TRUE(Finds(graph, plan, "make c: its result c shares bytes with its operand b"));
}

TEST(CheckerTest, FindsDestroyedInputs) {
  const Graph graph = Chain();
  ArenaPlan plan = PlanArena(graph);
  BlockOf(graph, plan, "a").offset = BlockOf(graph, plan, "out").offset;
  EXPECT_TRUE(
      CheckArena(graph, plan).empty());  // out is written last, so no other read is affected
  BlockOf(graph, plan, "b").offset = BlockOf(graph, plan, "in").offset;
  EXPECT_TRUE(Finds(graph, plan, "after the step: reads in, but b was written over it"));
}

TEST(CheckerTest, FindsReadsOfUnwrittenTensors) {
  Graph graph = Chain();
  graph.ops.erase(graph.ops.begin());  // no operation makes d now
  EXPECT_TRUE(Finds(graph, PlanArena(graph), "make out: reads d"));
}

TEST(CheckerTest, FindsBlocksOutsideTheArenaAndOffTheirLine) {
  const Graph graph = Chain();
  ArenaPlan plan = PlanArena(graph);
  BlockOf(graph, plan, "d").offset = plan.peak_bytes;
  EXPECT_TRUE(Finds(graph, plan, "outside the arena"));
  plan = PlanArena(graph);
  plan.peak_bytes += 64;
  BlockOf(graph, plan, "d").offset += 4;
  EXPECT_TRUE(Finds(graph, plan, "not aligned"));
}

TEST(CheckerTest, FindsTablesOfGathersOutsideTheArena) {
  Graph graph = Chain();
  ArenaPlan plan = PlanArena(graph);
  Op& op = graph.ops[1];  // now takes slices of "in" that a table chooses
  op.Become(ops::Contract{}, {.a = op.in[0], .b = op.in[0], .a_table = std::ssize(graph.tensors)},
            {.c = op.out[0]});
  graph.tensors.push_back({.name = "table",
                           .kind = TensorKind::kInput,
                           .type = ElementType::kI32,
                           .shape = {Constant(32)}});
  plan.blocks.push_back(plan.blocks[0]);
  plan.blocks.back().offset = plan.peak_bytes + (int64_t{1} << 30);
  EXPECT_TRUE(Finds(graph, plan, "table at "));
}

}  // namespace
}  // namespace bittern
