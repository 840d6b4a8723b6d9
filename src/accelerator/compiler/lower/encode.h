// SPDX-License-Identifier: Apache-2.0
// Encodes instructions as the words of a program.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_ENCODE_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_ENCODE_H_

#include <cstdint>
#include <vector>

#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/compiler/lower/shortfall.h"

namespace bittern {

// The words of `ops` and of the end instruction. If the body of a loop is too long for the loop
// instruction, the result is empty and `shortfalls` gets an entry.
std::vector<uint32_t> EncodeProgram(const std::vector<MachineOp>& ops,
                                    std::vector<Shortfall>& shortfalls);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_ENCODE_H_
