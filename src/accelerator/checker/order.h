// How late one instruction starts after another at the least, whatever the sequencer does.
//
// What is known of instruction j's start S, from docs/timing.md alone:
//
//   the one before in its unit, i    S(j) >= S(i) + cycles(i)       it has issued its last element
//   a wait until i is done           S(j) >= done(i)
//   a chained wait on n elements     S(j) >= S(i) + (n - 1) * interval + 1, at most cycles(i)
//   done, in order                   done(i) >= S(i) + last element + latency, done(i - 1) + 1
//   sync                             S(j) >= done of everything before
//
// Facts are handed on: what is known of S(i) holds for S(j), later by the difference. A unit starts
// an instruction at once or later; once started it issues an element every `interval` cycles.
#ifndef BITTERN_ACCELERATOR_CHECKER_ORDER_H_
#define BITTERN_ACCELERATOR_CHECKER_ORDER_H_

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "accelerator/isa/generated/instructions.h"

namespace bittern::checker {

using isa::kUnits;

// How an instruction takes its time.
struct Pace {
  int64_t elements = 1;  // at least 1: an instruction that does nothing passes as one
  int64_t interval = 1;  // cycles between two elements
  int64_t latency = 0;   // from an element's issue until its result can be read

  int64_t last() const { return (elements - 1) * interval; }
  int64_t cycles() const { return last() + 1; }
};

class Order {
 public:
  static constexpr int64_t kUnknown = std::numeric_limits<int64_t>::min() / 4;
  static constexpr int64_t kAtRest = std::numeric_limits<int64_t>::max() / 4;

  Order();

  // The next instruction of `unit`; bounds are about it from now on.
  void Take(size_t unit, const std::array<isa::Wait, kUnits>& waits, const Pace& pace);
  void Sync();

  // Instructions taken of a unit; they are numbered from 0.
  int64_t Count(size_t unit) const { return static_cast<int64_t>(paces_[unit].size()); }
  // Cycles from the start of the latest taken to that of instruction `number` of `unit`,
  // subtracted: S(latest) - S(number) is at least this. kUnknown: nothing is guaranteed; kAtRest:
  // that one was done long ago.
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
  // The newest facts that no other one implies. The oldest are dropped when there are too many,
  // which proves less and nothing false.
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

  static constexpr size_t kRemembered = 32;  // waits reach 31 back

  std::array<std::vector<Pace>, kUnits> paces_;
  std::array<std::vector<int64_t>, kUnits> starts_;  // earliest starts if only the unit counted
  std::array<std::array<Knowledge, kRemembered>, kUnits> recent_;
  std::array<int64_t, kUnits> at_rest_{};  // instructions before the last sync
  const Knowledge* latest_ = nullptr;
  std::array<Fact, kUnits> remembered_bound_;
};

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_ORDER_H_
