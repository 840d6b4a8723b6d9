#include "accelerator/compiler/lower/traversal_order.h"

#include "accelerator/compiler/fuse/lowerings.h"
#include "accelerator/compiler/lower/contraction.h"

namespace bittern {

void ChooseTraversalOrders(const std::vector<FusionGroup>& groups, Emitter& emitter) {
  // From the last to the first: what is wanted of a result is known before its operands are met.
  // The reader that comes first decides, so later ones are overwritten.
  for (size_t i = groups.size(); i-- > 0;) {
    const Op& op = groups[i][0];
    if (op.Is<ops::Contract>()) {
      const auto wanted = TraversalOfTokens(op, emitter);
      if (wanted) emitter.SetTraversal(wanted->tensor, wanted->order);
      continue;
    }
    Visit(op, [&]<class O>(const O&, const auto& in, const auto& out) {
      if constexpr (kLowering<O>.keeps_order) {
        if (emitter.layout(in.x).words() == emitter.layout(out.y).words()) {
          emitter.SetTraversal(in.x, emitter.TraversalOf(out.y));
        }
      }
    });
  }
}

}  // namespace bittern
