// SPDX-License-Identifier: Apache-2.0
// Proves an accelerator's program correct from its words and its memory map alone, by the
// specification (docs/instructions.md, docs/accelerator.md). It shares no code with the compiler or
// the simulator, so that a fault in one of them is not repeated here.
//
// The checker visits every element of every instruction in the sequencer's order, with hardware
// loops and list registers expanded. It proves that
//
// - every instruction is valid, and stays within memory, slots, registers and tables;
// - every access is to a tensor that is alive then, and an operand stays within one tensor;
// - every word, slot and register that is read was written before, words within the same lifetime;
// - every tensor has been written whole when its lifetime ends;
// - two accesses to one word, slot or register have a guaranteed order, if one of them is a write;
// - elements of one instruction that use one place are as far apart as the specification demands;
// - two accesses never use one port of a bank in the same cycle. A bank has one read and one write
//   port.
//
// Waits, queues and the fixed pace of a unit guarantee an order, also through other instructions.
// The checker assumes nothing about the time at which the sequencer dispatches an instruction
// (order.h).
//
// An operand whose place an index table gives may take any entry of the table. The map says how
// many there are; otherwise they are all that stay within the tensor.
#ifndef BITTERN_ACCELERATOR_CHECKER_CHECKER_H_
#define BITTERN_ACCELERATOR_CHECKER_CHECKER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "accelerator/checker/report.h"
#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/memory_map.h"

namespace bittern::checker {

using isa::ListRegisters;

// The list registers with which a program for `tokens` tokens is checked by default. All registers
// hold 1, 2 or `tokens`, or they differ. A sentence has at least one token, so no list is empty,
// and no list is longer than a sentence.
std::vector<ListRegisters> UsualLists(int64_t tokens);

// Returns all findings over all `lists`. Tensors must be written whole for the list whose registers
// are all the largest.
Report CheckProgram(std::span<const uint32_t> words, const isa::Accelerator& machine,
                    const isa::MemoryMap& map, std::span<const ListRegisters> lists);
// The same with UsualLists of the map's tokens.
Report CheckProgram(std::span<const uint32_t> words, const isa::Accelerator& machine,
                    const isa::MemoryMap& map);

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_CHECKER_H_
