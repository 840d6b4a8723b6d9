// SPDX-License-Identifier: Apache-2.0
// Which tensors a program accesses at the same time: they want banks of their own.
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
  int64_t cycles = 0;  // in all; kAlways (spreading.h) or more: operands of one instruction
};

// Both read, or both written, in one cycle. `times`: of the instructions of `ops`, by their index.
// `families`: tensors of which a loop's trips take one after the other.
std::vector<BankConflict> FindBankConflicts(const std::vector<MachineOp>& ops,
                                            const std::vector<InstructionTime>& times,
                                            const std::vector<std::vector<TensorId>>& loop_indexed,
                                            const isa::Accelerator& machine);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_MEMORY_BANK_CONFLICTS_H_
