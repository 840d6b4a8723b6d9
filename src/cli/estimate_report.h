// Reports an estimate (accelerator/estimate/estimate.h) as JSON and as text, for `bittern
// estimate`. The names in the JSON are stable; docs/estimates.md lists them.
#ifndef BITTERN_CLI_ESTIMATE_REPORT_H_
#define BITTERN_CLI_ESTIMATE_REPORT_H_

#include <cstdint>
#include <cstdio>
#include <string>

#include "accelerator/estimate/estimate.h"
#include "cli/output.h"

namespace bittern {

// An epoch of steps.
struct EpochEstimate {
  std::string of;  // "ATIS, every sentence as long as can be"
  int64_t sentences = 0;
  int64_t cycles = 0;
  Joules energy;
};

Json ToJson(const Estimate& estimate);
Json ToJson(const EpochEstimate& epoch, const isa::Accelerator& machine);
void Print(const Estimate& estimate, const EpochEstimate& epoch, std::FILE* file);

// "0.31 to 2.4 mJ".
std::string Text(const Joules& energy);

}  // namespace bittern

#endif  // BITTERN_CLI_ESTIMATE_REPORT_H_
