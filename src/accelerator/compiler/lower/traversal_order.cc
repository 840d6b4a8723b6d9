// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/lower/traversal_order.h"

#include <optional>

#include "accelerator/compiler/fuse/lowerings.h"
#include "accelerator/compiler/layout/contraction_mapping.h"

namespace bittern {

TraversalOrders ChooseTraversalOrders(const std::vector<FusionGroup>& groups,
                                      const LaidOutGraph& in_graph) {
  TraversalOrders orders;
  const auto words = [&](TensorId id) { return in_graph.layout(id).words(); };
  // From the last group to the first: the order wanted of a result is known before the group that
  // writes the result comes. The first reader decides, because it overwrites the later ones.
  for (size_t i = groups.size(); i-- > 0;) {
    const Op& op = groups[i][0];
    if (op.Is<ops::Contract>()) {
      const auto mapping = ContractionMapping::Find(op, in_graph);
      const auto wanted = mapping ? mapping->TraversalOfTokens() : std::nullopt;
      if (wanted) orders.Set(mapping->Tensor(mapping->token_side()), *wanted);
      continue;
    }
    Visit(op, [&]<class O>(const O&, const auto& in, const auto& out) {
      if constexpr (kLowering<O>.keeps_order) {
        if (words(in.x) == words(out.y)) orders.Set(in.x, orders.Of(out.y, words(out.y)));
      }
    });
  }
  return orders;
}

}  // namespace bittern
