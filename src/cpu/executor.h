// Runs a planned graph on this machine in FP32.
//
// Construction plans the arena, has the independent checker prove the plan, allocates the arena
// and binds every operation to a kernel for each possible number of token columns. A run then
// allocates nothing and uses one thread. Equal inputs give equal bits on one SIMD target. Not for
// use by two threads at once; two Executors share nothing.
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
  // `column_group`: a run's tokens are multiples of it, or graph.tokens.
  Executor(Graph graph, int column_group);
  ~Executor();

  const Graph& graph() const { return graph_; }
  const ArenaPlan& plan() const { return plan_; }
  // Arena and kernels' scratch: all the memory that a step touches.
  int64_t arena_bytes() const { return plan_.peak_bytes + scratch_bytes_; }

  // The tensor's bytes, sized for graph.tokens; packed for the T of the latest run. Contents of
  // tensors that are not persistent are whatever the latest run left there.
  std::span<float> Values(TensorId id);
  std::span<int32_t> Integers(TensorId id);

  // Every sentence: ops[0, update_begin).
  void Run(const StepInputs& inputs);
  // Once a batch: ops[update_begin, end).
  void RunUpdates(const StepInputs& inputs);
  // ops[begin, end): what both do, in pieces, for a profiler.
  void RunOps(const StepInputs& inputs, int begin, int end);

 private:
  struct Bound;  // the operations, bound for one number of columns

  Graph graph_;
  ArenaPlan plan_;
  int column_group_;
  int64_t scratch_bytes_ = 0;
  std::unique_ptr<std::byte[]> memory_;
  std::byte* arena_ = nullptr;  // aligned
  float* scratch_ = nullptr;
  std::vector<int32_t> contraction_;  // by operation: contractions before it
  std::vector<Bound> bound_;          // by columns / column_group
};

// The bytes of the kernels' scratch, which is not part of the arena. Allocates neither of them.
int64_t ScratchBytes(const Graph& graph, int column_group);

}  // namespace bittern

#endif  // BITTERN_CPU_EXECUTOR_H_
