// SPDX-License-Identifier: Apache-2.0
#include "tensor/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"

namespace bittern {
namespace {

// Bit i stands for leaf i.
using LeafSet = std::uint32_t;

// Sums saturate as products do, so a size beyond 2^63 is merely never the cheapest.
std::int64_t SaturatingSum(std::int64_t a, std::int64_t b) {
  std::int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::numeric_limits<std::int64_t>::max();
  return sum;
}

// The result of contracting a set of leaves. It does not depend on the order.
class Network {
 public:
  Network(const Chain& chain, std::int64_t tokens) : chain_(chain) {
    BITTERN_CHECK(tokens >= 1);
    for (const Index& index : chain.indices) extents_.push_back(index.extent);
    // The chain leaves the number of tokens open.
    extents_[chain.token_index()] = tokens;
  }

  const std::vector<std::int64_t>& extents() const { return extents_; }
  int leaves() const { return static_cast<int>(chain_.leaves.size()); }
  LeafSet AllLeaves() const { return (LeafSet{1} << leaves()) - 1; }
  LeafSet ActivationLeaf() const { return LeafSet{1} << chain_.cores(); }
  // Cores first..last-1.
  LeafSet Cores(int first, int last) const { return (LeafSet{1} << last) - (LeafSet{1} << first); }

  // The indices of the result: those that a leaf outside of the set, or Y, also has.
  IndexSet Open(LeafSet set) const {
    // An index that no other leaf has is summed within the set, unless Y keeps it.
    return Union(set) & (Union(AllLeaves() & ~set) | chain_.output);
  }

  std::int64_t Extent(IndexSet indices) const {
    std::int64_t extent = 1;
    for (const int index : List(indices)) extent = SaturatingProduct(extent, extents_[index]);
    return extent;
  }

  static std::vector<int> List(IndexSet indices) {
    std::vector<int> list;
    // The operation indices & (indices - 1) removes the lowest bit.
    for (; indices != 0; indices &= indices - 1) list.push_back(std::countr_zero(indices));
    return list;
  }

 private:
  IndexSet Union(LeafSet set) const {
    IndexSet indices = 0;
    for (; set != 0; set &= set - 1) indices |= chain_.leaves[std::countr_zero(set)];
    return indices;
  }

  const Chain& chain_;
  std::vector<std::int64_t> extents_;
};

// Builds a tree node by node.
class TreeBuilder {
 public:
  explicit TreeBuilder(const Network& network) : network_(network) {
    tree_.extents = network.extents();
    for (int leaf = 0; leaf < network.leaves(); ++leaf) {
      const LeafSet set = LeafSet{1} << leaf;
      Append({.activation = set == network.ActivationLeaf()}, set);
    }
  }

  // Contracts two nodes; returns the new one.
  int Contract(int left, int right) {
    // The canonical form has the activation on the right. If both are products of cores, the one
    // with the leftmost core is on the left.
    if (tree_.nodes[left].activation ||
        (!tree_.nodes[right].activation &&
         std::countr_zero(sets_[left]) > std::countr_zero(sets_[right]))) {
      std::swap(left, right);
    }
    const IndexSet left_open = network_.Open(sets_[left]);
    const IndexSet right_open = network_.Open(sets_[right]);
    const LeafSet set = sets_[left] | sets_[right];
    // Every index of the operands takes part in the multiplications, open or summed.
    return Append({.left = left,
                   .right = right,
                   .summed = Network::List((left_open | right_open) & ~network_.Open(set)),
                   .multiplications = network_.Extent(left_open | right_open),
                   .activation = tree_.nodes[right].activation},
                  set);
  }

  // The node of a single leaf.
  int Leaf(LeafSet set) const { return std::countr_zero(set); }

  ContractionTree Finish() {
    // The last node is the root, so it must have all leaves.
    BITTERN_CHECK(sets_.back() == network_.AllLeaves());
    return std::move(tree_);
  }

 private:
  int Append(ContractionNode node, LeafSet set) {
    const IndexSet open = network_.Open(set);
    node.open = Network::List(open);
    node.elements = network_.Extent(open);
    tree_.nodes.push_back(std::move(node));
    sets_.push_back(set);
    return tree_.root();
  }

  const Network& network_;
  ContractionTree tree_;
  std::vector<LeafSet> sets_;  // the leaves below each node
};

// Finds the cheapest tree for every subset of the leaves `all`, by dynamic programming. The cost of
// a set is the least over all splits into two parts, whose optima are already known: both are
// smaller numbers than the set. There are about 3^n / 2 splits for n leaves.
class Optimum {
 public:
  Optimum(const Network& network, LeafSet all, Objective objective)
      : network_(network), objective_(objective), best_(all + 1) {
    // A subset is a smaller number than its superset, so ascending order solves the parts first.
    for (LeafSet set = 1; set <= all; ++set) {
      if ((set & ~all) == 0 && !std::has_single_bit(set)) Solve(set);
    }
  }

  // Appends the tree of `set` to the builder's; returns its root.
  int Build(LeafSet set, TreeBuilder& builder) const {
    if (std::has_single_bit(set)) return builder.Leaf(set);
    const LeafSet left = best_[set].left;
    const int left_node = Build(left, builder);
    return builder.Contract(left_node, Build(set & ~left, builder));
  }

 private:
  // Lexicographic; a sum of two optima is the optimum of the sum.
  using Cost = std::pair<std::int64_t, std::int64_t>;

  struct Best {
    Cost cost;  // of all nodes below the set's, with its multiplications, without its elements
    LeafSet left = 0;
  };

