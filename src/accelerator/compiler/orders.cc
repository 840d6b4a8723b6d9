#include "accelerator/compiler/orders.h"

#include "accelerator/compiler/contraction.h"
#include "accelerator/compiler/vector_ops.h"

namespace bittern {

void ChooseOrders(const std::vector<Group>& groups, Emitter& emitter) {
  // From the last to the first: what is wanted of a result is known before its operands are met.
  // The reader that comes first decides, so later ones are overwritten.
  for (size_t i = groups.size(); i-- > 0;) {
    const Op& op = groups[i][0];
    if (op.Is<ops::Contract>()) {
      const auto wanted = OrderOfTokens(op, emitter);
      if (wanted) emitter.SetOrder(wanted->tensor, wanted->order);
      continue;
    }
    Visit(op, [&]<class O>(const O&, const auto& in, const auto& out) {
      if constexpr (kVectorOp<O>.keeps_order) {
        if (emitter.storage(in.x).words() == emitter.storage(out.y).words()) {
          emitter.SetOrder(in.x, emitter.OrderOf(out.y));
        }
      }
    });
  }
}

}  // namespace bittern
