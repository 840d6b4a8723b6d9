// SPDX-License-Identifier: Apache-2.0
// Estimates the training of a model on an accelerator: whether it fits, memory blocks, cycles and
// energy.
//
// The estimated step has all the model's tokens, and each is a different word. No other step takes
// longer. The program is compiled and its cycles and events are counted, but it is not run.
#ifndef BITTERN_ACCELERATOR_ESTIMATE_ESTIMATE_H_
#define BITTERN_ACCELERATOR_ESTIMATE_ESTIMATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "accelerator/estimate/energy.h"
#include "accelerator/estimate/model_program.h"
#include "accelerator/estimate/phases.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/decoded_program.h"
#include "accelerator/isa/timing.h"

namespace bittern {

// The blocks of the part, of the accelerator, and those that the program occupies. `available` is
// the part's `total` without the blocks of the board's shell.
struct BlockUse {
  int64_t configured = 0;
  int64_t occupied = 0;
  int64_t available = 0;
  int64_t total = 0;
};

struct RegionUse {
  std::string name;      // tokens, ranks, scalars
  std::string memories;  // isa::MemoriesOf
  int64_t used = 0;      // needed words, also if they do not fit
  int64_t configured = 0;
};

struct Estimate {
  const isa::Accelerator* machine = nullptr;
  ModelProgram program;
  std::vector<Shortfall>
      shortfalls;  // words that the program lacks, and blocks that the part lacks
  std::vector<RegionUse> regions;
  BlockUse ramb36, uram288;
  int64_t multiply_adds = 0;  // useful ones: those of the step without recomputation
  // The following members are 0 if there is no program.
  int64_t instructions = 0;
  int64_t program_bytes = 0;
  Timing timing;
  std::vector<Phase> phases;
  EnergyEstimate energy;

  bool fits() const { return shortfalls.empty(); }
  bool has_program() const { return program.fits(); }
  // The number of multiply-add lanes in the array.
  int64_t array_lanes() const;
  // The share of lanes and cycles that do useful multiply-adds.
  double array_utilisation() const;
  double seconds_per_step() const;
};

// Fails if the accelerator cannot run the step at all, with the name of the training option. The
// machine must outlive the result.
Estimate EstimateTraining(const Config& config, const isa::Accelerator& machine);

// Sets every list of the word table to this length, but at most `tokens`.
isa::ListRegisters FullLists(const ModelConfig& model);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ESTIMATE_ESTIMATE_H_
