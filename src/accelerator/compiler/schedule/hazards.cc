// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/schedule/hazards.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <type_traits>

#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/timing.h"
#include "base/error.h"

namespace bittern {
namespace {

// Indices into spaces_. Spaces 0 to 2 are the regions of memory.
constexpr size_t kTileSpace = 3, kAccumulatorSpace = 4, kRegisterSpace = 5;

}  // namespace

Hazards::Hazards(const std::vector<Extent>& extents, const isa::Accelerator& machine, Ports ports)
    : extents_(extents), machine_(machine), banks_have_ports_(ports == Ports::kOfBanks) {
  // All words of the machine are numbered in one sequence: token words, rank words, scalars, tiles,
  // accumulators, registers.
  const std::array<int64_t, 6> sizes = {machine.tokens.words(),
                                        machine.ranks.words(),
                                        machine.scalars.words(),
                                        int64_t{machine.tile_slots},
                                        int64_t{machine.accumulator_slots},
                                        int64_t{machine.lane_registers}};
  for (size_t i = 0; i < sizes.size(); ++i) spaces_[i + 1] = spaces_[i] + sizes[i];
  words_.resize(static_cast<size_t>(spaces_.back()));
  const std::array<int64_t, 3> banks = {machine.tokens.banks, machine.ranks.banks,
                                        machine.scalars.banks};
  for (size_t i = 0; i < banks.size(); ++i) banks_[i + 1] = banks_[i] + banks[i];
  ports_.resize(2 * (banks_have_ports_ ? static_cast<size_t>(banks_.back()) : extents.size()));
  // Entry n of the running sums is the earliest start of instruction n after the start of the first
  // one.
  for (auto& cycles : issue_cycles_) cycles.push_back(0);
}

void Hazards::Synchronize() {
  for (size_t u = 0; u < isa::kUnits; ++u) synchronized_[u] = Count(u);
}

void Hazards::SetBody(std::span<const MachineOp> body) {
  // An instruction counts once for each operand, so reading and writing with two operands is not
  // alone.
  std::map<StoredId, int> touches;
  for (const MachineOp& op : body) {
    for (const StoredId id : op.tensors) ++touches[id];
  }
  alone_.clear();
  for (const auto& [id, count] : touches) {
    if (count == 1) alone_.insert(id);
  }
}

int64_t Hazards::CyclesBetween(size_t unit, int64_t earlier, int64_t later) const {
  const std::vector<int64_t>& sums = issue_cycles_[unit];
  return sums[static_cast<size_t>(later)] - sums[static_cast<size_t>(earlier)];
}

int64_t Hazards::PlaceOf(uint32_t address) const {
  const uint32_t region = address >> isa::kRegionShift;
  return spaces_[region] + (address & ((1u << isa::kRegionShift) - 1));
}

const std::vector<Hazards::Requirement>& Hazards::Take(const MachineOp& op, int64_t iteration) {
  requirements_.clear();
  operands_.clear();
  unit_ = UnitOf(op.instruction);
  std::visit(
      [&](const auto& instruction) {
        using T = std::decay_t<decltype(instruction)>;
        // The sequencer runs loop, sync and end itself, so they have no accesses.
        if constexpr (requires { T::kUnit; }) {
          Describe(instruction, op, iteration);
          Slots(instruction, iteration);
          // Operands that are only read come first. They must be compared with the writers before
          // this instruction, and its own writes replace these writers.
          std::stable_partition(operands_.begin(), operands_.end(),
                                [](const Operand& operand) { return !operand.writes; });
          const int64_t interval = bittern::Interval(op.instruction, machine_);
          at_worst_ = instruction.dynamic != 0;
          const int64_t elements = nest_[0] * nest_[1] * nest_[2] * nest_[3] * nest_[4];
          taken_[unit_].push_back({Latency(op.instruction, machine_), interval, at_worst_, &op});
          Elements(interval, elements);
          // The next instruction of the unit may start one cycle after the last element. A number
          // of elements that the host sets may be as small as one.
          const int64_t cycles = (elements - 1) * interval + 1;
          issue_cycles_[unit_].push_back(issue_cycles_[unit_].back() + (at_worst_ ? 1 : cycles));
        }
      },
      op.instruction);
  return requirements_;
}

namespace {

// True if walks of different entries of the table have no word in common.
bool EntriesApart(const isa::Walk& walk, const std::array<uint32_t, 4>& count, int64_t plane_step) {
  int64_t reach = 0;  // from the first to the last word of an entry
  for (size_t j = 0; j < 4; ++j) {
    if (walk.stride[j] == plane_step) continue;  // the same entry of the other half
    reach += std::abs(int64_t{walk.stride[j]}) * (count[j] - 1);
  }
  return reach < std::abs(int64_t{walk.table_stride});
}

// True if a walk is the start of a sum: the old result or a scalar. The unit reads it late, when
// the sum is complete.
template <typename T>
bool IsStart(const T& instruction, const isa::Walk& walk) {
  if constexpr (std::is_same_v<T, isa::Stream>) {
    return (instruction.y && &walk == &*instruction.y && instruction.start == isa::Start::kOld) ||
           (instruction.initial && &walk == &*instruction.initial);
  } else if constexpr (std::is_same_v<T, isa::Drain>) {
    return (&walk == &instruction.y && instruction.start == isa::Start::kOld) ||
           (instruction.initial && &walk == &*instruction.initial);
  } else if constexpr (std::is_same_v<T, isa::Vector>) {
    return instruction.lanes && &walk == &*instruction.lanes && instruction.lane_old != 0;
  } else {
    return false;
  }
}

// One bit for each plane. A field of 0 means the first plane.
template <typename T>
uint32_t PlanesOf(const T& instruction) {
  const uint32_t planes = instruction.planes;
  return planes == 0 ? 1 : planes;
}

}  // namespace

template <typename T>
void Hazards::Describe(const T& instruction, const MachineOp& op, int64_t iteration) {
  const int planes = std::popcount(PlanesOf(instruction));
  // A drain takes the planes one after the other, in a fifth loop. It is the outermost loop, or the
  // third one if the planes hold terms of the same result. Other instructions use both planes at
  // the same time, so their fifth loop has one iteration.
  bool in_turn = false;
  for (size_t j = 0; j < 4; ++j) nest_[j + 1] = instruction.count[j];
  nest_[0] = 1;
  plane_loop_ = 0;
  if constexpr (std::is_same_v<T, isa::Drain>) {
    in_turn = true;
    if (instruction.plane_sum != 0) {
      nest_ = {nest_[1], nest_[2], 1, nest_[3], nest_[4]};
      plane_loop_ = 2;
    }
    nest_[plane_loop_] = planes;
  }
  // VisitWalks gives the walks in the order of op.tensors.
  size_t n = 0;
  VisitWalks(instruction, [&](const isa::Walk& walk, Access access) {
    const StoredId id = op.tensors[n++];
    const Extent& tensor = extents_[static_cast<size_t>(id)];
    Operand operand;
    operand.tensor = id;
    operand.reads = access != Access::kWrite;
    operand.writes = access != Access::kRead;
    if (IsStart(instruction, walk)) {
      // The unit reads the start for the last addition: read_latency + add_latency + 1 cycles
      // before its latency ends.
      const int64_t from_start = machine_.read_latency + machine_.add_latency + 1;
      operand.read_delay = std::max<int64_t>(0, Latency(op.instruction, machine_) - from_start);
    }
    if (walk.table != 0) {
      // The host writes the table, so any word of the tensor may be meant.
      operand.place = PlaceOf(tensor.address);
      operand.whole = tensor.words;
      operand.plane_step = tensor.plane_step;
      operand.planes = tensor.plane_step != 0 ? 2 : 1;
      if (alone_.contains(id) && EntriesApart(walk, instruction.count, tensor.plane_step)) {
        operand.meets_itself = SpreadOf(walk) * bittern::Interval(op.instruction, machine_) +
                               Latency(op.instruction, machine_) -
                               (operand.writes ? operand.read_delay : 0);
      }
    } else {
      operand.place = PlaceOf(walk.base) + walk.outer * iteration;
      for (size_t j = 0; j < 4; ++j) operand.stride[LoopOf(j)] = walk.stride[j];
      if (walk.split != 0) {
        // The instruction may run on plane 1 alone. Its words then begin in the second half of the
        // region.
        const int64_t step = isa::PlaneStep(
            isa::RegionOf(machine_, static_cast<int32_t>(walk.base >> isa::kRegionShift)),
            machine_.planes);
        operand.place += std::countr_zero(PlanesOf(instruction)) * step;
        // A drain visits the planes in its fifth loop. Other units use both planes in one element.
        if (in_turn) {
          operand.stride[plane_loop_] = step;
        } else {
          operand.plane_step = step;
          operand.planes = planes;
        }
      }
    }
    if constexpr (std::is_same_v<T, isa::Vector>) {
      // A sum over lanes or a reduction lengthens the latency. y does not wait for it.
      if (instruction.y && &walk == &*instruction.y) {
        isa::Vector alone = instruction;
        alone.lanes.reset();
        alone.tap = isa::Tap::kNone;
        operand.early = Latency(op.instruction, machine_) - Latency(alone, machine_);
      }
    }
    operands_.push_back(operand);
  });
}

void Hazards::AddIndex(const isa::Index& index, size_t space, bool writes) {
  Operand operand;
  operand.place = spaces_[space] + index.base;
  // The largest index: a loop with a negative stride starts at its largest one.
  int64_t needed = int64_t{index.base} + 1;
  for (size_t j = 0; j < 4; ++j) {
    operand.stride[LoopOf(j)] = index.stride[j];
    needed += std::max<int64_t>(0, index.stride[j] * (nest_[LoopOf(j)] - 1));
  }
  const int64_t slots = spaces_[space + 1] - spaces_[space];
  if (needed > slots) {
    constexpr std::array<const char*, 3> kNames = {"tile slots", "accumulators", "lane registers"};
    Fail("accelerator: too few {}: it needs at least {}, there are {}", kNames[space - kTileSpace],
         needed, slots);
  }
  operand.reads = !writes;
  operand.writes = writes;
  operands_.push_back(operand);
}

template <typename T>
void Hazards::Slots(const T& instruction, int64_t iteration) {
  const auto slot = [&](size_t space, bool writes) {
    if constexpr (requires { instruction.slot; }) {
      isa::Index index = instruction.slot;
      const int64_t slots = spaces_[space + 1] - spaces_[space];
      // In a loop over a list odd iterations use the second half of the slots.
      if (instruction.alternate != 0 && iteration % 2 != 0) {
        index.base += static_cast<uint32_t>(slots / 2);
      }
      AddIndex(index, space, writes);
    }
  };
  if constexpr (std::is_same_v<T, isa::Load>) {
    slot(kTileSpace, true);
  } else if constexpr (std::is_same_v<T, isa::Drain>) {
    slot(kAccumulatorSpace, false);
  } else if constexpr (std::is_same_v<T, isa::Stream>) {
    // The direction of time writes accumulators. The others read a tile.
    const bool time = instruction.direction == isa::Direction::kTime;
    slot(time ? kAccumulatorSpace : kTileSpace, time);
  } else if constexpr (std::is_same_v<T, isa::Vector>) {
    for (const auto* index : {&instruction.l0, &instruction.l1, &instruction.l2}) {
      if (*index) AddIndex(**index, kRegisterSpace, false);
    }
    if (instruction.lt) AddIndex(*instruction.lt, kRegisterSpace, true);
  }
}

void Hazards::Require(size_t unit, const Touch& touch, int64_t offset) {
  const int64_t sequence = touch.sequence;
  if (sequence < synchronized_[unit]) return;
  // The cycles of its elements are unknown, because the host sets their number.
  if (taken_[unit][static_cast<size_t>(sequence)].at_worst) offset = kUntilDone;
  // One wait serves all words that the two instructions share, so the largest offset counts.
  for (Requirement& known : requirements_) {
    if (known.unit == unit && known.sequence == sequence) {
      known.offset = std::max(known.offset, offset);
      return;
    }
  }
  requirements_.push_back({unit, sequence, offset});
}

void Hazards::Meet(Word& word, const Operand& operand, int64_t cycle) {
  const auto sequence = static_cast<int32_t>(std::ssize(taken_[unit_])) - 1;
  // An instruction does not wait for itself. The compiler keeps the distances within it
  // (docs/timing.md).
  const auto mine = [&](size_t unit, const Touch& touch) {
    return touch.sequence < 0 || (unit == unit_ && touch.sequence == sequence);
  };
  // The earliest cycle of this access. If the host sets the count, any element may be the first.
  const int64_t first = at_worst_ ? 0 : cycle;
  // A read is needed only read_delay cycles after the issue. A write counts from the issue on.
  const int64_t found = first + operand.read_delay;
  // Read after write and write after write: the access waits until the earlier result is in the
  // word.
  if (word.writer_unit >= 0) {
    const auto unit = static_cast<size_t>(word.writer_unit);
    if (!mine(unit, word.writer)) {
      const Taken& writer = taken_[unit][static_cast<size_t>(word.writer.sequence)];
      const bool itself = operand.meets_itself >= 0 && writer.op == taken_[unit_].back().op;
      Require(unit, word.writer,
              itself ? operand.meets_itself : word.writer.cycle + writer.latency - found);
    }
  }
  const Touch now{sequence, static_cast<int32_t>(cycle)};
  // Write after read: the word must keep its old value until the last reader has it.
  if (operand.writes) {
    for (size_t unit = 0; unit < isa::kUnits; ++unit) {
      const Touch& reader = word.readers[unit];
      // An element writes at the earliest in the cycle after its issue.
      if (mine(unit, reader)) continue;
      const bool itself =
          operand.meets_itself >= 0 &&
          taken_[unit][static_cast<size_t>(reader.sequence)].op == taken_[unit_].back().op;
      if (!itself) Require(unit, reader, reader.cycle - first);
    }
    word.readers.fill({});  // the next writer waits for this write, which waits for the readers
    word.writer_unit = static_cast<int32_t>(unit_);
    word.writer = now;
  }
  if (operand.reads) {
    // The cycle is that of the read itself, which is later than the issue for the start of a sum.
    word.readers[unit_] = {sequence, static_cast<int32_t>(cycle + operand.read_delay)};
  }
}

int64_t Hazards::SpreadOf(const isa::Walk& walk) const {
  // This runs through all elements, because strides of different loops may lead to one word in many
  // ways.
  std::map<int64_t, std::pair<int64_t, int64_t>> met;  // by word: the first and the last element
  std::array<int64_t, 5> index{};
  int64_t spread = 0;
  for (int64_t element = 0;; ++element) {
    int64_t word = 0;
    for (size_t j = 0; j < 4; ++j) word += index[LoopOf(j)] * walk.stride[j];
    const auto at = met.try_emplace(word, element, element).first;
    at->second.second = element;
    spread = std::max(spread, element - at->second.first);
    size_t j = 5;
    while (j > 0 && ++index[j - 1] == nest_[j - 1]) index[--j] = 0;
    if (j == 0) return spread;
  }
}

size_t Hazards::PortOf(const Operand& operand, int64_t place, size_t write) const {
  // Every tensor has its own pair of ports, numbered like a bank's: read port, write port.
  if (!banks_have_ports_) return 2 * static_cast<size_t>(operand.tensor) + write;
  size_t region = 0;
  while (place >= spaces_[region + 1]) ++region;
  const isa::Region& memory = isa::RegionOf(machine_, static_cast<int32_t>(region));
  const int64_t bank = banks_[region] + (place - spaces_[region]) / memory.depth;
  return 2 * static_cast<size_t>(bank) + write;
}

void Hazards::UsePorts(const Operand& operand, int64_t place, int64_t cycle) {
  // Tiles, accumulators and lane registers are registers of the array or of the unit. They have no
  // bank ports.
  if (place >= spaces_[kTileSpace]) return;
  const auto use = [&](size_t port, int64_t at) {
    // An instruction holds a port from its first to its last use, even if elements between them
    // leave it free.
    for (PortUse& known : port_uses_) {
      if (known.port != port) continue;
      known.first = std::min(known.first, at);
      known.last = std::max(known.last, at);
      return;
    }
    port_uses_.push_back({port, at, at});
  };
  if (operand.reads) use(PortOf(operand, place, 0), cycle + operand.read_delay);
  // A write uses the port when the result leaves the unit.
  if (operand.writes)
    use(PortOf(operand, place, 1), cycle + taken_[unit_].back().latency - operand.early);
}

void Hazards::MeetPorts() {
  const auto sequence = static_cast<int32_t>(std::ssize(taken_[unit_])) - 1;
  for (const PortUse& use : port_uses_) {
    std::array<Touch, isa::kUnits>& others = ports_[use.port];
    for (size_t unit = 0; unit < isa::kUnits; ++unit) {
      if (others[unit].sequence < 0) continue;
      // The first use comes at least one cycle after the other instruction's last use.
      Require(unit, others[unit], others[unit].cycle + 1 - use.first);
    }
    others[unit_] = {sequence, static_cast<int32_t>(use.last)};
  }
  port_uses_.clear();
}

void Hazards::Elements(int64_t interval, int64_t elements) {
  // Issue cycles count from the start of the instruction.
  const int64_t last = (elements - 1) * interval;
  for (const Operand& operand : operands_) {
    if (operand.whole > 0) {
      // Each element may use any word of the tensor: from the first element to the last one.
      for (int64_t w = 0; w < operand.whole; ++w) {
        for (int plane = 0; plane < operand.planes; ++plane) {
          Word& word = words_[static_cast<size_t>(operand.place + w + plane * operand.plane_step)];
          Meet(word, operand, 0);
          Meet(word, operand, last);
          UsePorts(operand, operand.place + w + plane * operand.plane_step, 0);
          UsePorts(operand, operand.place + w + plane * operand.plane_step, last);
        }
      }
      continue;
    }
    // Counts through the nest like an odometer, the innermost loop fastest.
    std::array<int64_t, 5> index{};
    int64_t at = operand.place;
    for (int64_t element = 0; element < elements; ++element) {
      for (int plane = 0; plane < operand.planes; ++plane) {
        const int64_t place = at + plane * operand.plane_step;
        Meet(words_[static_cast<size_t>(place)], operand, element * interval);
        UsePorts(operand, place, element * interval);
      }
      for (size_t j = 5; j-- > 0;) {
        at += operand.stride[j];
        if (++index[j] < nest_[j]) break;
        // This loop is complete, so its strides are taken back before the next outer loop advances.
        at -= nest_[j] * operand.stride[j];
        index[j] = 0;
      }
    }
  }
  MeetPorts();
}

}  // namespace bittern
