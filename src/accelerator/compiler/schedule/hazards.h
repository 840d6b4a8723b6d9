// SPDX-License-Identifier: Apache-2.0
// What an instruction must not overtake: finds, element by element, how late after an earlier
// instruction's start it may start.
//
// Instructions are taken in program order, in which they are right when run one after the other.
// Every element that meets a word (of memory, a tile or accumulator slot, a lane register) is held
// against the word's last writer and, if it writes, its last readers: an element may not issue
// before what it reads or overwrites has been written (timing.h: issue + latency), nor overwrite a
// word before the element that reads it has issued. The result is an offset in cycles between
// the starts of the two instructions, which a chained wait turns into a count of elements.
//
// A bank has one read and one write port. An instruction that uses one may do so behind the last
// use of every earlier instruction, as if the port were a word that both write.
//
// An instruction whose trip count the host sets, and an operand whose place a table gives, are
// taken at their worst: the whole tensor, from the first element, until the instruction is done.
// But a walk that alone touches its tensor in a loop, and whose entries do not overlap, meets
// itself in another trip at the words of the same entry, one after the other, or not at all.
#ifndef BITTERN_ACCELERATOR_COMPILER_SCHEDULE_HAZARDS_H_
#define BITTERN_ACCELERATOR_COMPILER_SCHEDULE_HAZARDS_H_

#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <span>
#include <vector>

#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/isa/generated/accelerators.h"

namespace bittern {

// Every bank has its ports; or every tensor, for an estimate before tensors have the banks that
// they will have.
enum class Ports { kOfBanks, kOfTensors };

class Hazards {
 public:
  static constexpr int64_t kUntilDone = std::numeric_limits<int64_t>::max();

  // The instruction may start `offset` cycles after instruction number `sequence` of `unit`.
  struct Requirement {
    size_t unit;
    int64_t sequence;
    int64_t offset;  // kUntilDone: when that one is done
  };

  Hazards(const std::vector<Extent>& extents, const isa::Accelerator& machine, Ports ports);

  // Takes the next instruction of the program, in trip `trip` of the hardware loop around it. The
  // result: one requirement at most for each earlier instruction.
  const std::vector<Requirement>& Take(const MachineOp& op, int64_t iteration);
  // Everything is at rest: nothing before matters.
  void Synchronize();
  // The body of a loop comes next, or (empty) is over.
  void SetBody(std::span<const MachineOp> body);

  // Instructions taken so far, and the fewest cycles from the start of one to the start of another
  // of the same unit.
  int64_t Count(size_t unit) const { return std::ssize(taken_[unit]); }
  int64_t CyclesBetween(size_t unit, int64_t earlier, int64_t later) const;
  // Cycles between two elements of an instruction.
  int64_t Interval(size_t unit, int64_t sequence) const {
    return taken_[unit][static_cast<size_t>(sequence)].interval;
  }

  // Of an instruction that a unit runs.
  static size_t UnitOf(const isa::Instruction& instruction) {
    return static_cast<size_t>(isa::UnitOf(instruction).value());
  }

 private:
  struct Touch {
    int32_t sequence = -1;
    int32_t cycle = 0;  // of the issue, from the instruction's start
  };
  struct Word {
    int32_t writer_unit = -1;
    Touch writer;
    std::array<Touch, isa::kUnits> readers;
  };
  // What is known of an instruction that was taken.
  struct Taken {
    int64_t latency = 0;
    int64_t interval = 1;
    bool at_worst = false;
    const MachineOp* op = nullptr;
  };
  struct Operand {
    StoredId tensor = 0;
    int64_t place = 0;
    std::array<int64_t, 5> stride{};
    int64_t whole = 0;  // words of the tensor (of a half), if a table chooses among them
    bool reads = false, writes = false;
    int64_t read_delay = 0;     // cycles from issue to reading (docs/timing.md)
    int64_t early = 0;          // cycles from writing to the instruction's latency
    int64_t meets_itself = -1;  // `whole`: as late after itself in another trip; -1: no exception
    int64_t plane_step = 0;
    int planes = 1;
  };

  // The cycles from an instruction's start in which it uses a port.
  struct PortUse {
    size_t port = 0;  // in ports_
    int64_t first = 0, last = 0;
  };

  int64_t PlaceOf(uint32_t address) const;
  template <typename T>
  void Describe(const T& instruction, const MachineOp& op, int64_t iteration);
  template <typename T>
  void Slots(const T& instruction, int64_t iteration);
  void AddIndex(const isa::Index& index, size_t space, bool writes);
  void Meet(Word& word, const Operand& operand, int64_t cycle);
  void Require(size_t unit, const Touch& touch, int64_t offset);
  // The most elements between two that meet one word of a walk.
  int64_t SpreadOf(const isa::Walk& walk) const;
  void Elements(int64_t interval, int64_t elements);
  // The read (0) or write (1) port for a place.
  size_t PortOf(const Operand& operand, int64_t place, size_t write) const;
  void UsePorts(const Operand& operand, int64_t place, int64_t cycle);
  void MeetPorts();
  // Where an instruction's loop stands in the nest.
  size_t LoopOf(size_t j) const { return j < plane_loop_ ? j : j + 1; }

  const std::vector<Extent>& extents_;
  const isa::Accelerator& machine_;
  std::array<int64_t, 7>
      spaces_{};  // first place of: three regions, tiles, accumulators, registers
  std::vector<Word> words_;
  const bool banks_have_ports_;
  std::array<int64_t, 4> banks_{};  // first bank of: three regions; all
  // By port and unit: the last that it was used by, and when; what was before is over by then.
  std::vector<std::array<Touch, isa::kUnits>> ports_;
  std::array<std::vector<int64_t>, isa::kUnits> issue_cycles_;  // running sums
  std::array<std::vector<Taken>, isa::kUnits> taken_;
  std::array<int64_t, isa::kUnits> synchronized_{};  // instructions before the last rest
  std::set<StoredId> alone_;                         // touched by one walk of the loop's body
  std::vector<Operand> operands_;
  std::vector<PortUse> port_uses_;
  std::vector<Requirement> requirements_;
  // The one being taken.
  size_t unit_ = 0;
  std::array<int64_t, 5> nest_{};  // its loops, and the one over planes that a drain takes in turn
  size_t plane_loop_ = 0;
  bool at_worst_ = false;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_SCHEDULE_HAZARDS_H_
