// SPDX-License-Identifier: Apache-2.0
// Runs a graph in float64, one scalar at a time. Tests compare the fast executor with it, and take
// finite differences of it.
//
// Every operation is a few plain loops written from its definition in graph/operations.h. It shares
// only the definition of dropout masks with the kernels. Every tensor has its own vector (there is
// no arena), sized for Graph::tokens and packed for the T of the run. What no operation has written
// is NaN. Not for use by two threads at once. Results are deterministic.
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
  const Graph& graph_;
  std::vector<std::vector<double>> values_;
  std::vector<std::vector<int32_t>> integers_;
};

}  // namespace bittern

#endif  // BITTERN_CPU_REFERENCE_H_
