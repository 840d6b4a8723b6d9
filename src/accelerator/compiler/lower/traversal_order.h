// Sets for every activation the order in which its words are made (Emitter::OrderOf).
//
// A sum over time meets its operand in an order of its own: the innermost loop runs over results,
// which may lie far apart. What makes the operand does so in that order, through elementwise passes
// back to the product before them, so that each can follow the other closely.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_TRAVERSAL_ORDER_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_TRAVERSAL_ORDER_H_

#include <vector>

#include "accelerator/compiler/fuse/fusion_groups.h"
#include "accelerator/compiler/lower/emitter.h"

namespace bittern {

void ChooseTraversalOrders(const std::vector<FusionGroup>& groups, Emitter& emitter);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_TRAVERSAL_ORDER_H_
