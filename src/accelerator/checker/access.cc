// SPDX-License-Identifier: Apache-2.0
#include "accelerator/checker/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "accelerator/isa/accelerator.h"

namespace bittern::checker {
namespace {

using isa::Direction;
using isa::Source;
using isa::Start;

constexpr uint32_t kOffsetMask = (1u << isa::kRegionShift) - 1;

// The levels of an adder tree over n values: ceil(log2 n), for n >= 1.
int64_t Levels(int64_t n) { return std::bit_width(static_cast<uint64_t>(n - 1)); }

// True if a drain adds several accumulator rows to one.
bool Sums(const isa::Drain& drain) { return drain.count[2] > 1 || drain.plane_sum != 0; }

// Cycles from the issue of an element until its result can be read, as in the table of
// docs/timing.md ("Latencies"). It is written again here, because the checker shares no code with
// accelerator/isa/timing.cc.
struct Latencies {
  const isa::Accelerator& a;

  int64_t MultiplyAdd() const { return a.multiply_latency + a.add_latency; }
  // Cycles from the read of a start word to the result to which it is added.
  int64_t FromStart() const { return a.read_latency + a.add_latency + 1; }

  int64_t operator()(const isa::End&) const { return 0; }
  int64_t operator()(const isa::Loop&) const { return 0; }
  int64_t operator()(const isa::Sync&) const { return 0; }
  int64_t operator()(const isa::Load&) const { return a.read_latency + 1; }
  int64_t operator()(const isa::Stream& stream) const {
    if (stream.direction == Direction::kTime) return a.read_latency + MultiplyAdd() + 1;
    // Each further summand takes one more adder after the tree: the other plane, then the start.
    const int64_t summed = stream.direction == Direction::kRank ? a.rows : a.lanes;
    const int64_t adds =
        Levels(summed) + (stream.plane_sum != 0 ? 1 : 0) + (stream.start != Start::kNone ? 1 : 0);
    return a.read_latency + a.multiply_latency + adds * a.add_latency + 1;
  }
  int64_t operator()(const isa::Drain& drain) const {
    // The start and the sum arrive independently. The last addition waits for the later one.
    const int64_t summed = Sums(drain) ? 1 + a.add_latency : 1;
    if (drain.start == Start::kNone) return summed + 1;
    return std::max(summed, int64_t{a.read_latency}) + a.add_latency + 1;
  }
  int64_t operator()(const isa::Vector& vector) const {
    int64_t cycles = a.read_latency + 2 * MultiplyAdd() + 1;
    // A function is a look-up and a cubic, which is three multiply-adds.
    if (vector.function != isa::Function::kNone) cycles += a.lookup_latency + 3 * MultiplyAdd();
    if (vector.lanes) {
      cycles += Levels(a.lanes) * a.add_latency + MultiplyAdd();
    } else if (vector.tap != isa::Tap::kNone) {
      cycles += MultiplyAdd();
    }
    return cycles;
  }
};

// Builds the Work of one instruction: its loops and its operands with place, strides and delays.
// Each operator() follows the formulas of spec/isa.toml for one opcode. A combination of fields
// that the specification excludes is refused.
class Describer {
 public:
  Describer(const std::array<int64_t, 4>& counts, int64_t iteration,
            const isa::Accelerator& machine, const Places& places)
      : counts_(counts), iteration_(iteration), machine_(machine), places_(places) {}

  Work operator()(const isa::Load& load) {
    Plane(load.planes);
    Rows(load.slot);
    Nest(0);
    // Every plane that takes part fills its own tile, from its own word if the source is split.
    Memory("source", load.source, Operand::Kind::kRead, load.planes);
    Slot("slot", Alternated(load, places_.tile_slots), Space::kTiles, Operand::Kind::kWrite,
         load.planes);
    return std::move(work_);
  }

