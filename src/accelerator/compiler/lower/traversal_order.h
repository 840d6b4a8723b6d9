// SPDX-License-Identifier: Apache-2.0
// Chooses for every activation the order in which its words are written.
//
// A sum over time reads its operand in a particular order: its innermost loop runs over results,
// whose words may be far apart. What writes the operand uses the same order, and so do the
// elementwise operations before it, back to the previous product. Then each can follow the other
// closely.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_TRAVERSAL_ORDER_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_TRAVERSAL_ORDER_H_

#include <map>
#include <vector>

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/layout/laid_out_graph.h"
#include "accelerator/compiler/layout/tensor_layout.h"

namespace bittern {

class TraversalOrders {
 public:
  // The order of a tensor of `words` words: that of its addresses unless another one was set.
  TraversalOrder Of(TensorId id, int64_t words) const {
    const auto at = orders_.find(id);
    return at == orders_.end() ? TraversalOrder::OfAddresses(words) : at->second;
  }
  void Set(TensorId id, const TraversalOrder& order) { orders_[id] = order; }
  const std::map<TensorId, TraversalOrder>& all() const { return orders_; }

 private:
  std::map<TensorId, TraversalOrder> orders_;
};

// `groups`: in program order. If several groups read a tensor, the first one decides.
TraversalOrders ChooseTraversalOrders(const std::vector<FusionGroup>& groups,
                                      const LaidOutGraph& in);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_TRAVERSAL_ORDER_H_
