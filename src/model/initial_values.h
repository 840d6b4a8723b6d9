// Starting values of every parameter: biases and shifts 0, gains 1, tables and heads normal, tensor
// cores such that the composed matrix has the configuration's standard deviation.
//
// Each parameter draws from a stream of its own (its place in the graph), so that a change of one
// leaves the others as they were.
#ifndef BITTERN_MODEL_INITIAL_VALUES_H_
#define BITTERN_MODEL_INITIAL_VALUES_H_

#include <functional>
#include <span>

#include "graph/graph.h"
#include "model/config.h"

namespace bittern {

void SetInitialValues(const Config& config, const Graph& graph,
                      const std::function<std::span<float>(TensorId)>& place);

}  // namespace bittern

#endif  // BITTERN_MODEL_INITIAL_VALUES_H_
