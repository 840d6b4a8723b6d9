// SPDX-License-Identifier: Apache-2.0
#include "accelerator/checker/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bittern::checker {

namespace {

// The limits are a hundred times larger than any step needs. A program that runs longer is not
// checked to its end. Every instruction that runs is remembered, in about 40 bytes.
constexpr int64_t kMostInstructions = int64_t{1} << 20;
constexpr int64_t kMostAccesses = int64_t{1} << 27;
constexpr int64_t kMostCycles = int64_t{1} << 29;

}  // namespace

Replay::Replay(const Program& program, const isa::Accelerator& machine, const Places& places,
               Lives& lives, Report& report)
    : program_(program), machine_(machine), places_(places), lives_(lives), report_(report) {
  const std::array<int64_t, kRegions> banks = {machine.tokens.banks, machine.ranks.banks,
                                               machine.scalars.banks};
  for (size_t r = 0; r < kRegions; ++r) first_bank_[r + 1] = first_bank_[r] + banks[r];
}

bool Replay::Run(const ListRegisters& lists, bool whole) {
  // Every run starts from an empty machine, so findings of one list do not depend on other lists.
  lists_ = &lists;
  whole_ = whole;
  order_ = Order();
  instructions_ = accesses_ = cycles_ = 0;
  stopped_ = false;
  for (auto& indices : indices_) indices.clear();
  states_.assign(static_cast<size_t>(places_.count()), {});
  ports_.assign(static_cast<size_t>(first_bank_.back()), {});
  lives_.Begin(whole);
  InOrder(program_, lists, [this](int index, int64_t iteration) {
    const int loop = program_.loop_begin[static_cast<size_t>(index)];
    // The first instruction of the body begins an iteration.
    if (iteration > 0 && index == loop + 1) {
      lives_.NextIteration(loop, program_.loop_end[static_cast<size_t>(index)]);
    }
    lives_.At(index);
    Take(index, iteration);
    return !stopped_;
  });
  if (!stopped_) lives_.End();
  return !stopped_;
}

// Takes one instruction: its accesses, its place in the order, then all its elements.
void Replay::Take(int index, int64_t iteration) {
  index_ = index;
  iteration_ = iteration;
  element_ = 0;
  if (++instructions_ > kMostInstructions) {
    stopped_ = true;
    Found(Rule::kCapacity, -1, "instructions", "more than {} run, too many to check",
          kMostInstructions);
    return;
  }
  const isa::Instruction& instruction = program_.instructions[static_cast<size_t>(index)];
  if (std::holds_alternative<isa::Sync>(instruction)) order_.Sync();
  if (!isa::UnitOf(instruction)) return;
  std::visit(
      [&](const auto& any) {
        if constexpr (requires { any.count[3]; }) {
          std::array<int64_t, 4> counts{};
          for (size_t j = 0; j < 4; ++j) counts[j] = any.count[j];
          // The host's list register replaces the outermost count.
          if (any.dynamic != 0) counts[0] = (*lists_)[any.dynamic - 1];
          Work work;
          try {
            work = WorkOf(instruction, counts, iteration, machine_, places_);
          } catch (const Refusal& refusal) {
            // A refused instruction has no accesses, but it keeps its unit and its place in the
            // order.
            work = {};
            work.unit = static_cast<size_t>(isa::UnitOf(instruction).value());
            work_ = &work;
            Found(refusal.rule, -1, refusal.operand.c_str(), "{}", refusal.what);
            work.nothing = true;
          }
          work_ = &work;
          // The instruction counts for the order even if it was refused or does nothing.
          number_ = static_cast<int32_t>(order_.Count(work.unit));
          order_.Take(work.unit, any.wait, work.pace);
          indices_[work.unit].push_back(index);
          if (!work.nothing && Affordable(work)) Elements(work);
        }
      },
      instruction);
}

