// Where the time of a step goes: every operation timed by itself, summed by kind, and by part of
// the model and direction.
#ifndef BITTERN_BENCH_STEP_PROFILE_H_
#define BITTERN_BENCH_STEP_PROFILE_H_

#include <vector>

#include "cpu/executor.h"

namespace bittern {

// Useful multiply-adds of an operation: those at the sentence's real tokens.
double MultiplyAdds(const Op& op, const StepInputs& inputs);

class StepProfile {
 public:
  explicit StepProfile(Executor& executor);

  // One step. Costs a reading of the clock an operation, which Print takes off.
  void Run(const StepInputs& inputs);
  // Ends a round. All rounds run the same sentences; an operation's time is that of its fastest
  // round, which a busy machine disturbs least.
  void EndRound();
  // Means of a step, in microseconds; rates against `peak` multiply-adds a second.
  void Print(double peak) const;

 private:
  struct Cost {
    double seconds = 0, multiply_adds = 0;
  };

  Executor& executor_;
  std::vector<bool> backward_;  // by operation: its result follows from a loss
  std::vector<Cost> costs_;     // by operation: of the running round
  std::vector<Cost> fastest_;   // by operation: mean of a step in the fastest round
  int steps_ = 0;               // of the running round
};

}  // namespace bittern

#endif  // BITTERN_BENCH_STEP_PROFILE_H_
