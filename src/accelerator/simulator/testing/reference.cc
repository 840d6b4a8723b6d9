// SPDX-License-Identifier: Apache-2.0
#include "accelerator/simulator/testing/reference.h"

#include <algorithm>
#include <bit>

#include "accelerator/isa/arithmetic/binary32.h"
#include "accelerator/isa/arithmetic/functions.h"
#include "accelerator/isa/arithmetic/trees.h"
#include "accelerator/simulator/fault.h"
#include "base/dropout_bits.h"

namespace bittern {
namespace {

using isa::Source;
using Lanes = std::vector<float>;
using Loops = std::array<int64_t, 4>;

float Product(float a, float b) { return FloatOfBits(Multiply(FloatBits(a), FloatBits(b))); }
float Sum(float a, float b) { return FloatOfBits(Add(FloatBits(a), FloatBits(b))); }
float Negated(float a) { return FloatOfBits(FloatBits(a) ^ kSignBit); }
bool IsLess(float a, float b) { return Sum(a, 0.0f) < Sum(b, 0.0f); }  // subnormals are zeros
float Tree(Lanes values) { return Fold(values.data(), std::ssize(values), Sum); }

class Interpreter {
 public:
  Interpreter(const DecodedProgram& program, MachineState& state)
      : state_(state), rows_(state.rows), lanes_(state.lanes) {
    state.BeginRun();
    Sequence(program, state.host.lists, [&](int index, int64_t iteration) {
      index_ = index;
      iteration_ = iteration;
      std::visit([this](const auto& i) { Elements(i); },
                 program[static_cast<size_t>(index)].instruction);
    });
  }

 private:
  // Common to all units --------------------------------------------------------------------------

  [[noreturn]] void Throw(Fault::Kind kind, const char* operand, int64_t address) const {
    throw SimulationError({.kind = kind,
                           .instruction = index_,
                           .iteration = iteration_,
                           .operand = operand,
                           .address = address,
                           .what = "says the reference"});
  }
  void Require(bool exists, const char* operand, int64_t address) const {
    if (!exists) Throw(Fault::Kind::kOutside, operand, address);
  }
  void RequireWritten(uint8_t written, const char* operand, int64_t address) const {
    if (written == 0) Throw(Fault::Kind::kUnwritten, operand, address);
  }

  template <class T>
  void Elements(const T& instruction) {
    if constexpr (requires { T::kUnit; }) {
      n_ = CountsOf(instruction, state_.host.lists);
      for (i_[0] = 0; i_[0] < n_[0]; ++i_[0]) {
        for (i_[1] = 0; i_[1] < n_[1]; ++i_[1]) {
          for (i_[2] = 0; i_[2] < n_[2]; ++i_[2]) {
            for (i_[3] = 0; i_[3] < n_[3]; ++i_[3]) Element(instruction);
          }
        }
      }
    }
  }

  bool First(uint32_t loops) const {
    for (uint32_t j = 0; j < 4; ++j) {
      if ((loops >> j & 1) != 0 && i_[j] != 0) return false;
    }
    return true;
  }

  const int32_t* Table(uint32_t number) const {
    Require(number >= 1 && number <= static_cast<uint32_t>(state_.accelerator.tables), "table",
            number);
    return state_.tables.data() + (number - 1) * lanes_;
  }

  int64_t Value(const isa::Walk& walk) const {  // without the table's term
    int64_t at = int64_t{walk.base} + iteration_ * walk.outer;
    for (size_t j = 0; j < 4; ++j) at += i_[j] * walk.stride[j];
    return at;
  }
  int64_t ValueWithTable(const isa::Walk& walk) const {
    const int64_t at = Value(walk);
    if (walk.table == 0) return at;
    Require(iteration_ < lanes_, "table", iteration_);
    return at + int64_t{Table(walk.table)[iteration_]} * walk.table_stride;
  }
  int64_t Address(const isa::Walk& walk, int64_t plane) const {
    const int64_t at = ValueWithTable(walk);
    const int64_t region = at >> kRegionShift;
    Require(at >= 0 && region < kRegions, "walk", at);
    return walk.split != 0 ? at + plane * state_.memory[static_cast<size_t>(region)].plane_step
                           : at;
  }
  int64_t At(const isa::Index& index) const {
    int64_t at = index.base;
    for (size_t j = 0; j < 4; ++j) at += i_[j] * index.stride[j];
    return at;
  }