bool Replay::Affordable(const Work& work) {
  Prepare(work);
  int64_t places = 1;
  for (const Walk& walk : walks_) places += walk.operand->planes * walk.entries;
  // The work is added up before it is done, so that a huge instruction is refused without running
  // it.
  cycles_ += work.pace.cycles();
  accesses_ += work.pace.elements * places;
  if (accesses_ <= kMostAccesses && cycles_ <= kMostCycles) return true;
  stopped_ = true;
  Found(Rule::kCapacity, -1, "elements", "more than {} accesses or {} cycles, too many to check",
        kMostAccesses, kMostCycles);
  return false;
}

// Turns each operand into a Walk. `step[j]` is the distance of places when loop j advances and the
// loops within it return to 0.
void Replay::Prepare(const Work& work) {
  walks_.clear();
  // Reads come first, because an element reads before it writes.
  for (const bool writers : {false, true}) {
    for (const Operand& operand : work.operands) {
      if (operand.writes() != writers) continue;
      Walk walk;
      walk.operand = &operand;
      walk.at = operand.place;
      // The first element decides which tensor the operand is in. All others must stay in it.
      walk.tensor.fill(Lives::kNobody);
      int64_t within = 0, low = operand.place, high = operand.place;
      for (size_t j = kLoops; j-- > 0;) {
        // `within` is the reach of the loops inside j. They return to 0 when j advances.
        const int64_t reach = (work.count[j] - 1) * operand.stride[j];
        walk.step[j] = operand.stride[j] - within;
        within += reach;
        (reach < 0 ? low : high) += reach;
      }
      if (operand.table != 0) walk.entries = EntriesOf(operand, low, high);
      walks_.push_back(walk);
    }
  }
}

// The number of table entries that an operand can take. It reaches from `low` to `high` with entry
// 0. Either the map says how many entries the table has, or all entries count that keep the operand
// within its tensor. Entries are not negative, so entry 0 is the base.
int64_t Replay::EntriesOf(const Operand& operand, int64_t low, int64_t high) {
  if (operand.table_step == 0 || !operand.in_memory()) return 1;
  const int64_t step = std::abs(operand.table_step);
  // All planes of a split operand use the same entry, each in its half.
  const int64_t planes = (operand.planes - 1) * operand.plane_step;
  const auto within = [&](int64_t first, int64_t behind) {
    // A positive step moves the whole operand upwards, a negative one downwards. `room` is what
    // remains on that side.
    const int64_t room = operand.table_step > 0 ? behind - 1 - high : low - first;
    return std::max<int64_t>(0, room) / step + 1;
  };
  const int64_t begin = places_.begin(operand.space), end = places_.end(operand.space) - planes;
  if (const int64_t entries = lives_.PlacesOfTable(operand.table); entries > 0) {
    const int64_t most = within(begin, end);
    if (entries > most) {
      Found(Rule::kCapacity, -1, operand.name, "is outside of memory with entry {} of table {}",
            most, operand.table);
    }
    return std::min(entries, most);
  }
  // No map entry limits the table, so the borders of the tensor under entry 0 do.
  const int32_t owner = lives_.OwnerOf(low);
  if (owner == Lives::kNobody) return 1;
  const auto [first, behind] = lives_.RangeAround(owner, low);
  return within(first, std::min(behind, end));
}

