// SPDX-License-Identifier: Apache-2.0
// Runs through a program once, with every element of every instruction, and compares each access
// with those before it.
#ifndef BITTERN_ACCELERATOR_CHECKER_REPLAY_H_
#define BITTERN_ACCELERATOR_CHECKER_REPLAY_H_

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "accelerator/checker/access.h"
#include "accelerator/checker/checker.h"
#include "accelerator/checker/lives.h"
#include "accelerator/checker/order.h"
#include "accelerator/checker/program.h"
#include "accelerator/checker/report.h"

namespace bittern::checker {

class Replay {
 public:
  Replay(const Program& program, const isa::Accelerator& machine, const Places& places,
         Lives& lives, Report& report);

  // Returns false if the program was too long to be checked to its end. `whole` means that the list
  // registers have their largest values. Then tensors must be written whole, and all entries of
  // index tables count as used. Otherwise only entry 0 is certain to be used.
  bool Run(const ListRegisters& lists, bool whole);

 private:
  // The last access of one unit to a place: the latest instruction, and a time from its start.
  // Accesses of earlier instructions of the unit are not later than this time.
  struct Touch {
    int32_t number = -1;
    int32_t time = 0;
  };
  using Touches = std::array<Touch, kUnits>;
  struct State {
    Touches writers, readers;  // since the last write that certainly happens
  };
  // A range of banks. It is one bank, unless a table gives the place.
  struct Banks {
    int64_t first = 0, last = -1;
    bool operator==(const Banks&) const = default;
    bool Overlaps(const Banks& other) const { return first <= other.last && other.first <= last; }
  };
  // The state of an operand in the loops over elements.
  struct Walk {
    const Operand* operand = nullptr;
    int64_t at = 0;
    std::array<int64_t, kLoops> step{};
    std::array<int32_t, 2> tensor{};  // the current tensor, by plane
    int64_t entries = 1;              // possible entries, if a table gives the place
    std::array<Banks, 2> banks;       // the current banks, by plane
  };

  void Take(int index, int64_t iteration);
  bool Affordable(const Work& work);
  void Elements(const Work& work);
  void Prepare(const Work& work);
  int64_t EntriesOf(const Operand& operand, int64_t low, int64_t high);
  void Touched(Walk& walk, int64_t cycle, bool reads, bool writes);
  void Read(const Walk& walk, int64_t place, int64_t entry, int64_t cycle);
  void Write(const Walk& walk, int64_t place, int64_t cycle);
  void Owned(Walk& walk, int64_t place, size_t plane);
  void Port(const Walk& walk, int64_t bank, int64_t cycle);
  void Hold(int64_t bank, size_t port, int64_t time);
  void PortsWithin(const Work& work);

  void Merge(Touch& touch, int64_t time);
  int64_t Bound(size_t unit, const Touch& touch) { return order_.Bound(unit, touch.number); }
  bool Own(size_t unit, const Touch& touch) const {
    return unit == work_->unit && touch.number == number_;
  }
  int InstructionOf(size_t unit, const Touch& touch) const {
    return indices_[unit][static_cast<size_t>(touch.number)];
  }
  template <typename... Args>
  void Found(Rule rule, int other, const char* operand, fmt::format_string<Args...> format,
             Args&&... args);
  std::string Here(const char* operand) const;

  const Program& program_;
  const isa::Accelerator& machine_;
  const Places& places_;
  Lives& lives_;
  Report& report_;
  const ListRegisters* lists_ = nullptr;
  bool whole_ = true;

  Order order_;
  std::array<std::vector<int32_t>, kUnits> indices_;  // index in the program, by unit and number
  std::vector<State> states_;                         // by place
  std::vector<std::array<Touches, 2>> ports_;         // by bank: read, write
  std::array<int64_t, kRegions + 1> first_bank_{};
  std::vector<Walk> walks_;

  // The state of the current instruction.
  int index_ = 0;
  int64_t iteration_ = 0, element_ = 0;
  int64_t instructions_ = 0, accesses_ = 0, cycles_ = 0;  // totals so far
  bool stopped_ = false;                                  // a total is too large
  int32_t number_ = 0;
  const Work* work_ = nullptr;
};

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_REPLAY_H_
