// SPDX-License-Identifier: Apache-2.0
// Puts the groups of a section into an order that keeps the units busy at the same time.
//
// Units take their instructions in program order, so the order decides what overlaps. List
// scheduling by a rough model of times: of the groups whose operands are there, the one that can
// start first, and among those that can start at about the same time the one with the longest
// chain of work behind it; first of all, what the next section waits for.
#ifndef BITTERN_ACCELERATOR_COMPILER_SCHEDULE_LIST_SCHEDULE_H_
#define BITTERN_ACCELERATOR_COMPILER_SCHEDULE_LIST_SCHEDULE_H_

#include "accelerator/compiler/layout/laid_out_graph.h"
#include "accelerator/compiler/schedule/loop_rolling.h"

namespace bittern {

void ListSchedule(Section& section, const LaidOutGraph& in);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_SCHEDULE_LIST_SCHEDULE_H_
