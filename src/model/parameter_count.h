// How many numbers a model trains, part by part, and what dense weights would need.
#ifndef BITTERN_MODEL_PARAMETER_COUNT_H_
#define BITTERN_MODEL_PARAMETER_COUNT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "model/config.h"

namespace bittern {

struct ParameterCount {
  std::string part;  // of the model: "encoder.0.attention"
  int64_t stored = 0;
  int64_t dense = 0;  // of the same model with dense weights

  friend bool operator==(const ParameterCount&, const ParameterCount&) = default;

  double Compression() const { return static_cast<double>(dense) / static_cast<double>(stored); }
};

// In the order of the model, and their sum at the end, whose part is "all". The second form takes
// the model's graph and the graph of the same model with dense weights.
std::vector<ParameterCount> CountParameters(const Config& config);
std::vector<ParameterCount> CountParameters(const Graph& stored, const Graph& dense);

}  // namespace bittern

#endif  // BITTERN_MODEL_PARAMETER_COUNT_H_
