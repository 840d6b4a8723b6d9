// SPDX-License-Identifier: Apache-2.0
#include "tensor/tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "tensor/tensor_train.h"
#include "tensor/testing/tensors.h"

namespace bittern {
namespace {

// One 768 x 768 map of the model.
TtShape MapShape() { return {{12, 8, 8}, {8, 8, 12}, UniformRanks(6, 12)}; }

TtShape RandomMapShape(Random& random, int cores) {
  TtShape shape;
  const int outputs = static_cast<int>(random.UniformInt(cores + 1));
  for (int core = 0; core < cores; ++core) {
    auto& modes = core < outputs ? shape.output_modes : shape.input_modes;
    modes.push_back(1 + static_cast<int>(random.UniformInt(5)));
  }
  shape.ranks = UniformRanks(cores, 1);
  for (int bond = 1; bond < cores; ++bond) {
    shape.ranks[bond] = 1 + static_cast<int>(random.UniformInt(6));
  }
  return shape;
}

// Multiplications and held elements of every contraction tree of a network, found by contracting
// every pair of tensors in every order. Shares nothing with the planner but the network.
class AllTrees {
 public:
  AllTrees(const Chain& chain, std::int64_t tokens) {
    for (const Index& index : chain.indices) extents_.push_back(index.extent);
    extents_.back() = tokens;
    std::vector<std::set<int>> tensors;
    for (const IndexSet leaf : chain.leaves) {
      std::set<int> tensor;
      for (int i = 0; i < static_cast<int>(extents_.size()); ++i) {
        if (leaf >> i & 1) tensor.insert(i);
      }
      tensors.push_back(tensor);
    }
    Contract(tensors, 0, 0);
  }

  std::pair<std::int64_t, std::int64_t> fewest_multiplications{kMost, kMost};
  std::pair<std::int64_t, std::int64_t> fewest_elements{kMost, kMost};

 private:
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

  std::int64_t Extent(const std::set<int>& indices) const {
    std::int64_t extent = 1;
    for (const int index : indices) extent *= extents_[index];
    return extent;
  }

  void Contract(const std::vector<std::set<int>>& tensors, std::int64_t multiplications,
                std::int64_t elements) {
    if (tensors.size() == 1) {
      elements -= Extent(tensors[0]);  // Y is no intermediate
      fewest_multiplications = std::min(fewest_multiplications, {multiplications, elements});
      fewest_elements = std::min(fewest_elements, {elements, multiplications});
      return;
    }
    for (std::size_t a = 0; a < tensors.size(); ++a) {
      for (std::size_t b = a + 1; b < tensors.size(); ++b) {
        // An index stands in two tensors, or in one and in Y.
        std::set<int> both = tensors[a], result;
        both.insert(tensors[b].begin(), tensors[b].end());
        std::set_symmetric_difference(tensors[a].begin(), tensors[a].end(), tensors[b].begin(),
                                      tensors[b].end(), std::inserter(result, result.end()));
        std::vector<std::set<int>> next;
        for (std::size_t i = 0; i < tensors.size(); ++i) {
          if (i != a && i != b) next.push_back(tensors[i]);
        }
        next.push_back(result);
        Contract(next, multiplications + Extent(both), elements + Extent(result));
      }
    }
  }