  Work operator()(const isa::Stream& stream) {
    Plane(stream.planes);
    Nest(0);
    // The sum of the planes is written once, at plane 0's address.
    const uint32_t written = stream.plane_sum != 0 ? 1 : stream.planes;
    if (stream.direction != Direction::kRank) TokenWord(stream);
    if (stream.direction != Direction::kToken) RankWord(stream);
    if (stream.direction == Direction::kTime) {
      // Bit j of `sum` is loop j of the instruction. The loop over planes comes first here, hence
      // the shift.
      Operand& slot = Slot("slot", Alternated(stream, places_.accumulator_slots),
                           Space::kAccumulators, Operand::Kind::kUpdate, stream.planes);
      slot.may_overwrite = stream.keep == 0;
      slot.first = stream.sum << 1;
      slot.distance = machine_.accumulate_distance;
      slot.distance_for_all = true;
      return std::move(work_);
    }
    Slot("slot", Alternated(stream, places_.tile_slots), Space::kTiles, Operand::Kind::kRead,
         stream.planes)
        .read_delay = machine_.read_latency;
    // A start of another region would have another number of lanes than the result.
    if (stream.start == Start::kWord && stream.initial && stream.y &&
        stream.initial->base >> isa::kRegionShift != stream.y->base >> isa::kRegionShift) {
      Refuse(Rule::kOperand, "initial", "must be a word of y's region");
    }
    Result("y", Present(stream.y, "y"), stream.start, stream.initial, written,
           Latencies{machine_}(stream));
    // A slice that is merged into a token word keeps the other lanes, so the word is also read.
    const bool slice = stream.direction == Direction::kToken && result_->space == Space::kTokens;
    if (slice && stream.merge != 0) result_->kind = Operand::Kind::kUpdate;
    if (stream.slice) Within("slice", *stream.slice, kMostSlices);
    return std::move(work_);
  }

  Work operator()(const isa::Drain& drain) {
    Plane(drain.planes);
    Rows(drain.slot);
    const int planes = std::popcount(drain.planes);
    const bool sums = drain.plane_sum != 0;
    // Without plane_sum the drain writes all results of one plane, then those of the next, so the
    // loop over planes is outermost. With plane_sum it reads both planes for each result, so the
    // loop over planes is within loops 0 and 1.
    plane_loop_ = sums ? 2 : 0;
    Nest(plane_loop_);
    work_.count[plane_loop_] = planes;
    Operand& slot =
        Slot("slot", Alternated(drain, places_.accumulator_slots), Space::kAccumulators,
             Operand::Kind::kRead, std::bit_floor(drain.planes) == drain.planes ? drain.planes : 1);
    slot.stride[plane_loop_] = places_.accumulator_slots;  // accumulators of plane 1 follow
    Result("y", drain.y, drain.start, drain.initial, sums ? 1 : drain.planes,
           Latencies{machine_}(drain));
    for (Operand& operand : work_.operands) {
      if (operand.space == Space::kAccumulators) continue;
      if (operand.stride[3] != 0) Refuse(Rule::kOperand, operand.name, "has a stride in loop 2");
      if (!sums) {
        operand.stride[0] = operand.plane_step;
        operand.planes = 1;
      }
      // A result is complete with the last plane (sums only) and the last slot of loop 2.
      operand.last = sums ? (1u << 2 | 1u << 3) : 1u << 3;
    }
    return std::move(work_);
  }

