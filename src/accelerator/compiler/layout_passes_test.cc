// SPDX-License-Identifier: Apache-2.0
// Unit tests of the passes that choose layouts, and of the mapping of contractions to the array.
#include <gtest/gtest.h>

#include "accelerator/compiler/layout/contraction_mapping.h"
#include "accelerator/compiler/layout/instruction_loops.h"
#include "accelerator/compiler/layout/layout_search.h"
#include "accelerator/compiler/layout/plane_partition.h"
#include "accelerator/compiler/testing/small_graphs.h"
#include "accelerator/isa/accelerator.h"

namespace bittern {
namespace {

const isa::Accelerator& Nano() { return isa::AcceleratorNamed("nano"); }

const TensorLayout& LayoutOf(const Graph& graph, const std::vector<TensorLayout>& layouts,
                             std::string_view name) {
  return layouts[static_cast<size_t>(graph.Find(name))];
}

TEST(LayoutPass, ActivationsHaveTokensInTheirLanes) {
  const Graph graph = TwoLayers();
  const std::vector<TensorLayout> layouts = ChooseLayouts(graph, Nano());
  for (const char* name : {"h.0", "y.1", "dh.0"}) {
    const TensorLayout& layout = LayoutOf(graph, layouts, name);
    EXPECT_EQ(layout.kind, WordKind::kToken);
    EXPECT_EQ(layout.lane_stride, 1);
    EXPECT_EQ(layout.lanes, kSmallTokens);
    EXPECT_EQ(layout.words(), kSmallFeatures);
  }
}

TEST(LayoutPass, AGradientHasTheLayoutOfItsParameter) {
  const Graph graph = TwoLayers();
  const std::vector<TensorLayout> layouts = ChooseLayouts(graph, Nano());
  EXPECT_EQ(LayoutOf(graph, layouts, "dw.0"), LayoutOf(graph, layouts, "w.0"));
  EXPECT_EQ(LayoutOf(graph, layouts, "w.0"), LayoutOf(graph, layouts, "w.1"));
}

TEST(LayoutPass, EveryContractionHasAMapping) {
  const Graph graph = TwoLayers();
  const std::vector<TensorLayout> layouts = ChooseLayouts(graph, Nano());
  const LaidOutGraph in{graph, Nano(), layouts};
  for (const char* name : {"y.0", "dw.0", "dh.0"}) {
    EXPECT_TRUE(ContractionMapping::Find(OpNamed(graph.ops, name), in)) << name;
  }
}

TEST(PlanePartitionPass, HalvesOfActivationsHaveBanksOfTheirOwn) {
  const Graph graph = TwoLayers();
  std::vector<TensorLayout> layouts = ChooseLayouts(graph, Nano());
  PartitionPlanes(graph, Nano(), {}, layouts);
  const TensorLayout& y = LayoutOf(graph, layouts, "y.0");
  ASSERT_NE(y.split, 0);
  EXPECT_EQ(y.plane_step, isa::PlaneStep(Nano().tokens, 2));
  EXPECT_EQ(y.span(), y.words() / 2);
  // The second half begins where the first one ends.
  EXPECT_EQ(y.WordOf(y.split), y.plane_step);
}

TEST(PlanePartitionPass, ARefusedPartitionIsNotChosen) {
  const Graph graph = TwoLayers();
  const std::vector<TensorLayout> whole = ChooseLayouts(graph, Nano());
  std::vector<TensorLayout> first = whole, second = whole;
  PartitionPlanes(graph, Nano(), {}, first);
  const TensorId y = graph.Find("y.0");
  const int64_t split = first[static_cast<size_t>(y)].split;
  PartitionPlanes(graph, Nano(), {{y, split}}, second);
  EXPECT_NE(second[static_cast<size_t>(y)].split, split);
}

TEST(PlanePartitionPass, OnePlaneHasWholeTensors) {
  isa::Accelerator machine = Nano();
  machine.planes = 1;
  const Graph graph = TwoLayers();
  const std::vector<TensorLayout> whole = ChooseLayouts(graph, machine);
  std::vector<TensorLayout> layouts = whole;
  PartitionPlanes(graph, machine, {}, layouts);
  EXPECT_EQ(layouts, whole);
}

// A sum over tokens has rows of one operand and columns of the other in lanes, and sums nothing
// else: the array writes each word once.
TEST(ContractionMapping, ASumOverTokensWritesOnce) {
  const Graph graph = TwoLayers();
  const std::vector<TensorLayout> layouts = ChooseLayouts(graph, Nano());
  const auto mapping =
      ContractionMapping::Find(OpNamed(graph.ops, "dw.0"), {graph, Nano(), layouts});
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->direction(), isa::Direction::kToken);
  EXPECT_TRUE(mapping->WritesOnce());
  EXPECT_TRUE(mapping->summed().empty());
  EXPECT_FALSE(mapping->TraversalOfTokens());
}

TEST(InstructionLoops, NeighboursThatOneLoopCanReplaceAreJoined) {
  const InstructionLoop outer{.extent = 3, .stride = {.c = 8, .a = 4}};
  const InstructionLoop inner{.extent = 4, .stride = {.c = 2, .a = 1}};
  const std::vector<InstructionLoop> joined = Fuse({outer, inner});
  ASSERT_EQ(joined.size(), 1u);
  EXPECT_EQ(joined[0], (InstructionLoop{.extent = 12, .stride = {.c = 2, .a = 1}}));
  InstructionLoop other = outer;
  other.stride.a = 5;  // does not continue where the inner loop ends
  EXPECT_EQ(Fuse({other, inner}).size(), 2u);
}

TEST(InstructionLoops, InnerLoopsArePickedUpToALimit) {
  std::vector<InstructionLoop> from = {{.extent = 6, .stride = {.c = 4}},
                                       {.extent = 4, .stride = {.c = 1}}};
  const std::vector<InstructionLoop> picked = PickInner(from, 12, 12);
  EXPECT_EQ(Product(picked), 12);
  ASSERT_EQ(from.size(), 1u);
  EXPECT_EQ(from[0].extent, 2);
  EXPECT_EQ(from[0].stride.c, 3 * 4);  // what remains takes steps of three
}

TEST(TensorLayout, HalvesOfEveryRowAlternate) {
  // 4 x 8 elements with the 4 in lanes; planes alternate every 4 words.
  const TensorLayout layout{.kind = WordKind::kRank,
                            .elements = 32,
                            .lane_stride = 8,
                            .lanes = 4,
                            .width = 4,
                            .split = 4,
                            .plane_step = 100};
  EXPECT_EQ(layout.words(), 8);
  EXPECT_EQ(layout.span(), 4);
  EXPECT_EQ(layout.WordOf(3), 3);
  EXPECT_EQ(layout.WordOf(4), 100);
  EXPECT_EQ(layout.LaneOf(8), 1);
}

}  // namespace
}  // namespace bittern
