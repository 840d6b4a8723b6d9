// SPDX-License-Identifier: Apache-2.0
// Unit tests of the passes that change or group the operations of a graph.
#include <gtest/gtest.h>

#include <algorithm>

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/fuse/rewrite.h"
#include "accelerator/compiler/testing/small_graphs.h"
#include "accelerator/isa/accelerator.h"

namespace bittern {
namespace {

using Names = std::vector<std::string>;

TEST(RewritePass, TheUpdateIsAddedToTheParameter) {
  const Graph graph = Rewrite(TwoLayers());
  const std::vector<std::string> kinds = Kinds(graph.ops);
  // A factor of each gradient is scaled by the rate, so an addition replaces the update.
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "descend"), 2);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "add"), 2);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "sgd"), 0);
  const Op& update = OpNamed(graph.ops, "w.1");
  EXPECT_EQ(update.in, (std::vector{graph.Find("w.1"), graph.Find("dw.1")}));
  EXPECT_EQ(update.out, std::vector{graph.Find("w.1")});
}

TEST(RewritePass, TensorsKeepTheirNumbers) {
  const Graph before = TwoLayers(), after = Rewrite(before);
  ASSERT_GE(after.tensors.size(), before.tensors.size());
  for (size_t id = 0; id < before.tensors.size(); ++id) {
    EXPECT_EQ(after.tensors[id].name, before.tensors[id].name);
  }
}

TEST(SeparateResultsPass, AnOperationInPlaceGetsAResult) {
  Graph graph = GradientInPlace();
  const TensorId dy = graph.Find("dy");
  SeparateResults(graph);
  const Op& gradient = OpNamed(graph.ops, "gradient");
  EXPECT_EQ(gradient.in[0], dy);
  EXPECT_NE(gradient.out[0], dy);
  // Later operations read the new tensor.
  EXPECT_EQ(OpNamed(graph.ops, "out").in[1], gradient.out[0]);
}

TEST(SeparateResultsPass, OutputsAndPersistentTensorsStay) {
  Graph graph = GradientInPlace();
  graph.tensors[static_cast<size_t>(graph.Find("dy"))].persistent = true;
  SeparateResults(graph);
  EXPECT_EQ(OpNamed(graph.ops, "gradient").out[0], graph.Find("dy"));
}

TEST(ZeroFirstPass, FillsComeFirst) {
  Graph graph = SumZeroedLate();
  EXPECT_EQ(Kinds(graph.ops), (Names{"contract", "fill", "contract"}));
  ZeroFirst(graph);
  EXPECT_EQ(Kinds(graph.ops), (Names{"fill", "contract", "contract"}));
}

TEST(AccumulatePass, AProductThatWritesOnceAddsToItsParameter) {
  Graph graph = Rewrite(TwoLayers());
  AccumulateDirectly(graph, [](const Op& op) { return op.name == "dw.1"; });
  const Op& direct = OpNamed(graph.ops, "dw.1");
  EXPECT_TRUE(Accumulates(direct));
  EXPECT_EQ(direct.out[0], graph.Find("w.1"));
  // The other one is added by an operation.
  EXPECT_FALSE(Accumulates(OpNamed(graph.ops, "dw.0")));
  const std::vector<std::string> kinds = Kinds(graph.ops);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "add"), 1);
  EXPECT_EQ(graph.update_begin, std::ssize(graph.ops));
}

TEST(AccumulatePass, SumsOverTokensWriteOnce) {
  const Graph graph = TwoLayers();
  const Compilation state = StateAfter("accumulate", graph, isa::AcceleratorNamed("nano"));
  for (const char* name : {"dw.0", "dw.1"}) {
    EXPECT_TRUE(Accumulates(OpNamed(state.graph.ops, name))) << name;
  }
}

TEST(FusePass, AGroupTakesWhatItsVectorOpsCanCompute) {
  const Graph graph = SumWithMoments();
  const std::vector<FusionGroup> groups = FormFusionGroups(graph);
  ASSERT_EQ(groups.size(), 2u);
  // The moments move up to their sum; the operation between does not depend on them.
  EXPECT_EQ(Kinds(groups[0]), (Names{"add", "moments"}));
  EXPECT_EQ(Kinds(groups[1]), (Names{"gelu"}));
}

TEST(FusePass, AnOperationDoesNotMoveAcrossAConflict) {
  Graph graph = SumWithMoments();
  // The operation between writes the sum again, so its moments are others.
  graph.ops[1].out[0] = graph.Find("s");
  EXPECT_EQ(FormFusionGroups(graph).size(), 3u);
}

TEST(FusePass, EveryOperationIsInOneGroup) {
  const Graph graph = Rewrite(TwoLayers());
  size_t operations = 0;
  for (const FusionGroup& group : FormFusionGroups(graph)) operations += group.size();
  EXPECT_EQ(operations, graph.ops.size());
}

}  // namespace
}  // namespace bittern