  struct Word {
    float* lanes;
    int64_t width;
    uint8_t* written;
  };
  Word WordAt(int64_t address) const {
    auto& memory = state_.memory[static_cast<size_t>(address >> kRegionShift)];
    const int64_t word = address & ((1 << kRegionShift) - 1);
    Require(word < memory.words, "walk", address);
    return {memory.values.data() + word * memory.width, memory.width, memory.written.data() + word};
  }
  // n lanes from lane `from` on; 0 where the word has none.
  Lanes Read(int64_t address, int64_t n, int64_t from = 0) const {
    const Word word = WordAt(address);
    RequireWritten(*word.written, "walk", address);
    Lanes out(static_cast<size_t>(n));
    for (int64_t l = 0; l < n; ++l) {
      if (from + l < word.width) out[static_cast<size_t>(l)] = word.lanes[from + l];
    }
    return out;
  }
  float ReadScalar(int64_t address) const { return Read(address, 1)[0]; }
  // Writes the given lanes. The other lanes become 0, or keep their values with `merge`.
  void Write(int64_t address, const Lanes& values, int64_t from = 0, bool merge = false) const {
    const Word word = WordAt(address);
    if (merge) RequireWritten(*word.written, "walk", address);
    for (int64_t l = 0; l < word.width; ++l) {
      const bool given = l >= from && l < from + std::ssize(values);
      if (given) {
        word.lanes[l] = values[static_cast<size_t>(l - from)];
      } else if (!merge) {
        word.lanes[l] = 0;
      }
    }
    *word.written = 1;
  }
  static bool IsTokenWord(int64_t address) { return address >> kRegionShift == kTokenWords; }

  struct Slot {
    float* values;  // [row][lane]
    uint8_t* written;
  };
  Slot SlotAt(SlotFile& file, int64_t slots, int64_t plane, int64_t slot) const {
    Require(slot >= 0 && slot < slots, "slot", slot);
    const int64_t at = plane * slots + slot;
    return {file.values.data() + at * rows_ * lanes_, file.written.data() + at};
  }
  Slot TileAt(int64_t plane, int64_t slot) const {
    return SlotAt(state_.tiles, state_.accelerator.tile_slots, plane, slot);
  }
  Slot AccumulatorAt(int64_t plane, int64_t slot) const {
    return SlotAt(state_.accumulators, state_.accelerator.accumulator_slots, plane, slot);
  }

  template <class T>
  int64_t SlotOf(const T& instruction, int64_t slots) const {
    const bool odd = instruction.alternate != 0 && iteration_ % 2 == 1;
    return At(instruction.slot) + (odd ? slots / 2 : 0);
  }

  std::vector<int64_t> PlanesIn(uint32_t mask) const {
    std::vector<int64_t> planes;
    for (int64_t p = 0; p < state_.planes; ++p) {
      if ((mask >> p & 1) != 0) planes.push_back(p);
    }
    return planes;
  }

  // load -----------------------------------------------------------------------------------------

  void Element(const isa::Load& load) {
    for (const int64_t p : PlanesIn(load.planes)) {
      const Slot tile = TileAt(p, SlotOf(load, state_.accelerator.tile_slots));
      if (i_[3] == 0) std::fill_n(tile.values, rows_ * lanes_, 0.0f);
      const Lanes word = Read(Address(load.source, p), lanes_);
      std::copy(word.begin(), word.end(), tile.values + i_[3] * lanes_);
      *tile.written = 1;
    }
  }

  // stream ---------------------------------------------------------------------------------------

