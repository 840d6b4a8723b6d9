// The units' timeline as a Chrome trace file, which Perfetto and chrome://tracing open.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_TRACE_H_
#define BITTERN_ACCELERATOR_SIMULATOR_TRACE_H_

#include <functional>
#include <string>
#include <vector>

#include "accelerator/isa/timing.h"

namespace bittern {

// One row a unit; an instruction is a bar from its first element to its last, a microsecond on the
// page a cycle. `label(record)`: its name; default: its opcode's.
std::string ChromeTrace(const DecodedProgram& program, const std::vector<InstructionTime>& records,
                        const std::function<std::string(const InstructionTime&)>& label = {});

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_TRACE_H_