  Work operator()(const isa::Vector& vector) {
    Nest(0);
    const Latencies latencies{machine_};
    const int64_t latency = latencies(vector);
    // p3 counts only with a tap, because v4 has no other use.
    const auto used = [&](Source source) {
      return vector.x1 == source || vector.p1 == source || vector.q1 == source ||
             vector.p2 == source || vector.q2 == source ||
             (vector.tap != isa::Tap::kNone && vector.p3 == source);
    };
    if (vector.x1 != Source::kA && vector.x1 != Source::kB && vector.x1 != Source::kL0 &&
        vector.x1 != Source::kL1) {
      Refuse(Rule::kOperand, "x1", "must be a, b, l0 or l1");
    }
    if (vector.function == isa::Function::kLog2 &&
        (vector.p2 != Source::kOne || vector.q2 != Source::kZero)) {
      Refuse(Rule::kOperand, "function", "is log2, which uses the adder of the second stage");
    }
    for (const auto* walk : {&vector.a, &vector.b, &vector.y, &vector.g, &vector.h, &vector.lanes,
                             &vector.lane_scale}) {
      if (*walk && (*walk)->split != 0) Refuse(Rule::kOperand, "vector", "an operand is split");
    }
    if (used(Source::kA)) Memory("a", Present(vector.a, "a"), Operand::Kind::kRead, 1);
    if (used(Source::kB)) Memory("b", Present(vector.b, "b"), Operand::Kind::kRead, 1);
    // The old scalar comes from one place: from operand g or from memory.
    if (vector.lane_g != 0 && (!vector.lanes || vector.lane_old != 0)) {
      Refuse(Rule::kOperand, "lane_g", "needs lanes and excludes lane_old");
    }
    if (used(Source::kG) || vector.lane_g != 0) {
      Scalar("g", Present(vector.g, "g"), Operand::Kind::kRead);
    }
    if (used(Source::kH)) Scalar("h", Present(vector.h, "h"), Operand::Kind::kRead);
    if (used(Source::kL0)) Register("l0", Present(vector.l0, "l0"), Operand::Kind::kRead);
    // A pick selects values of register l1, so it reads the register, too.
    if (used(Source::kL1) || used(Source::kPick)) {
      Register("l1", Present(vector.l1, "l1"), Operand::Kind::kRead);
    }
    if (used(Source::kL2)) Register("l2", Present(vector.l2, "l2"), Operand::Kind::kRead);
    if (used(Source::kPick) || used(Source::kLabelled)) Table("pick", Present(vector.pick, "pick"));
    if (used(Source::kMask)) {
      Present(vector.dropout, "dropout");
      const isa::Walk& feature = Present(vector.feature, "feature");
      Entry("feature", feature);
      // A feature is no address. It selects bits of the mask's generator, so only a negative one is
      // wrong.
      if (RangeOf(feature).first < 0) Refuse(Rule::kCapacity, "feature", "is below 0");
    }
    if (vector.y) {
      Operand& y = Memory("y", *vector.y, Operand::Kind::kWrite, 1);
      // y is written when it is computed, before the sum over lanes and the tap. `early` is the
      // difference to the latency of the whole instruction.
      isa::Vector alone = vector;
      alone.lanes.reset();
      alone.tap = isa::Tap::kNone;
      y.early = latency - latencies(alone);
    }
    if (vector.lanes) {
      Operand& lanes =
          Scalar("lanes", *vector.lanes,
                 vector.lane_old != 0 ? Operand::Kind::kUpdate : Operand::Kind::kWrite);
      // The old value is read when the sum is complete.
      lanes.read_delay = latency - latencies.FromStart();
      lanes.distance = machine_.update_distance;
      if (vector.lane_scale) Scalar("lane_scale", *vector.lane_scale, Operand::Kind::kRead);
    }
    if (vector.tap != isa::Tap::kNone) {
      Operand& tap = Register("lt", Present(vector.lt, "lt"), Operand::Kind::kUpdate);
      // The first element of each sum overwrites the register. The shift is that of Stream::sum
      // above.
      tap.may_overwrite = true;
      tap.first = vector.tap_sum << 1;
      // A serial instruction issues slowly enough for one register.
      tap.distance = vector.serial != 0 ? 0 : machine_.accumulate_distance;
    }
    return std::move(work_);
  }

  // The sequencer executes these itself. They have no operands.
  Work operator()(const isa::End&) { return {}; }
  Work operator()(const isa::Loop&) { return {}; }
  Work operator()(const isa::Sync&) { return {}; }

 private:
  static constexpr int64_t kMostSlices = 256;  // the range of the field

  [[noreturn]] static void Refuse(Rule rule, const char* operand, std::string what) {
    throw Refusal{rule, operand, std::move(what)};
  }
  template <typename T>
  static const T& Present(const std::optional<T>& operand, const char* name) {
    if (!operand) Refuse(Rule::kOperand, name, "is missing");
    return *operand;
  }

