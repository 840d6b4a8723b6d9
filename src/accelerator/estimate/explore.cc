// SPDX-License-Identifier: Apache-2.0
#include "accelerator/estimate/explore.h"

#include <algorithm>

#include "accelerator/checker/checker.h"
#include "accelerator/compiler/memory_map.h"
#include "accelerator/estimate/estimate.h"
#include "base/error.h"
#include "base/parallel.h"

namespace bittern {
namespace {

// Sizes with parity bits.
constexpr int64_t kRamb36Bytes = 36 * 1024 / 8, kUram288Bytes = 288 * 1024 / 8;

// Sets the rank of all inner bonds. The modes limit the rank of the outer ones.
void SetRank(TtShape& map, int rank) {
  for (int bond = 1; bond < map.cores(); ++bond) {
    map.ranks[static_cast<size_t>(bond)] =
        static_cast<int>(std::min<int64_t>(rank, map.LargestRank(bond)));
  }
}

// Compiles and checks one point. An Error becomes the point's obstacle, so that the sweep
// continues.
void Measure(Config config, isa::Accelerator machine, ExplorePoint& point) {
  machine.rows = point.rows;
  machine.planes = point.planes;
  config.model.encoders = point.encoders;
  SetRank(config.model.map.train, point.rank);
  // This is known without a program, so a point that does not fit has it, too.
  point.lanes = int64_t{machine.rows} * (machine.lanes / machine.fold) * machine.planes;
  try {
    const Estimate estimate = EstimateTraining(config, machine);
    point.obstacle = Describe(estimate.shortfalls);
    if (!estimate.has_program()) return;
    const CompiledStep& step = estimate.program.step;
    point.cycles = estimate.timing.counters.cycles;
    point.seconds = estimate.seconds_per_step();
    point.utilisation = estimate.array_utilisation();
    point.ramb36 = estimate.ramb36.occupied;
    point.uram288 = estimate.uram288.occupied;
    point.program_bytes = estimate.program_bytes;
    point.energy = estimate.energy.total();
    // Every program of a sweep is checked, and the point gives the number of faults.
    const checker::Report report =
        checker::CheckProgram(step.code, machine, MapOf(estimate.program.graph, step));
    point.faults = report.faults();
    if (!report.findings().empty()) point.first_fault = report.findings()[0].text;
  } catch (const Error& error) {
    // EstimateTraining throws if the accelerator cannot run the step at all.
    point.obstacle = error.what();
  }
}

// True if `a` is at least as good in all three figures, and better in one.
bool Beats(const ExplorePoint& a, const ExplorePoint& b) {
  return a.lanes <= b.lanes && a.cycles <= b.cycles && a.bytes() <= b.bytes() &&
         (a.lanes < b.lanes || a.cycles < b.cycles || a.bytes() < b.bytes());
}

}  // namespace

int64_t ExplorePoint::bytes() const { return ramb36 * kRamb36Bytes + uram288 * kUram288Bytes; }

void MarkPareto(std::vector<ExplorePoint>& points) {
  for (ExplorePoint& point : points) {
    point.pareto =
        point.fits() && std::none_of(points.begin(), points.end(), [&](const auto& other) {
          // Only points of the same model compete, because a smaller model costs less.
          return other.fits() && other.rank == point.rank && other.encoders == point.encoders &&
                 Beats(other, point);
        });
  }
}

std::vector<ExplorePoint> Explore(const Config& config, const isa::Accelerator& base,
                                  const Sweep& sweep, int threads) {
  std::vector<ExplorePoint> points;
  // All points exist before the threads start, so each thread writes to its own one.
  for (const int rows : sweep.rows) {
    for (const int planes : sweep.planes) {
      for (const int rank : sweep.ranks) {
        for (const int encoders : sweep.encoders) {
          ExplorePoint& point = points.emplace_back();
          point.rows = rows;
          point.planes = planes;
          point.rank = rank;
          point.encoders = encoders;
        }
      }
    }
  }
  // The points are independent, so the result does not depend on the threads.
  ParallelFor(points.size(), threads, [&](size_t i, int) { Measure(config, base, points[i]); });
  MarkPareto(points);
  return points;
}

}  // namespace bittern
