// Runs a graph in float64, one scalar at a time: the oracle for the fast executor, and what
// finite differences are taken of.
//
// Every operation is a few plain loops written from its definition in graph/graph.h; nothing is
// shared with the kernels but the dropout masks' definition. Tensors stand in vectors of their own
// (no arena), sized for Graph::tokens and packed for the T of the run.
#ifndef BITTERN_CPU_REFERENCE_H_
#define BITTERN_CPU_REFERENCE_H_

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace bittern {

class Reference {
 public:
  explicit Reference(const Graph& graph);

  std::vector<double>& Values(TensorId id) { return values_[static_cast<size_t>(id)]; }
  std::vector<int32_t>& Integers(TensorId id) { return integers_[static_cast<size_t>(id)]; }

  // Runs ops[begin, end).
  void Run(const StepInputs& inputs, int begin, int end);
  void Run(const StepInputs& inputs) { Run(inputs, 0, graph_.update_begin); }

 private:
  void RunOp(const Op& op, const StepInputs& inputs);
  void Contract(const Op& op, const StepInputs& inputs);
  void Normalization(const Op& op, int64_t rows, int64_t columns);
  void Attention(const Op& op, const StepInputs& inputs);
  void CrossEntropy(const Op& op, const StepInputs& inputs);
  void Update(const Op& op, const StepInputs& inputs);
  double* In(const Op& op, size_t i) { return Values(op.in[i]).data(); }
  double* Out(const Op& op, size_t i = 0) { return Values(op.out[i]).data(); }

  const Graph& graph_;
  std::vector<std::vector<double>> values_;
  std::vector<std::vector<int32_t>> integers_;
};

}  // namespace bittern

#endif  // BITTERN_CPU_REFERENCE_H_
