// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/timing.h"

#include <algorithm>
#include <bit>

#include "accelerator/isa/events.h"
#include "base/error.h"

namespace bittern {
namespace {

// The last instructions of each unit that are kept. Waits reach back at most 31, and the queue is
// checked against this.
constexpr uint64_t kRemembered = 64;

bool SumsSlots(const isa::Drain& drain) { return drain.count[2] > 1 || drain.plane_sum != 0; }

// The levels of an adder tree over n values: ceil(log2 n), for n >= 1.
int64_t Levels(int64_t n) { return std::bit_width(static_cast<uint64_t>(n - 1)); }

// Cycles from an element's issue to two stages of its unit's pipe. All instructions of the unit
// pass these stages in order. 0 means that the element does not pass the stage.
using Reach = std::array<int64_t, 2>;

// The table "Latencies" of docs/timing.md.
struct LatencyOf {
  const isa::Accelerator& a;

  int64_t MultiplyAdd() const { return a.multiply_latency + a.add_latency; }
  int64_t Function() const { return a.lookup_latency + 3 * MultiplyAdd(); }
  int64_t operator()(const isa::End&) const { return 0; }
  int64_t operator()(const isa::Loop&) const { return 0; }
  int64_t operator()(const isa::Sync&) const { return 0; }
  int64_t operator()(const isa::Load&) const { return a.read_latency + 1; }
  int64_t operator()(const isa::Stream& stream) const {
    if (stream.direction == isa::Direction::kTime) return a.read_latency + MultiplyAdd() + 1;
    int64_t adds = Levels(stream.direction == isa::Direction::kRank ? a.rows : a.lanes);
    if (stream.plane_sum != 0) ++adds;
    if (stream.start != isa::Start::kNone) ++adds;
    return a.read_latency + a.multiply_latency + adds * a.add_latency + 1;
  }
  int64_t operator()(const isa::Drain& drain) const {
    int64_t cycles = 1;
    if (SumsSlots(drain)) cycles += a.add_latency;
    if (drain.start != isa::Start::kNone) {
      cycles = std::max<int64_t>(cycles, a.read_latency) + a.add_latency;
    }
    return cycles + 1;
  }
  int64_t operator()(const isa::Vector& vector) const {
    int64_t cycles = a.read_latency + MultiplyAdd();
    if (vector.function != isa::Function::kNone) cycles += Function();
    cycles += MultiplyAdd() + 1;
    if (vector.lanes) return cycles + Levels(a.lanes) * a.add_latency + MultiplyAdd();
    return vector.tap != isa::Tap::kNone ? cycles + MultiplyAdd() : cycles;
  }
};

// The stages in which elements with long and with short paths could collide.
template <class T>
Reach ReachOf(const T& instruction, const isa::Accelerator& a) {
  const int64_t latency = LatencyOf{a}(instruction);
  if constexpr (std::is_same_v<T, isa::Stream>) {
    // The last level of adders that the element uses, and the write of a word.
    if (instruction.direction == isa::Direction::kTime) return {a.add_latency, 0};
    const bool by_rank = instruction.direction == isa::Direction::kRank;
    return {Levels(by_rank ? a.rows : a.lanes) * a.add_latency, latency};
  } else if constexpr (std::is_same_v<T, isa::Drain>) {
    return {latency - 1, 0};  // the stage of the write
  } else if constexpr (std::is_same_v<T, isa::Vector>) {
    // The stage of the second multiply-add.
    const int64_t first = a.read_latency + a.multiply_latency + a.add_latency;
    if (instruction.function == isa::Function::kNone) return {first, 0};
    return {first + LatencyOf{a}.Function(), 0};
  } else {
    return {};
  }
}

struct UnitTimes {
  std::array<InstructionTime, kRemembered> recent;
  std::array<int64_t, kRemembered> interval{};
  uint64_t dispatched = 0;
  int64_t free = 0;  // the first cycle in which it can issue again
  int64_t done = 0;  // the cycle in which its latest instruction is done
  Reach reached{};   // the cycles in which the last element reaches the stages

