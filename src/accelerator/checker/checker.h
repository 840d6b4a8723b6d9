// Proves an accelerator's program right from its words and a map of memory alone, by the
// specification (docs/instructions.md, docs/accelerator.md). Shares no code with the compiler or
// the simulator, so that a fault in one of them is not repeated here.
//
// The program is walked in the sequencer's order, hardware loops and list registers expanded, every
// element of every instruction:
//
// - every instruction has a meaning, and lies within memory, slots, registers and tables;
// - every access lies in a tensor that is alive then, and an operand stays within one tensor;
// - every word, slot and register that is read was written before, words in the same life; every
//   tensor has been written whole when its life ends;
// - of every two accesses to one word, slot or register, one of them a write, the order is
//   guaranteed: by waits, queues and the fixed pace of a unit, through other instructions too, but
//   by no assumption about when the sequencer hands an instruction out (order.h);
// - elements of one instruction that meet are as far apart as the specification asks;
// - no two accesses can meet at one port of a bank (each has one read and one write port).
//
// An operand whose place an index table gives may take any of the table's entries: as many as the
// map says, or, where it does not, all that are within the tensor.
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

// List registers that a program for so many tokens is checked for if nothing else is said: 1, 2 and
// all of the tokens in every register, and registers that differ. (A sentence has a token, so no
// list is empty, and no list is longer than a sentence.)
std::vector<ListRegisters> UsualLists(int64_t tokens);

// Everything found, over all `lists`. Tensors must be written whole where a list register holds no
// less in any other of the lists.
Report CheckProgram(std::span<const uint32_t> words, const isa::Accelerator& machine,
                    const isa::MemoryMap& map, std::span<const ListRegisters> lists);
// With the usual lists for the map's tokens.
Report CheckProgram(std::span<const uint32_t> words, const isa::Accelerator& machine,
                    const isa::MemoryMap& map);

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_CHECKER_H_