  void Plane(uint32_t planes) const {
    if (planes == 0) Refuse(Rule::kOperand, "planes", "has no plane");
    // Bits above the last plane stand for planes that do not exist.
    if (planes >> machine_.planes != 0) {
      Refuse(Rule::kCapacity, "planes", "are more than the machine has");
    }
  }

  void Rows(const isa::Index& slot) const {
    if (counts_[3] > machine_.rows) {
      Refuse(Rule::kCapacity, "rows",
             fmt::format("{} rows, but a slot has {}", counts_[3], machine_.rows));
    }
    // Loop 3 runs over the rows within a slot, so the slot must not change in it.
    if (slot.stride[3] != 0) Refuse(Rule::kOperand, "slot", "has a stride in the loop over rows");
  }

  // Sets the counts of the five loops: the four of the instruction, and the loop over planes at
  // position `plane_loop` among them. Its count stays 1 unless a drain sets it.
  void Nest(size_t plane_loop) {
    plane_loop_ = plane_loop;
    for (size_t j = 0; j < 4; ++j) work_.count[Loop(j)] = counts_[j];
  }
  size_t Loop(size_t j) const { return j < plane_loop_ ? j : j + 1; }

  // The lowest and the highest value of an affine function over all elements. Each loop contributes
  // its reach to one of both ends.
  template <typename Walk>
  std::pair<int64_t, int64_t> RangeOf(const Walk& walk) const {
    int64_t low = int64_t{walk.base}, high = low;
    for (size_t j = 0; j < 4; ++j) {
      const int64_t reach = (counts_[j] - 1) * walk.stride[j];
      (reach < 0 ? low : high) += reach;
    }
    return {low, high};
  }

  void Table(const char* name, const isa::Walk& walk) const {
    if (walk.table == 0) Refuse(Rule::kOperand, name, "names no index table");
    if (int64_t{walk.table} > machine_.tables) {
      Refuse(Rule::kCapacity, name,
             fmt::format("index table {} of {}", walk.table, machine_.tables));
    }
  }
  // The table's entry is selected by the iteration of the hardware loop, so a table of T entries
  // limits the iterations.
  void Entry(const char* name, const isa::Walk& walk) const {
    if (walk.table == 0) return;
    Table(name, walk);
    if (iteration_ >= machine_.lanes) {
      Refuse(Rule::kCapacity, name,
             fmt::format("entry {} of a table of {}", iteration_, machine_.lanes));
    }
  }

  // An operand in memory. The region follows from its lowest address, and all its addresses must be
  // within that region, for every plane that takes part.
  Operand& Memory(const char* name, const isa::Walk& walk, Operand::Kind kind, uint32_t planes) {
    Entry(name, walk);
    auto [low, high] = RangeOf(walk);
    const int64_t outer = iteration_ * walk.outer;
    low += outer;
    high += outer;
    // With a table, this is the place for entry 0. Replay adds the other entries.
    const auto region = static_cast<size_t>(low >> isa::kRegionShift);
    if (low < 0 || region >= kRegions) {
      Refuse(Rule::kCapacity, name, fmt::format("{:#x} is outside of memory", low));
    }
    const auto space = static_cast<Space>(region);
    const int64_t base =
        int64_t{walk.base} + outer - static_cast<int64_t>(region << isa::kRegionShift);
    const int64_t first = low & kOffsetMask;
    Operand operand{.name = name, .kind = kind, .space = space};
    operand.place = places_.begin(space) + base;
    for (size_t j = 0; j < 4; ++j) operand.stride[Loop(j)] = walk.stride[j];
    int64_t last = first + (high - low);
    if (walk.split != 0) {
      operand.plane_step = places_.plane_steps[region];
      operand.planes = std::popcount(planes);
      const int64_t skipped = std::countr_zero(planes);  // planes before the first that takes part
      operand.place += skipped * operand.plane_step;
      last += (skipped + operand.planes - 1) * operand.plane_step;
    }
    const int64_t words = places_.end(space) - places_.begin(space);
    if (last >= words) {
      Refuse(Rule::kCapacity, name,
             fmt::format("reaches word {} of {} in region {}", last, words, region));
    }
    operand.table = walk.table;
    operand.table_step = walk.table_stride;
    work_.operands.push_back(operand);
    return work_.operands.back();
  }

