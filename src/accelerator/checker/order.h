// SPDX-License-Identifier: Apache-2.0
// Computes how long after another instruction an instruction starts at least, for any behaviour of
// the sequencer.
//
// These facts about the start S of instruction j follow from docs/timing.md:
//
//   the one before in its unit, i    S(j) >= S(i) + cycles(i)       i has issued its last element
//   a wait until i is done           S(j) >= done(i)
//   a chained wait on n elements     S(j) >= S(i) + (n - 1) * interval + 1, at most cycles(i)
//   done, in order                   done(i) >= S(i) + last element + latency, done(i - 1) + 1
//   sync                             S(j) >= done of everything before
//
// Facts are inherited: a fact about S(i) also holds for S(j), with the difference added. A unit may
// start an instruction late. Once started, it issues an element every `interval` cycles.
#ifndef BITTERN_ACCELERATOR_CHECKER_ORDER_H_
#define BITTERN_ACCELERATOR_CHECKER_ORDER_H_

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "accelerator/isa/generated/instructions.h"

namespace bittern::checker {

using isa::kUnits;

// The timing of an instruction.
struct Pace {
  int64_t elements = 1;  // at least 1: an instruction that does nothing counts as one element
  int64_t interval = 1;  // cycles between two elements
  int64_t latency = 0;   // from an element's issue until its result can be read

  int64_t last() const { return (elements - 1) * interval; }
  int64_t cycles() const { return last() + 1; }
};

class Order {
 public:
  static constexpr int64_t kUnknown = std::numeric_limits<int64_t>::min() / 4;
  static constexpr int64_t kDrained = std::numeric_limits<int64_t>::max() / 4;

  Order();

  // Takes the next instruction of `unit`. Bounds are about its start from now on.
  void Take(size_t unit, const std::array<isa::Wait, kUnits>& waits, const Pace& pace);
  void Sync();

  // The number of instructions taken of a unit. They are numbered from 0.
  int64_t Count(size_t unit) const { return static_cast<int64_t>(paces_[unit].size()); }
  // A lower bound of S(latest) - S(number), where `latest` is the instruction taken last and
  // `number` one of `unit`. kUnknown means that nothing is guaranteed. kDrained means that a sync
  // has waited for it.
  int64_t Bound(size_t unit, int64_t number);
  // The fewest cycles between the starts of two instructions of one unit.
  int64_t Between(size_t unit, int64_t earlier, int64_t later) const {
    return starts_[unit][static_cast<size_t>(later)] - starts_[unit][static_cast<size_t>(earlier)];
  }

 private:
  // S - S(number) >= cycles, or S - done(number) >= cycles.
  struct Fact {
    int64_t number = -1;
    int64_t cycles = 0;
  };
  // The newest facts that no other fact implies. If there are too many, the oldest are dropped. The
  // checker then proves less, but nothing false.
  struct Known {
    static constexpr size_t kMost = 8;
    std::array<Fact, kMost> started;
    size_t size = 0;
    Fact done;
  };
  using Knowledge = std::array<Known, kUnits>;

  void Learn(size_t unit, Known& known, Fact fact) const;
  static void LearnDone(Known& known, Fact fact);
  void Inherit(Knowledge& knowledge, const Knowledge& from, int64_t later) const;

  static constexpr size_t kRemembered = 32;  // waits reach back at most 31

  std::array<std::vector<Pace>, kUnits> paces_;
  std::array<std::vector<int64_t>, kUnits> starts_;  // earliest starts if no instruction waited
  std::array<std::array<Knowledge, kRemembered>, kUnits> recent_;
  std::array<int64_t, kUnits> drained_{};  // number of instructions before the last sync
  const Knowledge* latest_ = nullptr;
  std::array<Fact, kUnits> remembered_bound_;
};

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_ORDER_H_
