// Sets every parameter of a graph to its starting values: graph/part.h, ParameterInfo.
//
// place(id): the whole tensor, row-major, in float32; it is overwritten. Each parameter draws from
// a random stream of its own, numbered by its place among the parameters, so that a change of one
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
