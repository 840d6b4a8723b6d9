// SPDX-License-Identifier: Apache-2.0
// The result of a compilation: a program, and what a host needs to know to run it.
//
// It owns everything in it. A step that does not fit the accelerator has no program, but says what
// room it lacks (`shortfalls`).
#ifndef BITTERN_ACCELERATOR_COMPILER_COMPILED_STEP_H_
#define BITTERN_ACCELERATOR_COMPILER_COMPILED_STEP_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/compiler/lower/shortfall.h"
#include "graph/arena.h"
#include "graph/graph.h"

namespace bittern {

struct CompiledStep {
  std::vector<uint32_t> code;           // the program's words
  std::vector<MachineOp> ops;           // the same before encoding
  std::vector<TensorLayout> layouts;    // by StoredId: the graph's tensors, then the compiler's own
  std::vector<std::string> names;       // of the graph's tensors, with those of the rewritten graph
  std::vector<Extent> extents;          // by StoredId: the addresses
  std::vector<Lifetime> lives;          // by StoredId, in instructions; last < first: never used
  std::map<float, StoredId> constants;  // scalars that the host writes once
  std::map<double, StoredId> rates;     // -factor * learning rate: written before each step
  std::map<int, StoredId> loss_weights;  // StepInputs::loss_weights: written before each step
  std::map<TensorId, uint32_t> tables;   // number of the index table of an input tensor, from 1
  std::map<WordKind, int64_t> words;     // words of memory that are used, by kind
  std::vector<Shortfall> shortfalls;     // empty unless room is lacking
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_COMPILED_STEP_H_
