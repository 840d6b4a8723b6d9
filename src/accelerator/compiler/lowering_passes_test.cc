// SPDX-License-Identifier: Apache-2.0
// Unit tests of the passes from traversal orders to encoded instructions.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <variant>

#include "accelerator/compiler/lower/encode.h"
#include "accelerator/compiler/lower/instruction_stream.h"
#include "accelerator/compiler/schedule/list_schedule.h"
#include "accelerator/compiler/schedule/loop_rolling.h"
#include "accelerator/compiler/schedule/waits.h"
#include "accelerator/compiler/testing/small_graphs.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/decoded_program.h"
#include "accelerator/isa/field_limits.h"

namespace bittern {
namespace {

const isa::Accelerator& Nano() { return isa::AcceleratorNamed("nano"); }

// An elementwise operation writes in the order in which its result is wanted, and its operand is
// wanted in the same order.
TEST(TraversalOrderPass, OrdersPassThroughElementwiseOperations) {
  const Graph graph = TwoLayers();
  const Compilation state = StateAfter("traversal-order", graph, Nano());
  const auto order = [&](const char* name) {
    return state.traversals.Of(state.graph.Find(name), kSmallFeatures);
  };
  const TraversalOrder y = order("y.0"), h = order("h.1");
  EXPECT_EQ(std::tie(y.outer, y.inner, y.outer_step, y.inner_step),
            std::tie(h.outer, h.inner, h.outer_step, h.inner_step));
}

TEST(TraversalOrderPass, EveryWordIsWrittenOnce) {
  const Graph graph = TwoLayers();
  const Compilation state = StateAfter("traversal-order", graph, Nano());
  for (const auto& [id, order] : state.traversals.all()) {
    std::set<int64_t> words;
    for (int64_t i = 0; i < order.outer; ++i) {
      for (int64_t n = 0; n < order.inner; ++n) {
        words.insert(i * order.outer_step + n * order.inner_step);
      }
    }
    const int64_t count = state.layouts[static_cast<size_t>(id)].words();
    EXPECT_EQ(std::ssize(words), count);
    EXPECT_EQ(*words.rbegin(), count - 1);
  }
}

TEST(RollLoopsPass, RepeatedLayersBecomeALoop) {
  const Graph graph = TwoLayers();
  const std::vector<TensorLayout> layouts = StateAfter("plane-partition", graph, Nano()).layouts;
  std::vector<FusionGroup> groups;
  for (const Op& op : graph.ops) groups.push_back({op});
  const RolledStep step = RollLoops(groups, graph, layouts);
  ASSERT_EQ(step.list.size(), 3u);  // forward, the last product, backward
  const Section& forward = step.list[0];
  EXPECT_EQ(forward.iterations, 2);
  EXPECT_EQ(forward.groups.size(), 2u);  // of the first iteration
  EXPECT_EQ(forward.next.at(graph.Find("w.0")), graph.Find("w.1"));
  EXPECT_EQ(step.list[2].next.at(graph.Find("w.1")), graph.Find("w.0"));
  // The loop steps from one parameter to the next, so they are adjacent.
  const std::vector<TensorId> parameters = {graph.Find("w.0"), graph.Find("w.1")};
  EXPECT_EQ(std::count(step.loop_indexed.begin(), step.loop_indexed.end(), parameters), 1);
}

TEST(RollLoopsPass, LayersThatDifferAreNoLoop) {
  Graph graph = TwoLayers();
  const std::vector<TensorLayout> layouts = StateAfter("plane-partition", graph, Nano()).layouts;
  std::swap(graph.ops[2], graph.ops[3]);  // the second layer in another order
  std::vector<FusionGroup> groups;
  for (const Op& op : graph.ops) groups.push_back({op});
  const RolledStep step = RollLoops(groups, graph, layouts);
  ASSERT_EQ(step.list.size(), 4u);  // the backward layers still are a loop
  EXPECT_EQ(step.list[0].iterations, 1);
  EXPECT_TRUE(step.list[0].next.empty());
}

TEST(ListSchedulePass, KeepsTheOrderOfConflicts) {
  const Graph graph = TwoLayers();
  const Compilation before = StateAfter("roll-loops", graph, Nano());
  const Compilation after = StateAfter("list-schedule", graph, Nano());
  ASSERT_EQ(before.rolled.list.size(), after.rolled.list.size());
  for (size_t s = 0; s < before.rolled.list.size(); ++s) {
    const std::vector<FusionGroup>& from = before.rolled.list[s].groups;
    const std::vector<FusionGroup>& to = after.rolled.list[s].groups;
    ASSERT_EQ(from.size(), to.size());
    const auto place = [&](const FusionGroup& group) {
      return std::find_if(
                 to.begin(), to.end(),
                 [&](const FusionGroup& other) { return other[0].name == group[0].name; }) -
             to.begin();
    };
    for (size_t i = 0; i < from.size(); ++i) {
      ASSERT_LT(place(from[i]), std::ssize(to));
      for (size_t n = i + 1; n < from.size(); ++n) {
        if (MustKeepOrder(from[i][0], from[n][0])) {
          EXPECT_LT(place(from[i]), place(from[n]));
        }
      }
    }
  }
}

// In the backward pass the gradient that the next layer waits for comes before the update.
TEST(ListSchedulePass, WhatTheNextSectionReadsComesFirst) {
  const Graph graph = TwoLayers();
  Compilation state = StateAfter("roll-loops", graph, Nano());
  Section& backward = state.rolled.list.back();
  backward.wanted.insert(state.graph.Find("dh.1"));
  ListSchedule(backward, state.laid_out());
  std::vector<std::string> names;
  for (const FusionGroup& group : backward.groups) names.push_back(group[0].name);
  const auto at = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) - names.begin();
  };
  EXPECT_LT(at("dh.1"), at("dw.1"));
}

