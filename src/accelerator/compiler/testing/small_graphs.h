// SPDX-License-Identifier: Apache-2.0
// Small graphs for tests of single passes, and the state of a compilation after a pass.
#ifndef BITTERN_ACCELERATOR_COMPILER_TESTING_SMALL_GRAPHS_H_
#define BITTERN_ACCELERATOR_COMPILER_TESTING_SMALL_GRAPHS_H_

#include <string>
#include <string_view>
#include <vector>

#include "accelerator/compiler/compilation.h"
#include "graph/builder.h"
#include "graph/graph.h"

namespace bittern {

inline constexpr int kSmallTokens = 16;
inline constexpr int64_t kSmallFeatures = 32;

// Two layers h[i + 1] = gelu(y[i]), y[i] = W[i] h[i], then out = V h[2], with gradients and plain
// SGD of W. The forward layers are iterations of one loop, the backward layers of another.
// Tensors: "h.0" (an input) to "h.2", "y.0", "w.0", "v", "dw.0", "dout" (an input), "dh.2" to
// "dh.0"; operations have the name of their result.
Graph TwoLayers();

// s = a + b, moments of s, t = gelu(a). Nothing else reads them.
Graph SumWithMoments();

// A gradient dy = gelu'(x) dy in place between two products.
Graph GradientInPlace();

// p = W h, a sum gradient g that is zeroed after it, g += p h^T.
Graph SumZeroedLate();

// The names of the kinds of operations, in order.
std::vector<std::string> Kinds(const std::vector<Op>& ops);
const Op& OpNamed(const std::vector<Op>& ops, std::string_view name);
bool Accumulates(const Op& op);  // of a contraction

// The state after the last run of a pass. Refers to the graph and the machine.
Compilation StateAfter(std::string_view pass, const Graph& graph, const isa::Accelerator& machine);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_TESTING_SMALL_GRAPHS_H_
