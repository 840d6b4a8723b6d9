// SPDX-License-Identifier: Apache-2.0
// Finds the hazards of a program: for each instruction the earlier ones that it must not overtake,
// and how many cycles after their start it may start.
//
// Instructions are taken in program order. Run one after the other, they give the right result.
// A word is a word of memory, a tile slot, an accumulator slot or a lane register. Each word knows
// its last writer, and its last reader in each unit. Every element that uses a word is compared
// with them:
//   read after write    it issues when the word has been written (timing.h: issue + latency)
//   write after write   the same
//   write after read    it issues not before the element that reads the word
// The result is an offset in cycles between the starts of the two instructions. A chained wait
// turns the offset into a count of elements.
//
// A bank has one read port and one write port. An instruction may use a port only after the last
// use by every earlier instruction, as if the port were a word that both write.
//
// The worst case is assumed where the program does not decide the words: if the host sets the
// number of iterations of an instruction, or if a table gives the address of an operand. Then the
// operand is the whole tensor, in use from the first element until the instruction is done.
// Exception: if only one operand in a loop's body accesses a tensor, and the entries of its table
// do not overlap, two iterations conflict only when they use the same entry.
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

// The owner of a read port and a write port. kOfTensors is for an estimate: it is used before
// tensors have their final banks.
enum class Ports { kOfBanks, kOfTensors };

class Hazards {
 public:
  static constexpr int64_t kUntilDone = std::numeric_limits<int64_t>::max();

  // The instruction may start `offset` cycles after instruction number `sequence` of `unit`.
  struct Requirement {
    size_t unit;
    int64_t sequence;
    int64_t offset;  // kUntilDone: it may start when that one is done
  };

  Hazards(const std::vector<Extent>& extents, const isa::Accelerator& machine, Ports ports);

  // Takes the next instruction of the program, in the given iteration of the loop around it.
  // Returns at most one requirement for each earlier instruction. The result is valid until the
  // next call. Fails if the instruction needs more slots or registers than the machine has.
  const std::vector<Requirement>& Take(const MachineOp& op, int64_t iteration);
  // All units are idle and drained here, so earlier instructions no longer matter.
  void Synchronize();
  // Announces the body of a loop before its first instruction is taken. Empty after its end.
  void SetBody(std::span<const MachineOp> body);

  // Instructions taken so far, and the fewest cycles from the start of one to the start of another
  // of the same unit.
  int64_t Count(size_t unit) const { return std::ssize(taken_[unit]); }
  int64_t CyclesBetween(size_t unit, int64_t earlier, int64_t later) const;
  // Cycles between two elements of an instruction.
  int64_t Interval(size_t unit, int64_t sequence) const {
    return taken_[unit][static_cast<size_t>(sequence)].interval;
  }

  // The unit of an instruction. The sequencer must not run it itself.
  static size_t UnitOf(const isa::Instruction& instruction) {
    return static_cast<size_t>(isa::UnitOf(instruction).value());
  }

 private:
  struct Touch {
    int32_t sequence = -1;
    int32_t cycle = 0;  // when the element issues, from the instruction's start
  };
  // The last accesses to a word. An older reader does not matter: a unit issues in order, so its
  // last reader is the latest.
  struct Word {
    int32_t writer_unit = -1;
    Touch writer;
    std::array<Touch, isa::kUnits> readers;
  };
  // The record of an instruction that was taken.
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
    int64_t whole = 0;  // words of the tensor in one plane, if a table chooses among them
    bool reads = false, writes = false;
    int64_t read_delay = 0;     // cycles from issue to reading (docs/timing.md)
    int64_t early = 0;          // cycles by which it is written before the latency ends
    int64_t meets_itself = -1;  // offset from the same operand in an earlier iteration, if
                                // the exception for tables holds; -1: it does not hold
    int64_t plane_step = 0;
    int planes = 1;
  };

  // The cycles from an instruction's start in which it uses a port.
  struct PortUse {
    size_t port = 0;  // index into ports_
    int64_t first = 0, last = 0;
  };

  int64_t PlaceOf(uint32_t address) const;
  template <typename T>
  void Describe(const T& instruction, const MachineOp& op, int64_t iteration);
  template <typename T>
  void Slots(const T& instruction, int64_t iteration);
  void AddIndex(const isa::Index& index, size_t space, bool writes);
  // Adds the requirements of an access to `word`, then records the access.
  void Meet(Word& word, const Operand& operand, int64_t cycle);
  void Require(size_t unit, const Touch& touch, int64_t offset);
  // The largest number of elements between two accesses of a walk to the same word.
  int64_t SpreadOf(const isa::Walk& walk) const;
  void Elements(int64_t interval, int64_t elements);
  // The read (0) or write (1) port for a place.
  size_t PortOf(const Operand& operand, int64_t place, size_t write) const;
  void UsePorts(const Operand& operand, int64_t place, int64_t cycle);
  void MeetPorts();
  // The place of an instruction's loop j (of 4) in the nest of 5 loops.
  size_t LoopOf(size_t j) const { return j < plane_loop_ ? j : j + 1; }

  const std::vector<Extent>& extents_;
  const isa::Accelerator& machine_;
  // The first word of each space in words_: three regions, tiles, accumulators, registers, end.
  std::array<int64_t, 7> spaces_{};
  std::vector<Word> words_;
  const bool banks_have_ports_;
  std::array<int64_t, 4> banks_{};  // the first bank of each of the three regions, then the end
  // By port and unit: the last instruction that used the port, and its last cycle there. Earlier
  // uses by the same unit have ended by then.
  std::vector<std::array<Touch, isa::kUnits>> ports_;
  std::array<std::vector<int64_t>, isa::kUnits> issue_cycles_;  // running sums by unit
  std::array<std::vector<Taken>, isa::kUnits> taken_;
  std::array<int64_t, isa::kUnits> synchronized_{};  // instructions before the last Synchronize
  std::set<StoredId> alone_;                         // accessed by one walk of the loop's body
  std::vector<Operand> operands_;
  std::vector<PortUse> port_uses_;
  std::vector<Requirement> requirements_;
  // The instruction that is being taken.
  size_t unit_ = 0;
  std::array<int64_t, 5> nest_{};  // its four loops and a drain's loop over planes, outermost first
  size_t plane_loop_ = 0;
  bool at_worst_ = false;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_SCHEDULE_HAZARDS_H_
