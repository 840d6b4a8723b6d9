#include "accelerator/compiler/lower/traversal_order.h"

#include <set>

#include "accelerator/compiler/lower/contraction.h"

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

void ChooseTraversalOrders(const std::vector<FusionGroup>& groups, Emitter& emitter) {
  // From the last to the first: what is wanted of a result is known before its operands are met.
  // The reader that comes first decides, so later ones are overwritten.
  for (size_t i = groups.size(); i-- > 0;) {
    const Op& op = groups[i][0];
    if (op.kind == OpKind::kContract) {
      const auto wanted = TraversalOfTokens(op, emitter);
      if (wanted) emitter.SetTraversal(wanted->tensor, wanted->order);
    } else if (IsMap(op) && emitter.layout(op.in[0]).words() == emitter.layout(op.out[0]).words()) {
      emitter.SetTraversal(op.in[0], emitter.TraversalOf(op.out[0]));
    }
  }
}

}  // namespace bittern