  Lanes ReadX(const isa::Stream& stream, int64_t plane) const {
    if (stream.one_hot == 0) return Read(Address(*stream.x, plane), lanes_);
    const int32_t* table = Table(stream.x->table);
    Lanes out;
    for (int64_t t = 0; t < lanes_; ++t) {
      out.push_back(table[t] == Value(*stream.x) ? 1.0f : 0.0f);
    }
    return out;
  }
  int64_t SliceFrom(const isa::Stream& stream, int64_t address) const {
    return IsTokenWord(address) && stream.slice ? rows_ * At(*stream.slice) : 0;
  }
  Lanes ReadB(const isa::Stream& stream, int64_t plane) const {
    const int64_t address = Address(*stream.b, plane);
    return Read(address, rows_, SliceFrom(stream, address));
  }

  void Element(const isa::Stream& stream) {
    const bool by_rank = stream.direction == isa::Direction::kRank;
    std::vector<Lanes> sums;
    for (const int64_t p : PlanesIn(stream.planes)) {
      if (stream.direction == isa::Direction::kTime) {
        Accumulate(stream, p);
        continue;
      }
      const Slot tile = TileAt(p, SlotOf(stream, state_.accelerator.tile_slots));
      RequireWritten(*tile.written, "slot", At(stream.slot));
      const Lanes factor = by_rank ? ReadB(stream, p) : ReadX(stream, p);
      Lanes sum;
      for (int64_t to = 0; to < (by_rank ? lanes_ : rows_); ++to) {
        Lanes products;
        for (int64_t k = 0; k < std::ssize(factor); ++k) {
          const int64_t r = by_rank ? k : to, t = by_rank ? to : k;
          products.push_back(Product(factor[static_cast<size_t>(k)], tile.values[r * lanes_ + t]));
        }
        sum.push_back(Tree(products));
      }
      sums.push_back(sum);
    }
    if (sums.empty()) return;
    if (stream.plane_sum != 0) {
      for (size_t p = 1; p < sums.size(); ++p) sums[0] = AddLanes(sums[0], sums[p]);
      WriteSum(stream, 0, sums[0]);
      return;
    }
    size_t k = 0;
    for (const int64_t p : PlanesIn(stream.planes)) WriteSum(stream, p, sums[k++]);
  }

  void Accumulate(const isa::Stream& stream, int64_t plane) {
    const Lanes x = ReadX(stream, plane), b = ReadB(stream, plane);
    const Slot accumulator =
        AccumulatorAt(plane, SlotOf(stream, state_.accelerator.accumulator_slots));
    const bool first = stream.keep == 0 && First(stream.sum);
    if (!first) RequireWritten(*accumulator.written, "slot", At(stream.slot));
    for (int64_t r = 0; r < rows_; ++r) {
      for (int64_t t = 0; t < lanes_; ++t) {
        float& value = accumulator.values[r * lanes_ + t];
        const float product = Product(b[static_cast<size_t>(r)], x[static_cast<size_t>(t)]);
        value = first ? product : Sum(value, product);
      }
    }
    *accumulator.written = 1;
  }

  static Lanes AddLanes(const Lanes& a, const Lanes& b) {
    Lanes out;
    for (size_t l = 0; l < a.size(); ++l) out.push_back(Sum(a[l], b[l]));
    return out;
  }

  void WriteSum(const isa::Stream& stream, int64_t plane, const Lanes& sum) {
    const int64_t y = Address(*stream.y, plane);
    const bool slices = stream.direction == isa::Direction::kToken;
    const int64_t from = slices ? SliceFrom(stream, y) : 0;
    const bool merge = slices && IsTokenWord(y) && stream.merge != 0;
    const auto n = std::ssize(sum);
    switch (stream.start) {
      case isa::Start::kNone:
        return Write(y, sum, from, merge);
      case isa::Start::kOld:
        return Write(y, AddLanes(Read(y, n, from), sum), from, merge);
      case isa::Start::kWord: {
        const int64_t initial = Address(*stream.initial, plane);
        return Write(y, AddLanes(Read(initial, n, slices ? SliceFrom(stream, initial) : 0), sum),
                     from, merge);
      }
      case isa::Start::kScalar: {
        const float scalar = ReadScalar(Address(*stream.initial, plane));
        return Write(y, AddLanes(Lanes(sum.size(), scalar), sum), from, merge);
      }
    }
  }

