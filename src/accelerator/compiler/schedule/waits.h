// SPDX-License-Identifier: Apache-2.0
// The order between instructions that run in different units: writes the wait fields.
//
// Run one after the other, the instructions are right; each waits for what it must not overtake
// (hazards.h), as long as it has to: until an earlier instruction has issued so many elements where
// that is enough, until it is done otherwise. Behind a hardware loop whose trips the host sets
// everything comes to rest, and before it where its first trip would have to wait for a unit that
// the loop uses: the same wait would hold up every trip.
#ifndef BITTERN_ACCELERATOR_COMPILER_SCHEDULE_WAITS_H_
#define BITTERN_ACCELERATOR_COMPILER_SCHEDULE_WAITS_H_

#include <vector>

#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/compiler/schedule/hazards.h"
#include "accelerator/isa/generated/accelerators.h"

namespace bittern {

// Walks must have their addresses. `tokens`: the most trips that the host sets. Adds sync
// instructions around loops that the host counts.
std::vector<MachineOp> AddWaits(std::vector<MachineOp> ops, const std::vector<Extent>& extents,
                                const isa::Accelerator& machine, int64_t tokens, Ports ports);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_SCHEDULE_WAITS_H_