// Runs through all elements. Bit j of `not_first` is set if the index of loop j is above 0, bit j
// of `at_last` if it has its last value.
void Replay::Elements(const Work& work) {
  std::array<int64_t, kLoops> index{};
  uint32_t not_first = 0, at_last = 0;
  for (size_t j = 0; j < kLoops; ++j) at_last |= work.count[j] == 1 ? 1u << j : 0;
  for (int64_t cycle = 0;; cycle += work.pace.interval) {
    bool moved = false;  // an operand reached another bank
    for (Walk& walk : walks_) {
      const Operand& operand = *walk.operand;
      // A sum is written only when it is complete. Its start may be read before.
      const bool writes = operand.writes() && (operand.last & ~at_last) == 0;
      const bool overwrites = operand.may_overwrite && (operand.first & not_first) == 0;
      const std::array<Banks, 2> before = walk.banks;
      Touched(walk, cycle, operand.reads() && !overwrites, writes);
      moved |= before != walk.banks;
    }
    // Conflicts within the instruction depend on the banks only.
    if (moved) PortsWithin(work);
    ++element_;
    size_t loop = kLoops;
    while (loop-- > 0) {
      const uint32_t bit = 1u << loop;
      if (++index[loop] < work.count[loop]) {
        not_first |= bit;
        if (index[loop] + 1 == work.count[loop]) at_last |= bit;
        break;
      }
      index[loop] = 0;
      not_first &= ~bit;
      if (work.count[loop] > 1) at_last &= ~bit;
    }
    if (loop == static_cast<size_t>(-1)) break;
    for (Walk& walk : walks_) walk.at += walk.step[loop];
  }
}

// Checks one element's access to one operand: the tensor, the order at each place, and the ports of
// its banks. If an index table gives the place, every possible entry is checked.
void Replay::Touched(Walk& walk, int64_t cycle, bool reads, bool writes) {
  const Operand& operand = *walk.operand;
  for (int plane = 0; plane < operand.planes; ++plane) {
    const int64_t base = walk.at + plane * operand.plane_step;
    for (int64_t entry = 0; entry < walk.entries; ++entry) {
      const int64_t place = base + entry * operand.table_step;
      if (operand.in_memory()) Owned(walk, place, static_cast<size_t>(plane));
      if (reads) Read(walk, place, entry, cycle);
      if (writes) Write(walk, place, cycle);
    }
    if (!operand.in_memory()) continue;
    const auto region = static_cast<size_t>(operand.space);
    const auto bank_of = [&](int64_t place) {
      return first_bank_[region] + (place - places_.begin(operand.space)) / places_.depths[region];
    };
    // Entries move in one direction, so the first and the last one enclose all banks.
    const int64_t furthest = base + (walk.entries - 1) * operand.table_step;
    const Banks banks = {bank_of(std::min(base, furthest)), bank_of(std::max(base, furthest))};
    const bool moved = walk.banks[static_cast<size_t>(plane)] != banks;
    walk.banks[static_cast<size_t>(plane)] = banks;
    for (int64_t bank = banks.first; bank <= banks.last; ++bank) {
      // Within one bank the first element is the earliest, so it alone is compared with other
      // instructions.
      if (moved) Port(walk, bank, cycle);
      // The port counts as used until the last element of the instruction in this bank.
      if (reads) Hold(bank, 0, cycle + operand.read_delay);
      if (writes) Hold(bank, 1, cycle + work_->pace.latency - operand.early);
    }
  }
}

// Checks that the place belongs to a live tensor, and to the same one as the operand's earlier
// elements.
void Replay::Owned(Walk& walk, int64_t place, size_t plane) {
  const int32_t owner = lives_.OwnerOf(place);
  int32_t& tensor = walk.tensor[plane];
  // Most elements stay in the same tensor, so this test comes first.
  if (owner == tensor && owner != Lives::kNobody) return;
  if (owner == Lives::kNobody) {
    Found(Rule::kAlive, -1, walk.operand->name, "no tensor is alive at {}",
          places_.Describe(place));
    return;
  }
  if (tensor != Lives::kNobody) {
    Found(Rule::kAlive, -1, walk.operand->name, "leaves tensor {} and enters {} at {}",
          lives_.tensor(tensor).name, lives_.tensor(owner).name, places_.Describe(place));
    return;
  }
  tensor = owner;
}

