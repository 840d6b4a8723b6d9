// What the checker finds.
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
  kProgram,     // words that are no program
  kOperand,     // an instruction without meaning: an operand missing, too many rows, ...
  kCapacity,    // beyond memory, slots, registers, tables or program memory
  kMap,         // tensors that overlap while both are alive, or lie outside memory
  kAlive,       // an access to words of no tensor, or an operand that strays into another tensor
  kUnwritten,   // a read of what nothing has written in this life
  kIncomplete,  // a tensor that nothing has written whole when its life ends
  kOrder,       // accesses to one place whose order no wait guarantees
  kDistance,    // elements of one instruction that meet too soon
  kPort,        // accesses that can meet at one port of a bank
};
inline constexpr int kRules = 10;

std::string_view Name(Rule rule);

struct Finding {
  Rule rule = Rule::kProgram;
  int instruction = -1;  // its index in the program; -1: none
  int other = -1;        // the earlier instruction that it meets, if it is about two
  std::string operand;
  std::string text;  // a sentence that names everything
};

class Report {
 public:
  // Findings are told apart by rule, instructions and operand; further ones of the same count as
  // one. The text of the first kMostTexts of a rule is kept; behind kMost of all rules none counts.
  static constexpr int64_t kMostTexts = 32;
  static constexpr int64_t kMost = 1 << 16;

  // Whether this is a new one whose text is wanted.
  bool Count(Rule rule, int instruction, int other, std::string_view operand);
  void Add(Finding finding) { findings_.push_back(std::move(finding)); }

  const std::vector<Finding>& findings() const { return findings_; }
  int64_t count(Rule rule) const { return counts_[static_cast<size_t>(rule)]; }
  int64_t faults() const;  // of all rules

 private:
  std::vector<Finding> findings_;
  std::array<int64_t, kRules> counts_{};
  std::set<std::tuple<Rule, int, int, std::string>> known_;
};

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_REPORT_H_
