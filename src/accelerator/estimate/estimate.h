// What training a model on an accelerator takes: whether it fits, blocks of memory, cycles, energy.
//
// A step is one of all the model's tokens, every one a different word: no other takes longer.
// Nothing is run; the program is compiled and its cycles and events are counted.
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

// Blocks that are there, what the accelerator is built with, and those of them that hold something
// of the program's. `available`: of the part's `total` without what the board's shell takes.
struct BlockUse {
  int64_t configured = 0;
  int64_t occupied = 0;
  int64_t available = 0;
  int64_t total = 0;
};

struct RegionUse {
  std::string name;      // tokens, ranks, scalars
  std::string memories;  // isa::MemoriesOf
  int64_t used = 0;      // words: as many as are needed where they do not fit
  int64_t configured = 0;
};

struct Estimate {
  const isa::Accelerator* machine = nullptr;
  ModelProgram program;
  std::vector<Shortfall> shortfalls;  // the program's, and blocks that the part has not
  std::vector<RegionUse> regions;
  BlockUse ramb36, uram288;
  int64_t multiply_adds = 0;  // useful ones: of the step without anything computed again
  // What follows is 0 where there is no program.
  int64_t instructions = 0;
  int64_t program_bytes = 0;
  Timing timing;
  std::vector<Phase> phases;
  EnergyEstimate energy;

  bool fits() const { return shortfalls.empty(); }
  bool has_program() const { return program.fits(); }
  // Multiply-add lanes of the array.
  int64_t array_lanes() const;
  // The share of lanes and cycles that do useful multiply-adds.
  double array_utilisation() const;
  double seconds_per_step() const;
};

// Fails, naming the training option, where the accelerator cannot run the step at all. The machine
// outlives the result.
Estimate EstimateTraining(const Config& config, const isa::Accelerator& machine);

// Every list of the word table that long, at most `tokens`.
isa::ListRegisters FullLists(const ModelConfig& model);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ESTIMATE_ESTIMATE_H_
