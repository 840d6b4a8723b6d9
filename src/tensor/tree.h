// SPDX-License-Identifier: Apache-2.0
// Contraction trees: in which order a chain of cores and an activation are multiplied.
//
// A node contracts two tensors over every index that both hold and that nobody else needs. Its
// multiplications are the product of the extents of all indices of its two operands. Backward is
// the reverse mode of the same tree: a node's two gradients, dL = dN * R and dR = L * dN, cost as
// much as the node each, so backward is exactly twice forward. What backward needs of forward are
// the tensors of the inner nodes: the intermediates.
//
// Pure combinatorics on extents: no numbers are multiplied here. Every plan is a deterministic
// function of its arguments.
#ifndef BITTERN_TENSOR_TREE_H_
#define BITTERN_TENSOR_TREE_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/choice.h"
#include "tensor/chain.h"

namespace bittern {

struct ContractionNode {
  int left = -1;   // -1: a leaf. The activation is on the right; of two products of cores
  int right = -1;  // the one with the leftmost core is on the left.
  std::vector<int> open = {};        // the indices of the result, in canonical order
  std::vector<int> summed = {};      // the indices summed over, in canonical order
  std::int64_t multiplications = 0;  // 0 for a leaf
  std::int64_t elements = 0;         // product of the extents of `open`
  bool activation = false;           // X is below: the result depends on the tokens
};

struct ContractionTree {
  // Leaves 0..d (X last) as in Chain, then inner nodes, operands first; the root (Y) is last.
  std::vector<ContractionNode> nodes;
  std::vector<std::int64_t> extents;  // by canonical position, k's too

  int leaves() const { return static_cast<int>(nodes.size() + 1) / 2; }
  int root() const { return static_cast<int>(nodes.size()) - 1; }
  // Forward, for one map: all of it; the part that composes cores without the activation; the rest.
  // The order kMatrix with a stored W costs the rest alone (768 x 768, K = 32: 18,874,368).
  std::int64_t Multiplications() const;
  std::int64_t ComposingMultiplications() const;
  std::int64_t ActivationMultiplications() const;
  // Elements of all inner nodes but the root.
  std::int64_t IntermediateElements() const;
  // For people: "(G1*G2)*(G3*(G4*((G5*G6)*X)))".
  std::string Formula() const;
};

enum class Order {
  kMatrix,       // compose W in the cheapest way, then W * X
  kRightToLeft,  // X passes the cores one by one, the last core first
  kBtt,          // A = G1..Gp, B = G(p+1)..Gd, each in the cheapest way; Z = B * X, Y = A * Z; the
                 // middle bond p stands between output and input modes, in a TTM at d / 2
  kOptimal,      // the optimum over all trees
};
constexpr auto Choices(Order) {
  return std::array{Choice{Order::kMatrix, "matrix"}, Choice{Order::kRightToLeft, "right-to-left"},
                    Choice{Order::kBtt, "btt"}, Choice{Order::kOptimal, "optimal"}};
}
inline constexpr auto kOrders = AllValues<Order>();

// Fails on any other name; `field` is the place that the message names.
Order ParseOrder(std::string_view name, std::string_view field);

enum class Objective { kMultiplications, kIntermediates };
constexpr auto Choices(Objective) {
  return std::array{Choice{Objective::kMultiplications, "multiplications"},
                    Choice{Objective::kIntermediates, "intermediates"}};
}

// The exact optimum over all contraction trees, outer products included, by dynamic programming
// over sets of leaves. Among equals the one that is best by the other objective, then the first in
// a fixed order. tokens >= 1.
ContractionTree PlanOptimal(const Chain& chain, std::int64_t tokens,
                            Objective objective = Objective::kMultiplications);
ContractionTree PlanMatrix(const Chain& chain, std::int64_t tokens);
ContractionTree PlanRightToLeft(const Chain& chain, std::int64_t tokens);
ContractionTree PlanBtt(const Chain& chain, std::int64_t tokens);
// `objective` counts for kOptimal alone.
ContractionTree Plan(Order order, const Chain& chain, std::int64_t tokens,
                     Objective objective = Objective::kMultiplications);

}  // namespace bittern

#endif  // BITTERN_TENSOR_TREE_H_
