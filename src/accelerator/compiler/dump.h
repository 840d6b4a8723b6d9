// SPDX-License-Identifier: Apache-2.0
// Texts of what each pass made, for `bittern compile --dump-after PASS` and for tests.
#ifndef BITTERN_ACCELERATOR_COMPILER_DUMP_H_
#define BITTERN_ACCELERATOR_COMPILER_DUMP_H_

#include <string>

#include "accelerator/compiler/compilation.h"

namespace bittern {

// One line for each item. Tensors are named as in the graph; constants, rates and scratch tensors
// that the lowering adds are named after their kind.
std::string DumpRewritten(const Compilation& c);     // operations of the rewritten graph
std::string DumpGraph(const Compilation& c);         // operations of the graph that is lowered
std::string DumpWholeLayouts(const Compilation& c);  // tensor layouts without plane partitions
std::string DumpLayouts(const Compilation& c);       // tensor layouts
std::string DumpGroups(const Compilation& c);        // fusion groups
std::string DumpTraversals(const Compilation& c);    // traversal orders that are not by address
std::string DumpSections(const Compilation& c);      // straight-line parts and rolled loops
std::string DumpOps(const Compilation& c);           // instructions with their tensors
std::string DumpPlan(const Compilation& c);          // addresses and lifetimes of tensors
std::string DumpTimes(const Compilation& c);         // first and last cycle of each instruction
std::string DumpConflicts(const Compilation& c);     // pairs of tensors, and cycles
std::string DumpLives(const Compilation& c);         // lifetimes in the final program
std::string DumpCode(const Compilation& c);          // the words of the program

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_DUMP_H_
