// SPDX-License-Identifier: Apache-2.0
#include "graph/graph.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "graph/builder.h"
#include "graph/passes.h"

namespace bittern {
namespace {

TEST(SizeTest, IsCountTimesAPowerOfTheTokens) {
  EXPECT_EQ((Size{3, 0}.At(7)), 3);
  EXPECT_EQ((Size{3, 2}.At(7)), 147);
  EXPECT_EQ((Constant(4) * kTokens * kTokens), (Size{4, 2}));
}

TEST(BuilderTest, LabelsBecomeLoopsWithStrides) {
  Builder builder(32);
  const TensorId w = builder.NewTensor("w", TensorKind::kParameter, {Constant(6), Constant(10)});
  const TensorId x = builder.NewTensor("x", TensorKind::kActivation, {Constant(10), kTokens});
  const TensorId y = builder.NewTensor("y", TensorKind::kActivation, {Constant(6), kTokens});
  const TensorId bias = builder.NewTensor("bias", TensorKind::kParameter, {Constant(6)});
  builder.Contract("y", builder.Of(y, "mt"), builder.Of(w, "mn"), builder.Of(x, "nt"),
                   Result::kOverwrite, builder.Of(bias, "m"), 0.5);
  const Op& op = builder.graph().ops[0];
  EXPECT_EQ(Operands(op), (std::vector<TensorId>{w, x, bias}));
  EXPECT_EQ(op.Inputs<ops::Contract>().start, bias);
  EXPECT_EQ(op.Inputs<ops::Contract>().a_table, kNoTensor);
  EXPECT_EQ(op.out, std::vector<TensorId>{y});
  const ops::Contract& contract = *op.As<ops::Contract>();
  EXPECT_EQ(contract.scale, 0.5);
  ASSERT_EQ(contract.loops.size(), 3u);
  const Loop &m = contract.loops[0], &t = contract.loops[1], &n = contract.loops[2];
  EXPECT_EQ(m.extent, Constant(6));
  EXPECT_EQ(m.a, Constant(10));
  EXPECT_EQ(m.b, Size{});
  EXPECT_EQ(m.c, kTokens);
  EXPECT_EQ(m.start, Constant(1));
  EXPECT_EQ(t.extent, kTokens);
  EXPECT_EQ(t.b, Constant(1));
  EXPECT_EQ(t.c, Constant(1));
  EXPECT_EQ(n.extent, Constant(10));
  EXPECT_EQ(n.a, Constant(1));
  EXPECT_EQ(n.b, kTokens);
  EXPECT_EQ(n.c, Size{});  // summed
  EXPECT_EQ(contract.MultiplyAdds(12, 0), 6 * 10 * 12);
}

TEST(BuilderTest, ReshapesWithoutCopies) {
  Builder builder(32);
  const TensorId q = builder.NewTensor("q", TensorKind::kActivation, {Constant(24), kTokens});
  const View view = builder.As(q, "hdt", {Constant(4), Constant(6), kTokens});
  EXPECT_EQ(view.axes[0].stride, (Size{6, 1}));
  EXPECT_EQ(view.axes[1].stride, kTokens);
  EXPECT_EQ(view.axes[2].stride, Constant(1));
  EXPECT_DEATH(builder.As(q, "ht", {Constant(4), kTokens}), "invariant");
}

// Two parameters, p -= g(p) and q -= g(q). The updates are appended last.
Graph TwoParameters() {
  Builder builder(4);
  const auto tensor = [&](const char* name, TensorKind kind) {
    return builder.NewTensor(name, kind, {Constant(2)});
  };
  const TensorId p = tensor("p", TensorKind::kParameter), q = tensor("q", TensorKind::kParameter);
  const TensorId dp = tensor("dp", TensorKind::kGradient), dq = tensor("dq", TensorKind::kGradient);
  const TensorId z = tensor("z", TensorKind::kOutput), unread = tensor("u", TensorKind::kScratch);
  builder.Append("make dp", ops::Tanh{}, {.x = p}, {.y = dp});
  builder.Append("unread", ops::Tanh{}, {.x = p}, {.y = unread});
  builder.Append("make dq", ops::Tanh{}, {.x = q}, {.y = dq});
  builder.Append("read p", ops::Tanh{}, {.x = p}, {.y = z});
  builder.Append("update p", ops::Sgd{.rate_factor = 1}, {.gradient = dp}, {.parameter = p});
  builder.Append("update q", ops::Sgd{.rate_factor = 1}, {.gradient = dq}, {.parameter = q});
  Graph graph = builder.Take();
  graph.update_begin = static_cast<int>(graph.ops.size());
  return graph;
}

std::vector<std::string> Names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Op& op : graph.ops) names.push_back(op.name);
  return names;
}

TEST(ScheduleTest, UpdatesMoveToWhereTheirGradientIsComplete) {
  Graph graph = TwoParameters();
  HoistUpdates(graph);
  // q's update may pass the reader of p; p's may not, since that op must see the old value.
  EXPECT_EQ(Names(graph), (std::vector<std::string>{"make dp", "unread", "make dq", "update q",
                                                    "read p", "update p"}));
}

TEST(ScheduleTest, OperationsWithoutReadersAreDropped) {
  Graph graph = TwoParameters();
  RemoveDeadOps(graph);
  EXPECT_EQ(Names(graph),
            (std::vector<std::string>{"make dp", "make dq", "read p", "update p", "update q"}));
  EXPECT_EQ(graph.update_begin, 5);
}

TEST(GraphTest, UpdatesReadWhatTheyChange) {
  const Graph graph = TwoParameters();
  const std::vector<TensorId> reads = Reads(graph.ops[4]);
  EXPECT_NE(std::find(reads.begin(), reads.end(), graph.Find("p")), reads.end());
  EXPECT_EQ(graph.Find("no such tensor"), kNoTensor);
}

}  // namespace
}  // namespace bittern
