// SPDX-License-Identifier: Apache-2.0
// Computes cycles and events of a program in one pass over its instructions, with hardware loops
// expanded. It does not simulate each cycle. The result depends on the list registers and on no
// other data.
//
// docs/timing.md says when an instruction starts, how it issues its elements and when its results
// can be read.
#ifndef BITTERN_ACCELERATOR_ISA_TIMING_H_
#define BITTERN_ACCELERATOR_ISA_TIMING_H_

#include <array>
#include <cstdint>
#include <vector>

#include "accelerator/isa/counters.h"
#include "accelerator/isa/decoded_program.h"
#include "accelerator/isa/events.h"

namespace bittern {

// One dispatched instruction. On an accelerator with folded lanes, cycles here are beats.
struct InstructionTime {
  int instruction = 0;    // its index in the program
  int64_t iteration = 0;  // of the hardware loop around it
  int unit = 0;           // isa::Unit
  int64_t elements = 0;
  int64_t dispatch = 0;  // the first cycle in which it is in its queue
  int64_t start = 0;     // the cycle of its first element
  int64_t issued = 0;    // the first cycle after its last element
  int64_t done = 0;      // the first cycle in which all its results can be read
};

// These are cycles of the clock.
struct Timing {
  Counters counters;
  Events events;
  // Cycles in which the sequencer takes instructions, is blocked by a full queue, or waits for all
  // units.
  int64_t dispatch_cycles = 0, blocked_cycles = 0, sync_cycles = 0;
  int64_t instructions = 0;  // dispatched to units
};

inline constexpr int64_t kDispatchLatency = 5;
inline constexpr int64_t kJumpCycles = 3;

int64_t Latency(const isa::Instruction& instruction, const isa::Accelerator& accelerator);
// The number of cycles from one element to the next.
int64_t Interval(const isa::Instruction& instruction, const isa::Accelerator& accelerator);

// `records`, if given, receives an entry for every dispatched instruction.
Timing TimeProgram(const DecodedProgram& program, const isa::Accelerator& accelerator,
                   const isa::ListRegisters& lists,
                   std::vector<InstructionTime>* records = nullptr);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_TIMING_H_
