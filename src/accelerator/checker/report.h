// SPDX-License-Identifier: Apache-2.0
// The findings of the checker.
#ifndef BITTERN_ACCELERATOR_CHECKER_REPORT_H_
#define BITTERN_ACCELERATOR_CHECKER_REPORT_H_

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace bittern::checker {

enum class Rule {
  kProgram,     // the words are not a program
  kOperand,     // an invalid instruction: an operand is missing, ...
  kCapacity,    // an index beyond memory, slots, registers, tables or program memory
  kMap,         // tensors that overlap while both are alive, or are outside memory
  kAlive,       // an access outside of live tensors, or an operand that leaves its tensor
  kUnwritten,   // a read of a word that was not written in this lifetime
  kIncomplete,  // a tensor that is not written whole when its lifetime ends
  kOrder,       // accesses to one place without a guaranteed order
  kDistance,    // elements of one instruction that use one place too soon
  kPort,        // accesses that can use one port of a bank in the same cycle
};
inline constexpr int kRules = 10;

std::string_view Name(Rule rule);

struct Finding {
  Rule rule = Rule::kProgram;
  int instruction = -1;  // its index in the program; -1: not about one
  int other = -1;        // the earlier instruction, if the finding is about two
  std::string operand;
  std::string text;  // a sentence that names instruction, operand and place
};

class Report {
 public:
  // Findings with the same rule, instructions and operand count as one. The report keeps the text
  // of the first kMostTexts of each rule. After kMost findings it counts no more.
  static constexpr int64_t kMostTexts = 32;
  static constexpr int64_t kMost = 1 << 16;

  // Counts a finding. Returns true if it is new and its text should be added.
  bool Count(Rule rule, int instruction, int other, std::string_view operand);
  void Add(Finding finding) { findings_.push_back(std::move(finding)); }

  const std::vector<Finding>& findings() const { return findings_; }
  int64_t count(Rule rule) const { return counts_[static_cast<size_t>(rule)]; }
  int64_t faults() const;  // the findings of all rules

 private:
  std::vector<Finding> findings_;
  std::array<int64_t, kRules> counts_{};
  std::set<std::tuple<Rule, int, int, std::string>> known_;
};

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_REPORT_H_