TEST(LowerPass, AProductIsStreamedAndOperandsAreInOrder) {
  const Graph graph = TwoLayers();
  const Compilation state = StateAfter("lower", graph, Nano());
  std::set<std::string> sources;
  size_t streams = 0;
  for (const MachineOp& op : state.ops) {
    size_t walks = 0;
    std::visit([&](const auto& of) { VisitWalks(of, [&](const isa::Walk&, Access) { ++walks; }); },
               op.instruction);
    EXPECT_EQ(walks, op.tensors.size()) << op.source;
    sources.insert(op.source);
    if (std::holds_alternative<isa::Stream>(op.instruction)) ++streams;
  }
  EXPECT_GE(streams, 3u);  // y, dw and dh of the layer in the loop
  EXPECT_TRUE(sources.contains("y.0"));
  EXPECT_FALSE(sources.contains("y.1"));  // the second iteration of the loop
}

TEST(LowerPass, InstructionsOfARolledLoopNameTheNextTensors) {
  InstructionStream stream;
  stream.BeginRolledLoop(3, {{7, 8}}, /*stream_step=*/2);
  isa::Vector vector;
  vector.a = isa::Walk{};
  vector.y = isa::Walk{};
  vector.dropout = isa::Dropout{};
  stream.Append(vector, {5, 7});
  stream.EndRolledLoop();
  stream.Append(vector, {5, 7});
  ASSERT_EQ(stream.ops().size(), 3u);
  EXPECT_EQ(std::get<isa::Loop>(stream.ops()[0].instruction).count, 3u);
  EXPECT_EQ(std::get<isa::Loop>(stream.ops()[0].instruction).body, 1u);
  EXPECT_EQ(stream.ops()[1].next, (std::vector<StoredId>{5, 8}));
  EXPECT_EQ(std::get<isa::Vector>(stream.ops()[1].instruction).dropout->stream_outer, 2);
  EXPECT_TRUE(stream.ops()[2].next.empty());
}

TEST(LowerPass, SlotsAlternateInAListLoop) {
  InstructionStream stream;
  stream.BeginListLoop(1);
  stream.Append(isa::Load{}, {0});
  stream.EndListLoop();
  EXPECT_EQ(std::get<isa::Loop>(stream.ops()[0].instruction).source, 2u);  // from 1
  EXPECT_EQ(std::get<isa::Load>(stream.ops()[1].instruction).alternate, 1u);
}

TEST(TimePass, UnitsTakeTheirInstructionsInOrder) {
  const Graph graph = TwoLayers();
  const Compilation state = StateAfter("time", graph, Nano());
  ASSERT_FALSE(state.times.empty());
  std::array<int64_t, isa::kUnits> free{};
  for (const InstructionTime& time : state.times) {
    int64_t& unit = free[static_cast<size_t>(time.unit)];
    EXPECT_GE(time.start, time.dispatch);
    EXPECT_GE(time.start, unit);
    EXPECT_GT(time.done, time.start);
    unit = time.issued;
  }
}

// y = x of `words` words, in the vector unit.
MachineOp Copy(StoredId x, StoredId y, uint32_t from, uint32_t to, uint32_t words) {
  isa::Vector vector;
  vector.count = {1, 1, 1, words};
  vector.x1 = isa::Source::kA;
  vector.p1 = vector.p2 = vector.p3 = isa::Source::kOne;
  vector.a = isa::Walk{};
  vector.a->base = from;
  vector.a->stride[3] = 1;
  vector.y = isa::Walk{};
  vector.y->base = to;
  vector.y->stride[3] = 1;
  return {vector, {x, y}, {}, "copy"};
}
MachineOp LoadOf(StoredId x, uint32_t from, uint32_t words) {
  isa::Load load;
  load.count = {1, 1, 1, words};
  load.source.base = from;
  load.source.stride[3] = 1;
  return {load, {x}, {}, "load"};
}
const isa::Wait& WaitForVector(const MachineOp& op) {
  return std::get<isa::Load>(op.instruction).wait[static_cast<size_t>(isa::Unit::kVector)];
}