// Adds an access at `time`, counted from the start of the current instruction. A Touch holds one
// instruction of a unit. The time of the earlier one is converted to the current start by a lower
// bound of the distance between both. So the stored time is never too early.
void Replay::Merge(Touch& touch, int64_t time) {
  const size_t unit = work_->unit;
  if (touch.number == number_) {
    time = std::max<int64_t>(time, touch.time);
  } else if (touch.number >= 0) {
    // The unit alone gives a lower bound. The waits may give a better one, but are slower to ask.
    int64_t later = order_.Between(unit, touch.number, number_);
    if (touch.time - later > time) later = std::max(later, Bound(unit, touch));
    time = std::max(time, touch.time - later);
  }
  touch = {number_, static_cast<int32_t>(time)};
}

// Checks a read against all earlier writes of the place. Within the instruction only the distance
// of elements matters. For other instructions, the guaranteed distance of starts must cover the
// write's end.
void Replay::Read(const Walk& walk, int64_t place, int64_t entry, int64_t cycle) {
  const Operand& operand = *walk.operand;
  if (!lives_.Written(place) && (whole_ || entry == 0)) {
    Found(Rule::kUnwritten, -1, operand.name, "{} is read, but was never written{}",
          places_.Describe(place), operand.in_memory() ? " in this lifetime" : "");
  }
  State& state = states_[static_cast<size_t>(place)];
  for (size_t u = 0; u < kUnits; ++u) {
    const Touch& writer = state.writers[u];
    if (writer.number < 0) continue;
    int64_t written = writer.time;
    const bool updates = operand.kind == Operand::Kind::kUpdate;
    if (Own(u, writer)) {
      // An update within the instruction may come `distance` cycles after the earlier element. The
      // latency does not count here.
      if (updates) written += operand.distance - work_->pace.latency;
      if (cycle < written) {
        Found(Rule::kDistance, -1, operand.name,
              "{} is read {} cycles after the element that writes it; {} are needed",
              places_.Describe(place), cycle - (writer.time - work_->pace.latency),
              updates ? operand.distance : work_->pace.latency);
      }
      continue;
    }
    if (u == work_->unit && updates && operand.distance_for_all) {
      written += operand.distance - work_->pace.latency;
    }
    // Bound is the least distance between both starts, so this is the earliest cycle of the read.
    if (Bound(u, writer) + cycle + operand.read_delay < written) {
      Found(Rule::kOrder, InstructionOf(u, writer), operand.name,
            "{} can be read before instruction {} has written it", places_.Describe(place),
            InstructionOf(u, writer));
    }
  }
  Merge(state.readers[work_->unit], cycle + operand.read_delay);
}

// Checks a write against all earlier reads and writes of the place. `landed` is the cycle in which
// memory changes, `written` the cycle from which on the instruction counts as done with it.
void Replay::Write(const Walk& walk, int64_t place, int64_t cycle) {
  const int64_t written = cycle + work_->pace.latency;
  const int64_t landed = written - walk.operand->early;
  State& state = states_[static_cast<size_t>(place)];
  for (size_t u = 0; u < kUnits; ++u) {
    const Touch& reader = state.readers[u];
    if (reader.number >= 0 && !Own(u, reader) && Bound(u, reader) + landed <= reader.time) {
      Found(Rule::kOrder, InstructionOf(u, reader), walk.operand->name,
            "{} can be overwritten before instruction {} has read it", places_.Describe(place),
            InstructionOf(u, reader));
    }
    const Touch& writer = state.writers[u];
    if (writer.number >= 0 && !Own(u, writer) && Bound(u, writer) + landed <= writer.time) {
      Found(Rule::kOrder, InstructionOf(u, writer), walk.operand->name,
            "{} can be written before instruction {} has written it", places_.Describe(place),
            InstructionOf(u, writer));
    }
  }
  const size_t unit = work_->unit;
  if (walk.entries == 1) {
    // Every earlier access is now proved to be before this write. So later instructions need to be
    // compared only with this instruction.
    const Touch own_write = state.writers[unit], own_read = state.readers[unit];
    state = {};
    if (own_write.number == number_) state.writers[unit] = own_write;
    if (own_read.number == number_) state.readers[unit] = own_read;
    lives_.Write(place);
  }
  Merge(state.writers[unit], written);
}