  Operand& Scalar(const char* name, const isa::Walk& walk, Operand::Kind kind) {
    Operand& operand = Memory(name, walk, kind, 1);
    if (operand.space != Space::kScalars) Refuse(Rule::kOperand, name, "is not a scalar");
    return operand;
  }

  void Within(const char* name, const isa::Index& index, int64_t limit) const {
    const auto [low, high] = RangeOf(index);
    if (low < 0 || high >= limit) {
      Refuse(Rule::kCapacity, name,
             fmt::format("{} .. {} is outside of 0 .. {}", low, high, limit - 1));
    }
  }

  // The slots of the instruction in this iteration. With `alternate` odd iterations use the other
  // half.
  template <typename Instruction>
  isa::Index Alternated(const Instruction& instruction, int64_t slots) const {
    isa::Index index = instruction.slot;
    if (instruction.alternate != 0 && iteration_ % 2 != 0) {
      index.base += static_cast<uint32_t>(slots / 2);
    }
    return index;
  }

  Operand& Slot(const char* name, const isa::Index& index, Space space, Operand::Kind kind,
                uint32_t planes) {
    const int64_t slots = space == Space::kTiles ? places_.tile_slots : places_.accumulator_slots;
    Within(name, index, slots);
    Operand operand{.name = name, .kind = kind, .space = space};
    // Slots are numbered plane after plane, and the instruction may leave out plane 0.
    operand.place = places_.begin(space) + index.base + std::countr_zero(planes) * slots;
    for (size_t j = 0; j < 4; ++j) operand.stride[Loop(j)] = index.stride[j];
    operand.planes = std::popcount(planes);
    operand.plane_step = slots;
    work_.operands.push_back(operand);
    return work_.operands.back();
  }

  // Lane registers belong to the vector unit, which has no planes.
  Operand& Register(const char* name, const isa::Index& index, Operand::Kind kind) {
    Within(name, index, machine_.lane_registers);
    Operand operand{.name = name, .kind = kind, .space = Space::kRegisters};
    operand.place = places_.begin(Space::kRegisters) + index.base;
    for (size_t j = 0; j < 4; ++j) operand.stride[Loop(j)] = index.stride[j];
    work_.operands.push_back(operand);
    return work_.operands.back();
  }

  void TokenWord(const isa::Stream& stream) {
    const isa::Walk& x = Present(stream.x, "x");
    // A comparison reads the index table and no word of memory.
    if (stream.one_hot == 0) {
      Memory("x", x, Operand::Kind::kRead, stream.planes);
      return;
    }
    Table("x", x);
    if (x.split != 0) Refuse(Rule::kOperand, "x", "is a comparison and must not be split");
  }

  void RankWord(const isa::Stream& stream) {
    const Operand& b = Memory("b", Present(stream.b, "b"), Operand::Kind::kRead, stream.planes);
    if (b.space == Space::kTokens && stream.slice) Within("slice", *stream.slice, kMostSlices);
  }

  // The result of a stream or a drain, and the start of its sum. The start is read when the sum is
  // complete, `delay` cycles after the element is issued.
  void Result(const char* name, const isa::Walk& y, Start start,
              const std::optional<isa::Walk>& initial, uint32_t planes, int64_t latency) {
    if (y.split == 0 && std::popcount(planes) > 1) {
      Refuse(Rule::kOperand, name, "is one word, but several planes write it");
    }
    const int64_t delay = latency - Latencies{machine_}.FromStart();
    if (start == Start::kWord || start == Start::kScalar) {
      Operand& from = Memory("initial", Present(initial, "initial"), Operand::Kind::kRead, planes);
      if (start == Start::kScalar && from.space != Space::kScalars) {
        Refuse(Rule::kOperand, "initial", "is not a scalar");
      }
      from.read_delay = delay;
    }
    Operand& to = Memory(
        name, y, start == Start::kOld ? Operand::Kind::kUpdate : Operand::Kind::kWrite, planes);
    // Two additions to one word must be so far apart that the second one reads the result of the
    // first.
    if (start == Start::kOld) {
      to.read_delay = delay;
      to.distance = machine_.update_distance;
    }
    // The caller may change the result's kind. No operand is added to the vector in between.
    result_ = &to;
  }

