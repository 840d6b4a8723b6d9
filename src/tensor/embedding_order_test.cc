// SPDX-License-Identifier: Apache-2.0
#include "tensor/embedding_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/random.h"
#include "tensor/tensor_train.h"

namespace bittern {
namespace {

// The model's word embedding, 1000 x 768.
TtmShape WordShape() { return {{10, 10, 10}, {12, 8, 8}, UniformRanks(3, 30)}; }

// Arrays for the lists of every node of a tree.
struct Lists {
  Lists(const EmbeddingTree& tree, std::size_t tokens) : token_row(tokens) {
    storage.resize(tree.nodes.size() * 3, std::vector<std::int32_t>(tokens, -1));
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
      nodes.push_back({storage[3 * i], storage[3 * i + 1], storage[3 * i + 2]});
    }
  }

  std::vector<std::vector<std::int32_t>> storage;
  std::vector<EmbeddingList> nodes;
  std::vector<std::int32_t> token_row;
};

TEST(PlanEmbeddingTest, ThirtyTwoWordsThatShareNothing) {
  const TtmShape shape = WordShape();
  const EmbeddingTree tree = PlanEmbedding(shape, WorstDistinctCounts(shape, 32));
  // F2 * F3 first (30 x 8 by 30 by 8), then F1: 57,600 + 23,040 a word.
  EXPECT_EQ(tree.Multiplications(), 32 * (57'600 + 23'040));
  EXPECT_EQ(3 * tree.Multiplications(), 7'741'440);
  EXPECT_EQ(tree.IntermediateElements(), 32 * 30 * 64);
  ASSERT_EQ(tree.nodes.size(), 5u);
  EXPECT_EQ(tree.nodes[3].first, 1);
  EXPECT_EQ(tree.nodes[3].last, 2);
  EXPECT_EQ(tree.nodes[4].left, 0);
  EXPECT_EQ(tree.nodes[4].right, 3);
}

TEST(PlanEmbeddingTest, SharedPrefixesTurnTheTree) {
  const TtmShape shape = WordShape();
  // All words agree in (v1, v2): F1 * F2 is needed once.
  const EmbeddingTree tree = PlanEmbedding(shape, [](int, int last) { return last < 2 ? 1 : 10; });
  EXPECT_EQ(tree.nodes[3].first, 0);
  EXPECT_EQ(tree.nodes[3].last, 1);
  EXPECT_EQ(tree.Multiplications(), 12 * 30 * 8 * 30 + 10 * (96 * 30 * 8));
}

TEST(PlanEmbeddingTest, OneCoreNeedsNoProduct) {
  const TtmShape shape{{50}, {7}, {1, 1}};
  const EmbeddingTree tree = PlanEmbedding(shape, WorstDistinctCounts(shape, 5));
  EXPECT_EQ(tree.nodes.size(), 1u);
  EXPECT_EQ(tree.Multiplications(), 0);
  Lists lists(tree, 4);
  const std::vector<std::int32_t> words = {9, 3, 9, 49};
  ListTuples(shape, tree, words, lists.nodes, lists.token_row);
  EXPECT_EQ(lists.nodes[0].count, 3);
  EXPECT_EQ(lists.token_row, (std::vector<std::int32_t>{0, 1, 0, 2}));
}

// Every tree over the cores first..last, by plain recursion.
std::int64_t CheapestTree(const TtmShape& shape, const DistinctCounts& distinct, int first,
                          int last) {
  if (first == last) return 0;
  std::int64_t best = std::numeric_limits<std::int64_t>::max();
  for (int split = first; split < last; ++split) {
    std::int64_t product =
        distinct(first, last) * shape.ranks[first] * shape.ranks[split + 1] * shape.ranks[last + 1];
    for (int core = first; core <= last; ++core) product *= shape.feature_modes[core];
    best = std::min(best, product + CheapestTree(shape, distinct, first, split) +
                              CheapestTree(shape, distinct, split + 1, last));
  }
  return best;
}

TtmShape RandomWordShape(Random& random, int cores) {
  TtmShape shape;
  for (int core = 0; core < cores; ++core) {
    shape.vocabulary_modes.push_back(1 + static_cast<int>(random.UniformInt(4)));
    shape.feature_modes.push_back(1 + static_cast<int>(random.UniformInt(3)));
  }
  shape.ranks = UniformRanks(cores, 1);
  for (int bond = 1; bond < cores; ++bond) {
    shape.ranks[bond] = 1 + static_cast<int>(random.UniformInt(4));
  }
  return shape;
}

TEST(PlanEmbeddingTest, CheapestOfAllTrees) {
  Random random(3);
  for (int trial = 0; trial < 70; ++trial) {
    const TtmShape shape = RandomWordShape(random, 1 + trial % 7);
    const DistinctCounts distinct = WorstDistinctCounts(shape, 1 + random.UniformInt(40));
    EXPECT_EQ(PlanEmbedding(shape, distinct).Multiplications(),
              CheapestTree(shape, distinct, 0, shape.cores() - 1));
  }
}

TEST(ListTuplesTest, TuplesStandInOrderOfFirstAppearance) {
  const TtmShape shape = WordShape();
  const EmbeddingTree tree = PlanEmbedding(shape, WorstDistinctCounts(shape, 32));
  const std::vector<std::int32_t> words = {2, 345, 2, 145, 347, 345};
  Lists lists(tree, words.size());
  ListTuples(shape, tree, words, lists.nodes, lists.token_row);

  const auto used = [](std::span<std::int32_t> values, int count) {
    return std::vector<int>(values.begin(), values.begin() + count);
  };
  EXPECT_EQ(lists.token_row, (std::vector<std::int32_t>{0, 1, 0, 2, 3, 1}));
  const EmbeddingList& root = lists.nodes[4];
  ASSERT_EQ(root.count, 4);
  EXPECT_EQ(used(root.tuple, 4), (std::vector<int>{2, 345, 145, 347}));
  EXPECT_EQ(used(root.left, 4), (std::vector<int>{0, 1, 2, 1}));   // v1: 0 3 1
  EXPECT_EQ(used(root.right, 4), (std::vector<int>{0, 1, 1, 2}));  // (v2, v3): 02 45 47
  const EmbeddingList& pair = lists.nodes[3];
  ASSERT_EQ(pair.count, 3);
  EXPECT_EQ(used(pair.tuple, 3), (std::vector<int>{2, 45, 47}));
  EXPECT_EQ(used(pair.left, 3), (std::vector<int>{0, 1, 1}));   // v2: 0 4
  EXPECT_EQ(used(pair.right, 3), (std::vector<int>{0, 1, 2}));  // v3: 2 5 7
  EXPECT_EQ(used(lists.nodes[0].tuple, lists.nodes[0].count), (std::vector<int>{0, 3, 1}));
  EXPECT_EQ(used(lists.nodes[1].tuple, lists.nodes[1].count), (std::vector<int>{0, 4}));
  EXPECT_EQ(used(lists.nodes[2].tuple, lists.nodes[2].count), (std::vector<int>{2, 5, 7}));
}

TEST(ListTuplesTest, ListsComputeTheRowsOfTheWords) {
  Random random(4);
  for (int trial = 0; trial < 40; ++trial) {
    const TtmShape shape = RandomWordShape(random, 1 + trial % 5);
    TtmMatrix<double> matrix{shape, {}};
    for (int core = 0; core < shape.cores(); ++core) {
      for (double& value : matrix.cores.emplace_back(shape.CoreElements(core))) {
        value = random.Normal();
      }
    }
    std::vector<std::int32_t> words(1 + random.UniformInt(20));
    for (auto& word : words) word = static_cast<std::int32_t>(random.UniformInt(shape.rows()));
    const EmbeddingTree tree = PlanEmbedding(shape, WorstDistinctCounts(shape, 20));
    Lists lists(tree, words.size());
    ListTuples(shape, tree, words, lists.nodes, lists.token_row);

    std::vector<std::vector<std::vector<double>>> values(tree.nodes.size());  // node, tuple
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
      const EmbeddingNode& node = tree.nodes[i];
      const EmbeddingList& list = lists.nodes[i];
      for (std::int32_t t = 0; t < list.count; ++t) {
        auto& value = values[i].emplace_back(node.elements, 0.0);
        if (node.left < 0) {
          const auto [rank, v, d, next_rank] = shape.CoreShape(node.first);
          for (std::int64_t r = 0; r < rank; ++r) {
            for (std::int64_t j = 0; j < d * next_rank; ++j) {
              value[r * d * next_rank + j] =
                  matrix.cores[node.first][(r * v + list.tuple[t]) * d * next_rank + j];
            }
          }
          continue;
        }
        const auto& left = values[node.left][list.left[t]];
        const auto& right = values[node.right][list.right[t]];
        const std::int64_t inner = shape.ranks[tree.nodes[node.right].first];
        const std::int64_t rows = static_cast<std::int64_t>(left.size()) / inner;
        const std::int64_t columns = static_cast<std::int64_t>(right.size()) / inner;
        EXPECT_EQ(node.multiplications, rows * inner * columns);
        for (std::int64_t a = 0; a < rows; ++a) {
          for (std::int64_t b = 0; b < inner; ++b) {
            for (std::int64_t c = 0; c < columns; ++c) {
              value[a * columns + c] += left[a * inner + b] * right[b * columns + c];
            }
          }
        }
      }
    }
    for (std::size_t token = 0; token < words.size(); ++token) {
      std::vector<double> row(shape.columns());
      WordRow(matrix, words[token], std::span(row));
      for (std::size_t i = 0; i < row.size(); ++i) {
        EXPECT_NEAR(values[tree.root()][lists.token_row[token]][i], row[i], 1e-10);
      }
    }
  }
}

}  // namespace
}  // namespace bittern
