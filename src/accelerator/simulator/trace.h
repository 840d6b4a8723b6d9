// SPDX-License-Identifier: Apache-2.0
// Writes the units' timeline as a Chrome trace file, for Perfetto and chrome://tracing.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_TRACE_H_
#define BITTERN_ACCELERATOR_SIMULATOR_TRACE_H_

#include <functional>
#include <string>
#include <vector>

#include "accelerator/isa/timing.h"

namespace bittern {

// Each unit has a row. An instruction is a bar from its first element to its last, and a
// microsecond in the file is a cycle. `label(record)` gives its name; the default is the name of
// its opcode.
std::string ChromeTrace(const DecodedProgram& program, const std::vector<InstructionTime>& records,
                        const std::function<std::string(const InstructionTime&)>& label = {});

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_TRACE_H_
