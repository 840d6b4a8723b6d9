// SPDX-License-Identifier: Apache-2.0
// Finds the pairs of tensors that a program accesses at the same time, which need different banks.
#ifndef BITTERN_ACCELERATOR_COMPILER_MEMORY_BANK_CONFLICTS_H_
#define BITTERN_ACCELERATOR_COMPILER_MEMORY_BANK_CONFLICTS_H_

#include <cstdint>
#include <vector>

#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/timing.h"
#include "graph/graph.h"

namespace bittern {

struct BankConflict {
  StoredId a = 0, b = 0;
  int64_t cycles = 0;  // in all; kAlways (bank_assignment.h) or more: operands of one instruction
};

// Returns the pairs that are both read, or both written, in one cycle. `times`: the times of the
// instructions in `ops`, in the order of their dispatch. `loop_indexed`: sequences of tensors of
// which each iteration of a loop uses the next one. Deterministic.
std::vector<BankConflict> FindBankConflicts(const std::vector<MachineOp>& ops,
                                            const std::vector<InstructionTime>& times,
                                            const std::vector<std::vector<TensorId>>& loop_indexed,
                                            const isa::Accelerator& machine);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_BANK_CONFLICTS_H_
