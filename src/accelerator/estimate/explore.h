// Sweeps an accelerator's size and a model's rank and depth: what each pair takes, and which pairs
// no other beats.
#ifndef BITTERN_ACCELERATOR_ESTIMATE_EXPLORE_H_
#define BITTERN_ACCELERATOR_ESTIMATE_EXPLORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "accelerator/estimate/energy.h"
#include "accelerator/isa/accelerator.h"
#include "model/config.h"

namespace bittern {

// Every combination is a point.
struct Sweep {
  std::vector<int> rows, planes, ranks, encoders;

  size_t points() const { return rows.size() * planes.size() * ranks.size() * encoders.size(); }
};

struct ExplorePoint {
  int rows = 0, planes = 0, rank = 0, encoders = 0;
  // Why there is no program, or what the part is short of; empty: it fits.
  std::string obstacle;
  // What follows is 0 where there is no program.
  int64_t lanes = 0;  // multiply-add lanes
  int64_t cycles = 0;
  double seconds = 0;
  double utilisation = 0;
  int64_t ramb36 = 0, uram288 = 0;  // occupied
  int64_t program_bytes = 0;
  Joules energy;
  int64_t faults = 0;       // that the checker finds in the program
  std::string first_fault;  // one of them in words
  // Fits, and no other point of the same rank and depth has as few lanes, cycles and bytes of
  // occupied blocks, and fewer of one.
  bool pareto = false;

  bool fits() const { return obstacle.empty(); }
  // Of the blocks that the program occupies.
  int64_t bytes() const;
};

// `base` with other rows and planes, `config` with another rank of its maps and depth. The points
// in the order of the sweep, encoders fastest; the same for any number of threads.
std::vector<ExplorePoint> Explore(const Config& config, const isa::Accelerator& base,
                                  const Sweep& sweep, int threads);

// Sets ExplorePoint::pareto.
void MarkPareto(std::vector<ExplorePoint>& points);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ESTIMATE_EXPLORE_H_
