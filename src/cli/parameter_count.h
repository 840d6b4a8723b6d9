// How many numbers a model trains, part by part, and what dense weights would need.
#ifndef BITTERN_CLI_PARAMETER_COUNT_H_
#define BITTERN_CLI_PARAMETER_COUNT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"

namespace bittern {

struct ParameterCount {
  std::string part;  // the parameters' common name: "encoder.0.attention"
  int64_t stored = 0;
  int64_t dense = 0;  // of the same model with dense weights

  double Compression() const { return static_cast<double>(dense) / static_cast<double>(stored); }
};

// In the order of the model, and their sum at the end, whose part is "all".
std::vector<ParameterCount> CountParameters(const Config& config);

}  // namespace bittern

#endif  // BITTERN_CLI_PARAMETER_COUNT_H_