// Records the last cycle in which the current instruction uses a port.
void Replay::Hold(int64_t bank, size_t port, int64_t time) {
  Touch& touch = ports_[static_cast<size_t>(bank)][port][work_->unit];
  // Uses by earlier instructions of the unit have ended by now, or a conflict was reported.
  if (touch.number == number_) time = std::max<int64_t>(time, touch.time);
  touch = {number_, static_cast<int32_t>(time)};
}

// Checks for bank conflicts with instructions of all units, when an operand reaches a bank.
void Replay::Port(const Walk& walk, int64_t bank, int64_t cycle) {
  const Operand& operand = *walk.operand;
  const auto compare = [&](size_t port, int64_t time) {
    const Touches& touches = ports_[static_cast<size_t>(bank)][port];
    for (size_t u = 0; u < kUnits; ++u) {
      const Touch& other = touches[u];
      if (other.number < 0 || Own(u, other)) continue;
      if (Bound(u, other) + time > other.time) continue;
      Found(Rule::kPort, InstructionOf(u, other), operand.name,
            "conflicts with instruction {} at the {} port of bank {}", InstructionOf(u, other),
            port == 0 ? "read" : "write", bank);
    }
  };
  // Port 0 is the read port, port 1 the write port.
  if (operand.reads()) compare(0, cycle + operand.read_delay);
  if (operand.writes()) compare(1, cycle + work_->pace.latency - operand.early);
}

// Checks for bank conflicts between two operands of one element.
void Replay::PortsWithin(const Work& work) {
  const auto compare = [&](const Walk& a, const Walk& b, bool reading) {
    // Two reads with different delays conflict if a later element reads in the same cycle.
    const int64_t apart = reading ? std::abs(a.operand->read_delay - b.operand->read_delay) : 0;
    // The delays differ by more cycles than the instruction issues elements, so the reads never
    // meet.
    if (apart > work.pace.last()) return;
    for (const Banks& banks : a.banks) {
      if (!banks.Overlaps(b.banks[0]) && !banks.Overlaps(b.banks[1])) continue;
      Found(Rule::kPort, index_, a.operand->name,
            "conflicts with operand {} at the {} port of bank {}", b.operand->name,
            reading ? "read" : "write", banks.first);
    }
  };
  for (size_t i = 0; i < walks_.size(); ++i) {
    for (size_t j = i + 1; j < walks_.size(); ++j) {
      const Operand& a = *walks_[i].operand;
      const Operand& b = *walks_[j].operand;
      if (!a.in_memory() || !b.in_memory()) continue;
      if (a.reads() && b.reads()) compare(walks_[i], walks_[j], true);
      // A read and a write use different ports of the bank.
      if (a.writes() && b.writes()) compare(walks_[i], walks_[j], false);
    }
  }
}

std::string Replay::Here(const char* operand) const {
  const isa::Instruction& instruction = program_.instructions[static_cast<size_t>(index_)];
  std::string text = fmt::format(
      "instruction {} ({})", index_,
      std::visit([](const auto& any) { return std::decay_t<decltype(any)>::kName; }, instruction));
  if (program_.InLoop(index_)) text += fmt::format(", iteration {}", iteration_);
  return text + fmt::format(", element {}: {}", element_, operand);
}

template <typename... Args>
void Replay::Found(Rule rule, int other, const char* operand, fmt::format_string<Args...> format,
                   Args&&... args) {
  // Equal findings of further elements only count. The text of the first one is enough.
  if (!report_.Count(rule, index_, other, operand)) return;
  report_.Add({rule, index_, other, operand,
               Here(operand) + ": " + fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace bittern::checker
