// SPDX-License-Identifier: Apache-2.0
// Writes the wait fields, which keep the order between instructions of different units.
//
// Run one after the other, the instructions give the right result. Each one waits for the
// instructions that it must not overtake (hazards.h). It waits until an earlier instruction has
// issued a number of elements, if that is enough, and otherwise until the instruction is done.
//
// A sync is inserted after every loop whose number of iterations the host sets. A sync is also
// inserted before such a loop if its first iteration would otherwise wait for a unit that the loop
// uses. The instructions of a body have one wait field for all iterations, so the wait would be
// repeated in every iteration.
#ifndef BITTERN_ACCELERATOR_COMPILER_SCHEDULE_WAITS_H_
#define BITTERN_ACCELERATOR_COMPILER_SCHEDULE_WAITS_H_

#include <vector>

#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/compiler/schedule/hazards.h"
#include "accelerator/isa/generated/accelerators.h"

namespace bittern {

// The walks in `ops` must have their addresses. `tokens`: the largest number of iterations that the
// host sets. Returns the instructions with waits, and with syncs around loops that the host counts.
// Deterministic.
std::vector<MachineOp> AddWaits(std::vector<MachineOp> ops, const std::vector<Extent>& extents,
                                const isa::Accelerator& machine, int64_t tokens, Ports ports);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_SCHEDULE_WAITS_H_
