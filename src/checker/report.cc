#include "checker/report.h"

namespace bittern::checker {

std::string_view Name(Rule rule) {
  static constexpr std::array<std::string_view, kRules> kNames = {
      "program",   "operand",    "capacity", "map",      "alive",
      "unwritten", "incomplete", "order",    "distance", "port"};
  return kNames[static_cast<size_t>(rule)];
}

bool Report::Count(Rule rule, int instruction, int other, std::string_view operand) {
  if (!known_.emplace(rule, instruction, other, std::string(operand)).second) return false;
  return ++counts_[static_cast<size_t>(rule)] <= kMostTexts;
}

bool Report::Has(Rule rule, int instruction, int other) const {
  const auto first = known_.lower_bound({rule, instruction, other, ""});
  return first != known_.end() && std::get<0>(*first) == rule &&
         std::get<1>(*first) == instruction && std::get<2>(*first) == other;
}

int64_t Report::faults() const {
  int64_t sum = 0;
  for (int rule = 0; rule < kRules; ++rule) {
    if (static_cast<Rule>(rule) != Rule::kPort) sum += counts_[static_cast<size_t>(rule)];
  }
  return sum;
}

}  // namespace bittern::checker
