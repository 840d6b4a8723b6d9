// SPDX-License-Identifier: Apache-2.0
// Puts the fusion groups of a section into an order that keeps several units busy at a time.
//
// A unit takes its instructions in program order, so the order decides which ones overlap. This is
// list scheduling with a rough model of times. A group is ready when its operands exist. Of the
// ready groups that can start at about the same time, the one with the longest chain of work after
// it comes first. Groups that the next section waits for have an extra priority.
//
// The order respects every dependence, so it changes only the cycles. Deterministic.
#ifndef BITTERN_ACCELERATOR_COMPILER_SCHEDULE_LIST_SCHEDULE_H_
#define BITTERN_ACCELERATOR_COMPILER_SCHEDULE_LIST_SCHEDULE_H_

#include "accelerator/compiler/layout/laid_out_graph.h"
#include "accelerator/compiler/schedule/loop_rolling.h"

namespace bittern {

// Reorders section.groups.
void ListSchedule(Section& section, const LaidOutGraph& in);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_SCHEDULE_LIST_SCHEDULE_H_