// Tensors 0, 1 and 2 of 8 words, each in a bank of token words.
std::vector<Extent> ThreeTensors() {
  const auto depth = static_cast<uint32_t>(Nano().tokens.depth);
  return {{0, 8, 0}, {depth, 8, 0}, {2 * depth, 8, 0}};
}

TEST(WaitsPass, AReaderWaitsForTheWriter) {
  const std::vector<Extent> extents = ThreeTensors();
  const auto at = [&](size_t i) { return extents[i].address; };
  const std::vector<MachineOp> ops = AddWaits({Copy(0, 1, at(0), at(1), 8), LoadOf(1, at(1), 4)},
                                              extents, Nano(), kSmallTokens, Ports::kOfBanks);
  ASSERT_EQ(ops.size(), 2u);
  EXPECT_EQ(WaitForVector(ops[1]).distance, 1u);  // the latest instruction of that unit
}

TEST(WaitsPass, WhatSharesNeitherWordsNorPortsDoesNotWait) {
  const std::vector<Extent> extents = ThreeTensors();
  const auto at = [&](size_t i) { return extents[i].address; };
  const std::vector<MachineOp> ops = AddWaits({Copy(0, 1, at(0), at(1), 8), LoadOf(2, at(2), 4)},
                                              extents, Nano(), kSmallTokens, Ports::kOfBanks);
  EXPECT_EQ(WaitForVector(ops[1]).distance, 0u);
}

// Two reads do not depend on one another, but a bank has one port to read.
TEST(WaitsPass, ReadersOfOneBankTakeTurns) {
  std::vector<Extent> extents = ThreeTensors();
  const auto at = [&](size_t i) { return extents[i].address; };
  const std::vector<MachineOp> together = {Copy(0, 1, at(0), at(1), 8), LoadOf(0, at(0), 4)};
  EXPECT_EQ(
      WaitForVector(AddWaits(together, extents, Nano(), kSmallTokens, Ports::kOfBanks)[1]).distance,
      1u);
  // Another tensor of the same bank: for an estimate, every tensor has its own port.
  extents[2].address = at(0) + 8;
  const std::vector<MachineOp> neighbours = {Copy(0, 1, at(0), at(1), 8),
                                             LoadOf(2, extents[2].address, 4)};
  EXPECT_EQ(WaitForVector(AddWaits(neighbours, extents, Nano(), kSmallTokens, Ports::kOfBanks)[1])
                .distance,
            1u);
  EXPECT_EQ(WaitForVector(AddWaits(neighbours, extents, Nano(), kSmallTokens, Ports::kOfTensors)[1])
                .distance,
            0u);
}

TEST(WaitsPass, ALoopOverAListEndsWithASync) {
  const std::vector<Extent> extents = ThreeTensors();
  isa::Loop loop;
  loop.source = 1;
  loop.body = 1;
  const std::vector<MachineOp> ops =
      AddWaits({{loop, {}, {}, "loop"}, LoadOf(0, extents[0].address, 4)}, extents, Nano(),
               kSmallTokens, Ports::kOfBanks);
  ASSERT_EQ(ops.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<isa::Sync>(ops[2].instruction));
}

TEST(EncodePass, ALoopCountsItsBodyInWords) {
  isa::Loop loop;
  loop.count = 2;
  loop.body = 1;
  std::vector<Shortfall> shortfalls;
  const std::vector<MachineOp> ops = {{loop, {}, {}, ""}, LoadOf(0, 0, 4)};
  const DecodedProgram program = DecodeProgram(EncodeProgram(ops, shortfalls));
  EXPECT_TRUE(shortfalls.empty());
  ASSERT_EQ(program.size(), 3u);
  EXPECT_EQ(std::get<isa::Loop>(program[0].instruction).body,
            static_cast<uint32_t>(program[1].words));
  EXPECT_TRUE(std::holds_alternative<isa::End>(program[2].instruction));
}

TEST(EncodePass, ABodyThatIsTooLongIsAShortfall) {
  const auto longest = static_cast<uint32_t>(isa::MostOf<isa::Loop>("body"));
  isa::Loop loop;
  loop.body = longest;  // instructions, each of several words
  std::vector<MachineOp> ops(longest + 1, LoadOf(0, 0, 4));
  ops[0] = {loop, {}, {}, ""};
  std::vector<Shortfall> shortfalls;
  EXPECT_TRUE(EncodeProgram(ops, shortfalls).empty());
  ASSERT_EQ(shortfalls.size(), 1u);
  EXPECT_EQ(shortfalls[0].what, "words in a hardware loop");
  EXPECT_EQ(shortfalls[0].available, longest);
}

}  // namespace
}  // namespace bittern
