// SPDX-License-Identifier: Apache-2.0
// Profiles a step. Every operation is timed by itself. Times are summed by kind, and by part of the
// model and direction.
#ifndef BITTERN_BENCH_STEP_PROFILE_H_
#define BITTERN_BENCH_STEP_PROFILE_H_

#include <vector>

#include "cpu/executor.h"

namespace bittern {

// The useful multiply-adds of an operation: those at the sentence's real tokens.
double MultiplyAdds(const Op& op, const StepInputs& inputs);

class StepProfile {
 public:
  explicit StepProfile(Executor& executor);

  // Runs one step. Each operation costs one reading of the clock, which Print subtracts.
  void Run(const StepInputs& inputs);
  // Ends a round. All rounds run the same sentences. The time of an operation is that of its
  // fastest round, which other load on the machine disturbs least.
  void EndRound();
  // Prints means of a step in microseconds, and rates relative to `peak` multiply-adds a second.
  void Print(double peak) const;

 private:
  struct Cost {
    double seconds = 0, multiply_adds = 0;
  };

  Executor& executor_;
  std::vector<bool> backward_;  // by operation: its result depends on a loss
  std::vector<Cost> costs_;     // by operation: costs of the current round
  std::vector<Cost> fastest_;   // by operation: mean cost of a step in the fastest round
  int steps_ = 0;               // steps of the current round
};

}  // namespace bittern

#endif  // BITTERN_BENCH_STEP_PROFILE_H_