  std::vector<std::int64_t> extents_;
};

TEST(PlanTest, CostsOfOneMapAt32Tokens) {
  const Chain chain = TtChain(MapShape());
  EXPECT_EQ(PlanMatrix(chain, 32).ActivationMultiplications(), 18'874'368);
  EXPECT_EQ(PlanRightToLeft(chain, 32).Multiplications(), 1'253'376);
  EXPECT_EQ(PlanBtt(chain, 32).Multiplications(), 838'656);
  EXPECT_EQ(PlanOptimal(chain, 32).Multiplications(), 691'200);

  EXPECT_EQ(PlanRightToLeft(chain, 32).IntermediateElements(), 55'680);
  EXPECT_EQ(PlanBtt(chain, 32).IntermediateElements(), 21'120);
  EXPECT_EQ(PlanOptimal(chain, 32).IntermediateElements(), 8'832);

  EXPECT_EQ(PlanBtt(chain, 32).ComposingMultiplications(), 2 * 124'416);
  EXPECT_EQ(PlanBtt(chain, 32).ActivationMultiplications(), 2 * 294'912);
  EXPECT_EQ(PlanRightToLeft(chain, 32).ComposingMultiplications(), 0);
}

TEST(PlanTest, MatrixComposesAllCoresAtTheEnd) {
  const ContractionTree tree = PlanMatrix(TtChain(MapShape()), 32);
  // A and B as in BTT, then A * B.
  EXPECT_EQ(tree.ComposingMultiplications(), 2 * 124'416 + 768 * 12 * 768);
  EXPECT_EQ(tree.nodes[tree.nodes[tree.root()].left].elements, 589'824);
}

TEST(PlanTest, DenseWeightIsItsOwnTree) {
  const Chain chain = DenseChain(768, 768);
  for (const Order order : kOrders) {
    const ContractionTree tree = Plan(order, chain, 32);
    EXPECT_EQ(tree.Multiplications(), 18'874'368);
    EXPECT_EQ(tree.IntermediateElements(), 0);
    EXPECT_EQ(tree.Formula(), "G1*X");
  }
}

TEST(PlanTest, OptimumByTokens) {
  const Chain chain = TtChain(MapShape());
  EXPECT_EQ(PlanOptimal(chain, 1).Formula(), PlanRightToLeft(chain, 1).Formula());
  for (int tokens = 2; tokens < 96; ++tokens) {
    EXPECT_EQ(PlanOptimal(chain, tokens).Formula(), "(G1*G2)*(G3*(G4*((G5*G6)*X)))") << tokens;
    EXPECT_LT(PlanOptimal(chain, tokens).Multiplications(),
              PlanBtt(chain, tokens).Multiplications())
        << tokens;
  }
  for (const int tokens : {96, 97, 128, 512}) {
    EXPECT_EQ(PlanOptimal(chain, tokens).Multiplications(),
              PlanBtt(chain, tokens).Multiplications())
        << tokens;
  }
}

TEST(PlanTest, OrdersOfTheNamedTrees) {
  const Chain chain = TtChain(MapShape());
  EXPECT_EQ(PlanRightToLeft(chain, 32).Formula(), "G1*(G2*(G3*(G4*(G5*(G6*X)))))");
  EXPECT_EQ(PlanBtt(chain, 32).Formula(), "((G1*G2)*G3)*((G4*(G5*G6))*X)");
}

TEST(PlanTest, UsualSentenceOf12Tokens) {
  const Chain chain = TtChain(MapShape());
  EXPECT_EQ(PlanBtt(chain, 12).Multiplications(), 470'016);
  EXPECT_EQ(PlanRightToLeft(chain, 12).Multiplications(), 470'016);
  EXPECT_EQ(PlanOptimal(chain, 12).Multiplications(), 276'480);
}

TEST(PlanTest, OptimumEqualsSearchOfAllTrees) {
  Random random(7);
  for (int trial = 0; trial < 60; ++trial) {
    const Chain chain = TtChain(RandomMapShape(random, 1 + trial % 5));
    const std::int64_t tokens = 1 + random.UniformInt(9);
    const AllTrees all(chain, tokens);
    const ContractionTree fast = PlanOptimal(chain, tokens, Objective::kMultiplications);
    EXPECT_EQ(std::pair(fast.Multiplications(), fast.IntermediateElements()),
              all.fewest_multiplications);
    const ContractionTree small = PlanOptimal(chain, tokens, Objective::kIntermediates);
    EXPECT_EQ(std::pair(small.IntermediateElements(), small.Multiplications()),
              all.fewest_elements);
  }
}

TEST(PlanTest, NoNamedOrderBeatsTheOptimum) {
  Random random(8);
  for (int trial = 0; trial < 100; ++trial) {
    const Chain chain = TtChain(RandomMapShape(random, 1 + trial % kMaxCores));
    const std::int64_t tokens = 1 + random.UniformInt(64);
    const ContractionTree fast = PlanOptimal(chain, tokens);
    const ContractionTree small = PlanOptimal(chain, tokens, Objective::kIntermediates);
    for (const Order order : kOrders) {
      const ContractionTree tree = Plan(order, chain, tokens);
      EXPECT_LE(fast.Multiplications(), tree.Multiplications());
      EXPECT_LE(small.IntermediateElements(), tree.IntermediateElements());
    }
  }
}

// A tensor as values at index assignments, contracted by the definition.
struct Tensor {
  std::vector<int> indices;
  std::vector<double> values;  // row-major
};

Tensor ContractNode(const ContractionTree& tree, const ContractionNode& node, const Tensor& left,
                    const Tensor& right) {
  std::vector<int> all = node.open;
  all.insert(all.end(), node.summed.begin(), node.summed.end());
  Tensor result{node.open, std::vector<double>(node.elements, 0.0)};
  std::vector<std::int64_t> at(tree.extents.size(), 0);
  const auto offset = [&](const std::vector<int>& indices) {
    std::int64_t place = 0;
    for (const int index : indices) place = place * tree.extents[index] + at[index];
    return place;
  };
  std::int64_t steps = 0;
  for (bool more = true; more;) {
    ++steps;
    result.values[offset(result.indices)] +=
        left.values[offset(left.indices)] * right.values[offset(right.indices)];
    more = false;
    for (const int index : all) {
      if (++at[index] < tree.extents[index]) {
        more = true;
        break;
      }
      at[index] = 0;
    }
  }
  EXPECT_EQ(steps, node.multiplications);
  return result;
}

// Every order's tree, executed on random numbers, gives dense * x.
void ExpectTreesCompute(const Chain& chain, const std::vector<std::vector<double>>& cores,
                        const std::vector<double>& dense, std::int64_t columns, Random& random) {
  const std::int64_t rows = std::ssize(dense) / columns;
  const std::int64_t tokens = 1 + random.UniformInt(3);
  std::vector<double> x(columns * tokens);
  for (double& value : x) value = random.Normal();
  for (const Order order : kOrders) {
    const ContractionTree tree = Plan(order, chain, tokens);
    ASSERT_EQ(tree.leaves(), std::ssize(cores) + 1);
    std::vector<Tensor> tensors;
    for (int leaf = 0; leaf < tree.leaves(); ++leaf) {
      tensors.push_back({tree.nodes[leaf].open, leaf < std::ssize(cores) ? cores[leaf] : x});
      ASSERT_EQ(tree.nodes[leaf].elements, static_cast<int>(tensors[leaf].values.size()));
    }
    for (int i = tree.leaves(); i <= tree.root(); ++i) {
      const ContractionNode& node = tree.nodes[i];
      ASSERT_LT(node.left, i);
      ASSERT_LT(node.right, i);
      EXPECT_TRUE(std::is_sorted(node.open.begin(), node.open.end()));
      EXPECT_FALSE(tree.nodes[node.left].activation);
      tensors.push_back(ContractNode(tree, node, tensors[node.left], tensors[node.right]));
    }
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t k = 0; k < tokens; ++k) {
        double expected = 0;
        for (std::int64_t j = 0; j < columns; ++j) {
          expected += dense[i * columns + j] * x[j * tokens + k];
        }
        EXPECT_NEAR(tensors.back().values[i * tokens + k], expected,
                    1e-10 * (1 + std::abs(expected)));
      }
    }
  }
}

TEST(PlanTest, EveryTreeComputesTheMap) {
  Random random(9);
  for (int trial = 0; trial < 24; ++trial) {
    const TtShape shape = RandomMapShape(random, 1 + trial % 5);
    TtMatrix<double> matrix{shape, {}};
    for (int core = 0; core < shape.cores(); ++core) {
      auto& values = matrix.cores.emplace_back(shape.CoreElements(core));
      for (double& value : values) value = random.Normal();
    }
    ExpectTreesCompute(TtChain(shape), matrix.cores, Reconstruct(matrix), shape.columns(), random);
  }
}

TEST(PlanTest, EveryTreeComputesTheMapOfBlocks) {
  Random random(10);
  for (int trial = 0; trial < 24; ++trial) {
    const TtmMatrix<double> matrix = RandomTtmMatrix(random, 1 + trial % 4);
    ExpectTreesCompute(TtmChain(matrix.shape), matrix.cores, Reconstruct(matrix),
                       matrix.shape.columns(), random);
  }
}

// 256 x 256 in (8 x 8, 8 x 8, 4 x 4) at rank 9, 128 tokens, by hand: X passes G3, G2, G1 at
// 16 * 9 * 64 * 128, 64 * 81 * 8 * 4 * 128 and 64 * 9 * 8 * 4 * 128 products.
TEST(PlanTest, BlocksFromRightToLeft) {
  const ContractionTree tree = PlanRightToLeft(TtmChain({{8, 8, 4}, {8, 8, 4}, {1, 9, 9, 1}}), 128);
  EXPECT_EQ(tree.Multiplications(), 128 * (16 * 9 * 64 + 64 * 81 * 8 * 4 + 64 * 9 * 8 * 4));
  EXPECT_EQ(tree.Formula(), "G1*(G2*(G3*X))");
}

TEST(PlanTest, HugeSizesSaturate) {
  const TtShape shape{{1 << 30, 1 << 30}, {1 << 30, 1 << 30}, UniformRanks(4, 1 << 20)};
  const ContractionTree tree = PlanMatrix(TtChain(shape), 1 << 20);
  EXPECT_EQ(tree.Multiplications(), std::numeric_limits<std::int64_t>::max());
}

TEST(ChainTest, CanonicalOrderOfIndices) {
  const Chain chain = TtChain({{2, 3}, {4, 5}, {1, 6, 7, 8, 1}});
  std::string names;
  for (const Index& index : chain.indices) names += index.name + " ";
  EXPECT_EQ(names, "m1 r1 m2 r2 n1 r3 n2 k ");
  EXPECT_EQ(chain.token_index(), 7);
  const ContractionTree tree = PlanRightToLeft(chain, 9);
  EXPECT_EQ(tree.nodes[0].open, (std::vector<int>{0, 1}));     // G1: m1 r1
  EXPECT_EQ(tree.nodes[2].open, (std::vector<int>{3, 4, 5}));  // G3: r2 n1 r3
  EXPECT_EQ(tree.nodes[4].open, (std::vector<int>{4, 6, 7}));  // X: n1 n2 k
  EXPECT_EQ(tree.nodes[5].open, (std::vector<int>{4, 5, 7}));  // G4*X: n1 r3 k
  EXPECT_EQ(tree.nodes[5].summed, (std::vector<int>{6}));      // n2
  EXPECT_EQ(tree.nodes[5].multiplications, 4 * 8 * 5 * 9);
  EXPECT_EQ(tree.nodes[tree.root()].open, (std::vector<int>{0, 2, 7}));  // Y: m1 m2 k
}

TEST(ChainTest, CanonicalOrderOfIndicesOfBlocks) {
  const Chain chain = TtmChain({{2, 3}, {4, 5}, {1, 6, 1}});
  std::string names;
  for (const Index& index : chain.indices) names += index.name + " ";
  EXPECT_EQ(names, "m1 n1 r1 m2 n2 k ");
  const ContractionTree tree = PlanRightToLeft(chain, 9);
  EXPECT_EQ(tree.nodes[0].open, (std::vector<int>{0, 1, 2}));            // G1: m1 n1 r1
  EXPECT_EQ(tree.nodes[2].open, (std::vector<int>{1, 4, 5}));            // X: n1 n2 k
  EXPECT_EQ(tree.nodes[3].open, (std::vector<int>{1, 2, 3, 5}));         // G2*X: n1 r1 m2 k
  EXPECT_EQ(tree.nodes[3].summed, (std::vector<int>{4}));                // n2
  EXPECT_EQ(tree.nodes[tree.root()].open, (std::vector<int>{0, 3, 5}));  // Y: m1 m2 k
  EXPECT_EQ(tree.nodes[tree.root()].summed, (std::vector<int>{1, 2}));   // n1 r1
}

TEST(OrderTest, NamesGoBothWays) {
  for (const Order order : kOrders) EXPECT_EQ(ParseOrder(Name(order), "contraction"), order);
  EXPECT_EQ(Name(Order::kRightToLeft), "right-to-left");
  try {
    ParseOrder("fastest", "model.contraction");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "model.contraction: no contraction order \"fastest\"; choose matrix, "
                 "right-to-left, btt or optimal");
  }
}

}  // namespace
}  // namespace bittern