  // drain ----------------------------------------------------------------------------------------

  void Element(const isa::Drain& drain) {
    if (i_[2] != 0) return;  // one call computes all elements of loop 2
    if (drain.plane_sum != 0) return Result(drain, PlanesIn(drain.planes), 0);
    for (const int64_t p : PlanesIn(drain.planes)) Result(drain, {p}, p);
  }

  void Result(const isa::Drain& drain, const std::vector<int64_t>& planes, int64_t to) {
    Lanes sum;
    for (const int64_t p : planes) {
      for (i_[2] = 0; i_[2] < n_[2]; ++i_[2]) {
        const Slot accumulator =
            AccumulatorAt(p, SlotOf(drain, state_.accelerator.accumulator_slots));
        RequireWritten(*accumulator.written, "slot", At(drain.slot));
        const float* row = accumulator.values + i_[3] * lanes_;
        sum = sum.empty() ? Lanes(row, row + lanes_) : AddLanes(sum, Lanes(row, row + lanes_));
      }
    }
    i_[2] = 0;
    const int64_t y = Address(drain.y, to);
    if (drain.start == isa::Start::kOld) sum = AddLanes(Read(y, lanes_), sum);
    if (drain.start == isa::Start::kWord) {
      sum = AddLanes(Read(Address(*drain.initial, to), lanes_), sum);
    }
    if (drain.start == isa::Start::kScalar) {
      sum = AddLanes(Lanes(sum.size(), ReadScalar(Address(*drain.initial, to))), sum);
    }
    Write(y, sum);
  }

  // vector ---------------------------------------------------------------------------------------

  size_t RegisterAt(const std::optional<isa::Index>& index) const {
    const int64_t at = At(*index);
    Require(at >= 0 && at < state_.accelerator.lane_registers, "register", at);
    return static_cast<size_t>(at);
  }
  float Register(const std::optional<isa::Index>& index, int64_t t) const {
    const size_t at = RegisterAt(index);
    RequireWritten(state_.register_written[at], "register", static_cast<int64_t>(at));
    return state_.registers[at * static_cast<size_t>(lanes_) + static_cast<size_t>(t)];
  }
  float Mask(const isa::Vector& vector, int64_t t) const {
    const isa::Dropout& dropout = *vector.dropout;
    const uint64_t key = state_.host.dropout_key + dropout.stream +
                         static_cast<uint64_t>(iteration_ * dropout.stream_outer);
    const DropoutMask mask{{static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)},
                           dropout.threshold};
    const int64_t feature = ValueWithTable(*vector.feature);
    Require(feature >= 0, "feature", feature);
    return DropoutKeeps(mask, feature, t) ? FloatOfBits(dropout.scale) : 0.0f;
  }

  // The value of a source in lane t; `self`: the input of its stage.
  float ValueOf(const isa::Vector& v, Source source, int64_t t, float self) const {
    const auto lane = static_cast<size_t>(t);
    switch (source) {
      case Source::kZero:
        return 0;
      case Source::kOne:
        return 1;
      case Source::kA:
        return Read(Address(*v.a, 0), lanes_)[lane];
      case Source::kB:
        return Read(Address(*v.b, 0), lanes_)[lane];
      case Source::kG:
        return ReadScalar(Address(*v.g, 0));
      case Source::kH:
        return ReadScalar(Address(*v.h, 0));
      case Source::kL0:
        return Register(v.l0, t);
      case Source::kL1:
        return Register(v.l1, t);
      case Source::kL2:
        return Register(v.l2, t);
      case Source::kMask:
        return Mask(v, t);
      case Source::kPick: {
        const float value = Register(v.l1, t);
        return Table(v.pick->table)[t] == Value(*v.pick) ? value : 0.0f;
      }
      case Source::kLabelled:
        return Table(v.pick->table)[t] >= 0 ? 1.0f : 0.0f;
      case Source::kSelf:
        return self;
    }
    return 0;
  }