  const std::array<int64_t, 4>& counts_;
  int64_t iteration_;
  const isa::Accelerator& machine_;
  const Places& places_;
  size_t plane_loop_ = 0;
  Operand* result_ = nullptr;
  Work work_;
};

}  // namespace

Places::Places(const isa::Accelerator& machine)
    : depths{machine.tokens.depth, machine.ranks.depth, machine.scalars.depth},
      plane_steps{machine.tokens.words() / machine.planes, machine.ranks.words() / machine.planes,
                  machine.scalars.words() / machine.planes},
      planes(machine.planes),
      tile_slots(machine.tile_slots),
      accumulator_slots(machine.accumulator_slots) {
  const std::array<int64_t, kSpaces> sizes = {machine.tokens.words(),
                                              machine.ranks.words(),
                                              machine.scalars.words(),
                                              machine.planes * tile_slots,
                                              machine.planes * accumulator_slots,
                                              int64_t{machine.lane_registers}};
  for (size_t i = 0; i < kSpaces; ++i) begins[i + 1] = begins[i] + sizes[i];
}

Space Places::SpaceOf(int64_t place) const {
  // The first space that begins after the place follows the space that holds it.
  const auto behind = std::upper_bound(begins.begin(), begins.end(), place);
  return static_cast<Space>(behind - begins.begin() - 1);
}

std::string Places::Describe(int64_t place) const {
  const Space space = SpaceOf(place);
  const int64_t offset = place - begin(space);
  switch (space) {
    case Space::kTiles:
      return fmt::format("tile slot {} of plane {}", offset % tile_slots, offset / tile_slots);
    case Space::kAccumulators:
      return fmt::format("accumulator slot {} of plane {}", offset % accumulator_slots,
                         offset / accumulator_slots);
    case Space::kRegisters:
      return fmt::format("lane register {}", offset);
    default:
      return fmt::format("{:#x}", (static_cast<int64_t>(space) << isa::kRegionShift) + offset);
  }
}

int64_t LatencyOf(const isa::Instruction& instruction, const isa::Accelerator& machine) {
  return std::visit(Latencies{machine}, instruction);
}

int64_t IntervalOf(const isa::Instruction& instruction, const isa::Accelerator& machine) {
  if (const auto* vector = std::get_if<isa::Vector>(&instruction)) {
    return vector->serial != 0 ? machine.serial_interval : 1;
  }
  const auto* drain = std::get_if<isa::Drain>(&instruction);
  if (drain == nullptr || !Sums(*drain)) return 1;
  // The next addition to a row's sum must wait for the one before. Between them the other rows are
  // added, one a cycle.
  const int64_t rows = drain->count[3];
  return (machine.add_latency + rows - 1) / rows;
}

Work WorkOf(const isa::Instruction& instruction, const std::array<int64_t, 4>& counts,
            int64_t iteration, const isa::Accelerator& machine, const Places& places) {
  Work work;
  // A list register holds 0. The operands then have no elements, so they are not described.
  const bool nothing = std::find(counts.begin(), counts.end(), 0) != counts.end();
  if (!nothing) work = std::visit(Describer(counts, iteration, machine, places), instruction);
  work.nothing = nothing;
  work.unit = static_cast<size_t>(isa::UnitOf(instruction).value());
  // An absurd number of elements is cut here, so that the product does not overflow. Replay then
  // refuses the program because it is too long to check.
  constexpr int64_t kMost = int64_t{1} << 30;
  for (const int64_t n : work.count) work.pace.elements = std::min(work.pace.elements * n, kMost);
  work.pace.interval = IntervalOf(instruction, machine);
  work.pace.latency = LatencyOf(instruction, machine);
  return work;
}

}  // namespace bittern::checker
