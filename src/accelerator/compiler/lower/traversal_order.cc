#include "accelerator/compiler/lower/traversal_order.h"

#include <optional>

#include "accelerator/compiler/layout/contraction_mapping.h"

namespace bittern {
namespace {

// Makes its result word by word from words at the same places.
bool IsMap(const Op& op) {
  switch (op.kind) {
    case OpKind::kGelu:
    case OpKind::kTanh:
    case OpKind::kDropout:
    case OpKind::kNormalize:
      return true;
    default:
      return false;
  }
}

}  // namespace

TraversalOrders ChooseTraversalOrders(const std::vector<FusionGroup>& groups,
                                      const LaidOutGraph& in) {
  TraversalOrders orders;
  // From the last group to the first: the order wanted of a result is known before the group that
  // writes the result comes. The first reader decides, because it overwrites the later ones.
  for (size_t i = groups.size(); i-- > 0;) {
    const Op& op = groups[i][0];
    if (op.kind == OpKind::kContract) {
      const auto mapping = ContractionMapping::Find(op, in);
      const auto wanted = mapping ? mapping->TraversalOfTokens() : std::nullopt;
      if (wanted) orders.Set(mapping->Tensor(mapping->token_side()), *wanted);
    } else if (IsMap(op) && in.layout(op.in[0]).words() == in.layout(op.out[0]).words()) {
      orders.Set(op.in[0], orders.Of(op.out[0], in.layout(op.out[0]).words()));
    }
  }
  return orders;
}

}  // namespace bittern
