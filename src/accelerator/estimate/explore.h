// SPDX-License-Identifier: Apache-2.0
// Sweeps an accelerator's size and a model's rank and depth. It finds the cost of each pair, and
// the pairs that are not dominated by another.
#ifndef BITTERN_ACCELERATOR_ESTIMATE_EXPLORE_H_
#define BITTERN_ACCELERATOR_ESTIMATE_EXPLORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "accelerator/estimate/energy.h"
#include "accelerator/isa/accelerator.h"
#include "model/config.h"

namespace bittern {

// Each combination of these values is a point.
struct Sweep {
  std::vector<int> rows, planes, ranks, encoders;

  size_t points() const { return rows.size() * planes.size() * ranks.size() * encoders.size(); }
};

struct ExplorePoint {
  int rows = 0, planes = 0, rank = 0, encoders = 0;
  // The reason why there is no program, or the resource that the part lacks. Empty if it fits.
  std::string obstacle;
  // The following members are 0 if there is no program.
  int64_t lanes = 0;  // multiply-add lanes
  int64_t cycles = 0;
  double seconds = 0;
  double utilisation = 0;
  int64_t ramb36 = 0, uram288 = 0;  // occupied blocks
  int64_t program_bytes = 0;
  Joules energy;
  int64_t faults = 0;       // number of findings of the checker
  std::string first_fault;  // the text of one of them
  // True if the point fits and is not dominated. A point of the same rank and depth dominates it
  // with at most as many lanes, cycles and bytes of occupied blocks, and fewer of one.
  bool pareto = false;

  bool fits() const { return obstacle.empty(); }
  // The bytes of the blocks that the program occupies.
  int64_t bytes() const;
};

// Varies rows and planes of `base`, and the rank of the maps and the depth of `config`. Returns the
// points in the order of the sweep, in which encoders vary fastest. The result is the same for any
// number of threads.
std::vector<ExplorePoint> Explore(const Config& config, const isa::Accelerator& base,
                                  const Sweep& sweep, int threads);

// Sets ExplorePoint::pareto.
void MarkPareto(std::vector<ExplorePoint>& points);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ESTIMATE_EXPLORE_H_