  const InstructionTime& Back(uint64_t distance) const {
    return recent[(dispatched - distance) % kRemembered];
  }
  // The first cycle in which a wait for an instruction of this unit is satisfied. A distance that
  // reaches back before the program is satisfied at once.
  int64_t Holds(const isa::Wait& wait) const {
    if (wait.distance == 0 || wait.distance > dispatched) return 0;
    const InstructionTime& item = Back(wait.distance);
    if (wait.chained == 0) return item.done;
    if (wait.elements == 0) return 0;
    const int64_t apart = interval[(dispatched - wait.distance) % kRemembered];
    return std::min(item.issued, item.start + (int64_t{wait.elements} - 1) * apart + 1);
  }
};

// Follows the sequencer and the units through the program. Each instruction is handled once: its
// dispatch, start and end follow from the times of earlier instructions.
class Sequencer {
 public:
  Sequencer(const DecodedProgram& program, const isa::Accelerator& accelerator,
            const isa::ListRegisters& lists, std::vector<InstructionTime>* records)
      : program_(program), accelerator_(accelerator), lists_(lists), records_(records) {
    BITTERN_CHECK(accelerator.queue_depth < static_cast<int>(kRemembered));
  }

  Timing Run() {
    Sequence(program_, lists_, [this](int index, int64_t iteration) { Take(index, iteration); });
    Counters& counters = timing_.counters;
    counters.cycles = now_;
    for (size_t u = 0; u < isa::kUnits; ++u) {
      // After its last instruction, a unit waits for the end of the program.
      counters.stalls[u][static_cast<size_t>(Stall::kDispatch)] += now_ - units_[u].free;
    }
    ToClockCycles();
    return timing_;
  }

 private:
  // With folded lanes everything above counts beats of `fold` clock cycles.
  void ToClockCycles() {
    const int64_t fold = accelerator_.fold;
    Counters& counters = timing_.counters;
    counters.cycles *= fold;
    for (size_t u = 0; u < isa::kUnits; ++u) {
      counters.busy[u] *= fold;
      for (int64_t& stall : counters.stalls[u]) stall *= fold;
    }
    for (int64_t* cycles :
         {&timing_.dispatch_cycles, &timing_.blocked_cycles, &timing_.sync_cycles}) {
      *cycles *= fold;
    }
  }

  // Reads the words of an instruction. A return to the start of a loop, or a skipped body, costs
  // cycles for the new address, counted from the end of the previous instruction's words.
  void Take(int index, int64_t iteration) {
    const DecodedInstruction& item = program_[static_cast<size_t>(index)];
    if (index > last_ + 1) now_ = std::max(now_, taken_ + kJumpCycles + 1);
    if (index <= last_) now_ = std::max(now_, taken_ + kJumpCycles);
    last_ = index;
    const int64_t cycles =
        (item.words + accelerator_.dispatch_words - 1) / accelerator_.dispatch_words;
    now_ += cycles;
    taken_ = now_;
    timing_.dispatch_cycles += cycles;
    timing_.events.program_words += item.words;
    std::visit([&](const auto& instruction) { Issue(index, iteration, instruction, item); },
               item.instruction);
  }

  template <class T>
  void Issue(int index, int64_t iteration, const T& instruction, const DecodedInstruction& item) {
    if constexpr (std::is_same_v<T, isa::End> || std::is_same_v<T, isa::Sync>) {
      int64_t done = now_;
      for (const UnitTimes& unit : units_) done = std::max(done, unit.done);
      timing_.sync_cycles += done - now_;
      now_ = done;
    } else if constexpr (!std::is_same_v<T, isa::Loop>) {
      // With a list register that holds 0 the instruction does nothing and has no events.
      const auto counts = CountsOf(instruction, lists_);
      int64_t elements = counts[0] * counts[1] * counts[2] * counts[3];
      if constexpr (std::is_same_v<T, isa::Drain>) elements *= std::popcount(instruction.planes);
      const int64_t interval = Interval(item.instruction, accelerator_);
      Dispatch({.instruction = index,
                .iteration = iteration,
                .unit = static_cast<int>(T::kUnit),
                .elements = elements},
               interval, ReachOf(instruction, accelerator_), instruction.wait,
               Latency(item.instruction, accelerator_));
      if (elements > 0) CountEvents(instruction, counts, accelerator_, timing_.events);
    }
  }

