// SPDX-License-Identifier: Apache-2.0
#include "graph/recomputation.h"

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "graph/passes.h"

namespace bittern {
namespace {

const std::vector<Size> kShape = {Constant(4), kTokens};

// forward: a = tanh(x), b = gelu(a), loss = b + a;  backward: d = b + a, e = d + a.
struct Chain {
  Builder builder{8};
  TensorId x, a, b, loss, d, e;
  Segment gelu;

  Chain() {
    x = builder.NewTensor("x", TensorKind::kInput, kShape);
    a = Tanh("a", x);
    gelu.begin = static_cast<int>(builder.graph().ops.size());
    b = Gelu("b", a);
    gelu.end = gelu.begin + 1;
    loss = Add("loss", b, a);
  }
  TensorId New(const char* name, TensorKind kind = TensorKind::kActivation) {
    return builder.NewTensor(name, kind, kShape);
  }
  TensorId Tanh(const char* name, TensorId operand) {
    const TensorId y = New(name);
    builder.Append(name, ops::Tanh{}, {.x = operand}, {.y = y});
    return y;
  }
  TensorId Gelu(const char* name, TensorId operand) {
    const TensorId y = New(name);
    builder.Append(name, ops::Gelu{}, {.x = operand}, {.y = y});
    return y;
  }
  // A result that the host reads, so that it is not dead.
  TensorId Add(const char* name, TensorId left, TensorId right) {
    const TensorId sum = New(name, TensorKind::kOutput);
    builder.Append(name, ops::Add{}, {.a = left, .b = right}, {.y = sum});
    return sum;
  }
  Recomputation Here(Segment segment) const {
    return {segment, static_cast<int>(builder.graph().ops.size()),
            static_cast<int>(builder.graph().tensors.size())};
  }
  Graph Finish() {
    builder.mutable_graph().update_begin = static_cast<int>(builder.graph().ops.size());
    return builder.Take();
  }
};

std::vector<std::string> OpNames(const Graph& graph) {
  std::vector<std::string> names;
  for (const Op& op : graph.ops) names.push_back(op.name);
  return names;
}

TEST(RecomputationTest, LaterOperationsReadTheCopy) {
  Chain chain;
  const Recomputation again = chain.Here(chain.gelu);
  chain.builder.BeginIteration(1, 3);
  chain.d = chain.Add("d", chain.b, chain.a);
  Graph graph = chain.Finish();
  InsertRecomputations(std::vector{again}, graph);

  EXPECT_EQ(OpNames(graph), (std::vector<std::string>{"a", "b", "loss", "b", "d"}));
  EXPECT_EQ(graph.update_begin, 5);
  const TensorId copy = graph.ops[3].out[0];
  EXPECT_NE(copy, chain.b);
  EXPECT_EQ(graph.At(copy).name, "b");
  EXPECT_EQ(graph.ops[2].in, (std::vector<TensorId>{chain.b, chain.a}));
  EXPECT_EQ(graph.ops[4].in, (std::vector<TensorId>{copy, chain.a}));
  // The copy stands in the iteration of the operations around it, and in front of their tensors.
  EXPECT_EQ(graph.ops[3].loop, 1);
  EXPECT_EQ(graph.ops[3].iteration, 3);
  EXPECT_EQ(graph.ops[4].out[0], copy + 1);
}

TEST(RecomputationTest, ASecondCopyReadsTheFirst) {
  Chain chain;
  const Recomputation all = chain.Here({0, chain.gelu.end});
  chain.d = chain.Add("d", chain.b, chain.a);
  const Recomputation gelu = chain.Here(chain.gelu);
  chain.e = chain.Add("e", chain.d, chain.b);
  Graph graph = chain.Finish();
  InsertRecomputations(std::vector{all, gelu}, graph);

  EXPECT_EQ(OpNames(graph), (std::vector<std::string>{"a", "b", "loss", "a", "b", "d", "b", "e"}));
  const TensorId second_a = graph.ops[3].out[0];
  EXPECT_EQ(graph.ops[4].in[0], second_a);
  EXPECT_EQ(graph.ops[6].in[0], second_a);
  EXPECT_EQ(graph.ops[7].in[1], graph.ops[6].out[0]);
}

TEST(RecomputationTest, AnInPlaceOperationIsCopiedWithWhatMadeItsTensor) {
  Chain chain;
  const int begin = static_cast<int>(chain.builder.graph().ops.size());
  const TensorId y = chain.Tanh("y", chain.a);
  chain.builder.Append("y in place", ops::Gelu{}, {.x = y}, {.y = y});
  const Segment segment{begin, begin + 2};
  const Recomputation again = chain.Here(segment);
  chain.d = chain.Add("d", y, chain.a);
  const Recomputation half = chain.Here({begin + 1, begin + 2});
  Graph graph = chain.Finish();
  Graph broken = graph;
  InsertRecomputations(std::vector{again}, graph);
  const TensorId copy = graph.ops[6].out[0];
  EXPECT_NE(copy, y);
  EXPECT_EQ(graph.ops[6].in[0], copy);
  EXPECT_EQ(graph.ops[7].in[0], copy);
  EXPECT_DEATH(InsertRecomputations(std::vector{half}, broken), "invariant broken");
}

TEST(RecomputationTest, WhatNothingReadsIsDead) {
  Chain chain;
  const Recomputation all = chain.Here({0, chain.gelu.end});
  chain.d = chain.Add("d", chain.a, chain.a);
  Graph graph = chain.Finish();
  InsertRecomputations(std::vector{all}, graph);
  RemoveDeadOps(graph);
  EXPECT_EQ(OpNames(graph), (std::vector<std::string>{"a", "b", "loss", "a", "d"}));
}

}  // namespace
}  // namespace bittern
