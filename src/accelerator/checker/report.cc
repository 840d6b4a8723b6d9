// SPDX-License-Identifier: Apache-2.0
#include "accelerator/checker/report.h"

namespace bittern::checker {

std::string_view Name(Rule rule) {
  static constexpr std::array<std::string_view, kRules> kNames = {
      "program",   "operand",    "capacity", "map",      "alive",
      "unwritten", "incomplete", "order",    "distance", "port"};
  return kNames[static_cast<size_t>(rule)];
}

bool Report::Count(Rule rule, int instruction, int other, std::string_view operand) {
  if (std::ssize(known_) >= kMost) return false;
  if (!known_.emplace(rule, instruction, other, std::string(operand)).second) return false;
  return ++counts_[static_cast<size_t>(rule)] <= kMostTexts;
}

int64_t Report::faults() const {
  int64_t sum = 0;
  for (const int64_t count : counts_) sum += count;
  return sum;
}

}  // namespace bittern::checker