  // Dispatches an instruction: waits for room in the queue, then for the unit, for the pipe and for
  // its waits. `ready` is the start without waits. The wait that holds longest counts as the cause
  // of the stall.
  void Dispatch(InstructionTime record, int64_t interval, const Reach& reach,
                const std::array<isa::Wait, 4>& waits, int64_t latency) {
    const auto u = static_cast<size_t>(record.unit);
    UnitTimes& unit = units_[u];
    const auto depth = static_cast<uint64_t>(accelerator_.queue_depth);
    // The queue has room when the instruction `depth` places before has started.
    if (unit.dispatched >= depth) {
      const int64_t room = unit.Back(depth).start + 1;
      timing_.blocked_cycles += std::max<int64_t>(0, room - now_);
      now_ = std::max(now_, room);
    }
    record.dispatch = now_ + kDispatchLatency;
    int64_t ready = std::max(record.dispatch, unit.free);
    for (size_t place = 0; place < reach.size(); ++place) {
      if (reach[place] != 0) ready = std::max(ready, unit.reached[place] + 1 - reach[place]);
    }
    record.start = ready;
    Stall cause = Stall::kDispatch;
    for (size_t w = 0; w < isa::kUnits; ++w) {
      const int64_t holds = units_[w].Holds(waits[w]);
      if (holds > record.start) {
        record.start = holds;
        cause = static_cast<Stall>(w + 1);
      }
    }
    Counters& counters = timing_.counters;
    counters.stalls[u][static_cast<size_t>(Stall::kDispatch)] += ready - unit.free;
    counters.stalls[u][static_cast<size_t>(cause)] += record.start - ready;
    const int64_t last = record.start + (std::max<int64_t>(record.elements, 1) - 1) * interval;
    record.issued = last + 1;
    for (size_t place = 0; place < reach.size(); ++place) {
      if (reach[place] != 0) unit.reached[place] = last + reach[place];
    }
    // At most one instruction of a unit retires in a cycle, in order.
    record.done = std::max(last + latency, unit.done + 1);
    counters.busy[u] += record.issued - record.start;
    unit.recent[unit.dispatched % kRemembered] = record;
    unit.interval[unit.dispatched % kRemembered] = interval;
    ++unit.dispatched;
    unit.free = record.issued;
    unit.done = record.done;
    ++timing_.instructions;
    if (records_ != nullptr) records_->push_back(record);
  }

  const DecodedProgram& program_;
  const isa::Accelerator& accelerator_;
  const isa::ListRegisters& lists_;
  std::vector<InstructionTime>* records_;
  std::array<UnitTimes, isa::kUnits> units_;
  int64_t now_ = 0;
  int64_t taken_ = 0;  // the first cycle after the words of the last instruction
  int last_ = -1;      // its index
  Timing timing_;
};

}  // namespace

int64_t Latency(const isa::Instruction& instruction, const isa::Accelerator& accelerator) {
  return std::visit(LatencyOf{accelerator}, instruction);
}

int64_t Interval(const isa::Instruction& instruction, const isa::Accelerator& accelerator) {
  if (const auto* vector = std::get_if<isa::Vector>(&instruction)) {
    return vector->serial != 0 ? accelerator.serial_interval : 1;
  }
  const auto* drain = std::get_if<isa::Drain>(&instruction);
  if (drain == nullptr || !SumsSlots(*drain)) return 1;
  const int64_t rows = drain->count[3];
  return (accelerator.add_latency + rows - 1) / rows;
}

Timing TimeProgram(const DecodedProgram& program, const isa::Accelerator& accelerator,
                   const isa::ListRegisters& lists, std::vector<InstructionTime>* records) {
  return Sequencer(program, accelerator, lists, records).Run();
}

}  // namespace bittern
