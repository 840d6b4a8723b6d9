// SPDX-License-Identifier: Apache-2.0
// Runs a planned graph on this machine in FP32.
//
// Construction plans the arena, has the independent checker prove the plan, and allocates the
// arena. It also plans the kernel of every contraction for each possible number of token columns.
// The other operations choose their kernel when they run. A run allocates nothing and uses one
// thread. Equal inputs give equal bits on one SIMD target. Two threads may not use an Executor at
// once; two Executors share nothing. A plan that the checker refutes ends the program.
//
// With BITTERN_POISON (debug builds) a tensor's bytes are filled with NaN when its life ends.
#ifndef BITTERN_CPU_EXECUTOR_H_
#define BITTERN_CPU_EXECUTOR_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "graph/arena.h"
#include "graph/graph.h"

namespace bittern {

class Executor {
 public:
  // The number of tokens of a run is a multiple of `column_group`, or graph.tokens.
  Executor(Graph graph, int column_group);
  ~Executor();

  const Graph& graph() const { return graph_; }
  const ArenaPlan& plan() const { return plan_; }
  // The arena and the kernels' scratch are all the memory that a step touches.
  int64_t arena_bytes() const { return plan_.peak_bytes + scratch_bytes_; }

  // The tensor's elements, sized for graph.tokens and packed for the T of the latest run. A tensor
  // that is not persistent holds what the latest run left in its bytes.
  std::span<float> Values(TensorId id);
  std::span<int32_t> Integers(TensorId id);

  // Runs ops[0, update_begin): once for every sentence.
  void Run(const StepInputs& inputs);
  // Runs ops[update_begin, end): once for every batch.
  void RunUpdates(const StepInputs& inputs);
  // Runs ops[begin, end). A profiler runs a step in pieces.
  void RunOps(const StepInputs& inputs, int begin, int end);

 private:
  struct Bound;  // the contractions, planned for one number of columns

  Graph graph_;
  ArenaPlan plan_;
  int column_group_;
  int64_t scratch_bytes_ = 0;
  std::unique_ptr<std::byte[]> memory_;
  std::byte* arena_ = nullptr;        // in memory_, aligned to kArenaAlignment
  float* scratch_ = nullptr;          // after the arena
  std::vector<int32_t> contraction_;  // for each operation, the contractions before it
  std::vector<Bound> bound_;          // index: (columns - 1) / column_group
};

// The bytes of the kernels' scratch, which is not part of the arena. Allocates neither of them.
int64_t ScratchBytes(const Graph& graph, int column_group);

}  // namespace bittern

#endif  // BITTERN_CPU_EXECUTOR_H_