  float Stage(const isa::Vector& v, float in, Source p, Source q, bool negate, int64_t t) const {
    float out = in;
    if (p != Source::kOne) out = Product(out, ValueOf(v, p, t, in));
    if (q == Source::kZero) return out;
    const float summand = ValueOf(v, q, t, in);
    return Sum(out, negate ? Negated(summand) : summand);
  }

  void Element(const isa::Vector& v) {
    const bool limited = v.limit != 0 && i_[v.limit_loop] >= int64_t{state_.host.tokens};
    const bool folds_x1 = v.lanes && v.lane_source != 0;
    Lanes x1(static_cast<size_t>(lanes_)), v3 = x1, v4 = x1;
    for (size_t t = 0; t < x1.size(); ++t) {
      const auto lane = static_cast<int64_t>(t);
      if (!limited || folds_x1) {
        x1[t] = ValueOf(v, v.x1, lane, 0);
        if (v.negate_x1 != 0) x1[t] = Negated(x1[t]);
      }
      if (limited) continue;
      float v2 = Stage(v, x1[t], v.p1, v.q1, v.negate_q1 != 0, lane);
      if (v.function != isa::Function::kNone) {
        const auto function = static_cast<Function>(static_cast<int>(v.function) - 1);
        v2 = FloatOfBits(EvaluateBits(function, FloatBits(v2)));
      }
      v3[t] = Stage(v, v2, v.p2, v.q2, v.negate_q2 != 0, lane);
      v4[t] = v.tap == isa::Tap::kNone ? 0 : Stage(v, v3[t], v.p3, Source::kZero, false, lane);
    }
    // g is an operand, read before y is written.
    const bool from_g = v.lanes && v.lane_g != 0 && v.lane_old == 0;
    const float g = from_g ? ReadScalar(Address(*v.g, 0)) : 0;
    if (v.y) Write(Address(*v.y, 0), v3);
    if (v.lanes) {
      float sum = Tree(v.lane_source != 0 ? x1 : v3);
      if (v.lane_scale) sum = Product(ReadScalar(Address(*v.lane_scale, 0)), sum);
      const int64_t to = Address(*v.lanes, 0);
      if (v.lane_old != 0) {
        sum = Sum(ReadScalar(to), sum);
      } else if (from_g) {
        sum = Sum(g, sum);
      }
      Write(to, {sum});
    }
    if (v.tap != isa::Tap::kNone) TakeTap(v, v4, limited);
  }

  void TakeTap(const isa::Vector& v, const Lanes& v4, bool limited) {
    const size_t at = RegisterAt(v.lt);
    const bool first = First(v.tap_sum);
    if (!first) RequireWritten(state_.register_written[at], "lt", static_cast<int64_t>(at));
    state_.register_written[at] = 1;
    if (limited && !first) return;
    float* to = state_.registers.data() + at * static_cast<size_t>(lanes_);
    for (size_t t = 0; t < v4.size(); ++t) {
      if (first) {
        to[t] = v4[t];
      } else if (v.tap == isa::Tap::kAdd) {
        to[t] = Sum(to[t], v4[t]);
      } else {
        to[t] = IsLess(to[t], v4[t]) ? v4[t] : to[t];
      }
    }
  }

  MachineState& state_;
  int64_t rows_, lanes_;
  int index_ = 0;
  int64_t iteration_ = 0;
  Loops n_{}, i_{};
};

}  // namespace

void RunReference(const DecodedProgram& program, MachineState& state) {
  Interpreter(program, state);
}

}  // namespace bittern