  void Solve(LeafSet set) {
    const LeafSet lowest = set & -set;
    Best& best = best_[set];
    // The left part has the lowest leaf, so that each split is tried once. Among equal costs the
    // first one is kept, which makes the result deterministic. This steps through all proper
    // subsets of the set in falling order.
    for (LeafSet left = (set - 1) & set; left != 0; left = (left - 1) & set) {
      if ((left & lowest) == 0) continue;
      const LeafSet right = set & ~left;
      const std::int64_t multiplications =
          network_.Extent(network_.Open(left) | network_.Open(right));
      // The multiplications do not depend on how the parts were computed, so optimal parts make an
      // optimal whole.
      const Cost cost = Sum(Sum(CostOf(multiplications, 0), Held(left)), Held(right));
      if (best.left == 0 || cost < best.cost) best = {cost, left};
    }
  }

  // The cost of a part including the elements of its result, which is an intermediate.
  Cost Held(LeafSet set) const {
    // A leaf is given: it costs nothing and is no intermediate.
    if (std::has_single_bit(set)) return {0, 0};
    return Sum(best_[set].cost, CostOf(0, network_.Extent(network_.Open(set))));
  }

  Cost CostOf(std::int64_t multiplications, std::int64_t elements) const {
    // The first number of a pair decides, the second one breaks ties.
    if (objective_ == Objective::kIntermediates) std::swap(multiplications, elements);
    return {multiplications, elements};
  }

  static Cost Sum(const Cost& a, const Cost& b) {
    return {SaturatingSum(a.first, b.first), SaturatingSum(a.second, b.second)};
  }

  const Network& network_;
  const Objective objective_;
  std::vector<Best> best_;  // by set
};

// Appends the cheapest tree of the cores `set`; returns its root.
int Compose(const Network& network, LeafSet set, TreeBuilder& builder) {
  return Optimum(network, set, Objective::kMultiplications).Build(set, builder);
}

}  // namespace

std::int64_t ContractionTree::Multiplications() const {
  return SaturatingSum(ComposingMultiplications(), ActivationMultiplications());
}

std::int64_t ContractionTree::ComposingMultiplications() const {
  std::int64_t sum = 0;
  for (const ContractionNode& node : nodes) {
    if (!node.activation) sum = SaturatingSum(sum, node.multiplications);
  }
  return sum;
}

std::int64_t ContractionTree::ActivationMultiplications() const {
  std::int64_t sum = 0;
  for (const ContractionNode& node : nodes) {
    if (node.activation) sum = SaturatingSum(sum, node.multiplications);
  }
  return sum;
}

std::int64_t ContractionTree::IntermediateElements() const {
  std::int64_t sum = 0;
  // Inner nodes follow the leaves. The root is the result and not an intermediate.
  for (int i = leaves(); i < root(); ++i) sum = SaturatingSum(sum, nodes[i].elements);
  return sum;
}

std::string ContractionTree::Formula() const {
  std::vector<std::string> formulas;
  for (int i = 0; i <= root(); ++i) {
    if (i >= leaves()) {
      formulas.push_back(fmt::format("({}*{})", formulas[nodes[i].left], formulas[nodes[i].right]));
    } else {
      formulas.push_back(i + 1 < leaves() ? fmt::format("G{}", i + 1) : "X");
    }
  }
  // The outermost parentheses are left out.
  return formulas.back().substr(1, formulas.back().size() - 2);
}

Order ParseOrder(std::string_view name, std::string_view field) {
  for (const Order order : kOrders) {
    if (Name(order) == name) return order;
  }
  Fail("{}: no contraction order \"{}\"; choose matrix, right-to-left, btt or optimal", field,
       name);
}

ContractionTree PlanOptimal(const Chain& chain, std::int64_t tokens, Objective objective) {
  const Network network(chain, tokens);
  TreeBuilder builder(network);
  Optimum(network, network.AllLeaves(), objective).Build(network.AllLeaves(), builder);
  return builder.Finish();
}

ContractionTree PlanMatrix(const Chain& chain, std::int64_t tokens) {
  const Network network(chain, tokens);
  TreeBuilder builder(network);
  // The activation takes part last, after all cores are merged to W.
  const int matrix = Compose(network, network.Cores(0, chain.cores()), builder);
  builder.Contract(matrix, builder.Leaf(network.ActivationLeaf()));
  return builder.Finish();
}

ContractionTree PlanRightToLeft(const Chain& chain, std::int64_t tokens) {
  const Network network(chain, tokens);
  TreeBuilder builder(network);
  int activation = builder.Leaf(network.ActivationLeaf());
  for (int core = chain.cores() - 1; core >= 0; --core) {
    activation = builder.Contract(core, activation);
  }
  return builder.Finish();
}

ContractionTree PlanBtt(const Chain& chain, std::int64_t tokens) {
  const Network network(chain, tokens);
  TreeBuilder builder(network);
  int activation = builder.Leaf(network.ActivationLeaf());
  // B = G(p+1)..Gd, then A = G1..Gp; a side without cores has no factor.
  for (const LeafSet side :
       {network.Cores(chain.left_cores, chain.cores()), network.Cores(0, chain.left_cores)}) {
    if (side == 0) continue;
    const int factor = Compose(network, side, builder);
    activation = builder.Contract(factor, activation);
  }
  return builder.Finish();
}

ContractionTree Plan(Order order, const Chain& chain, std::int64_t tokens, Objective objective) {
  switch (order) {
    case Order::kMatrix:
      return PlanMatrix(chain, tokens);
    case Order::kRightToLeft:
      return PlanRightToLeft(chain, tokens);
    case Order::kBtt:
      return PlanBtt(chain, tokens);
    case Order::kOptimal:
      return PlanOptimal(chain, tokens, objective);
  }
  BITTERN_CHECK(false);
}

}  // namespace bittern
