// Random programs on the simulator and on the reference: the same bits everywhere.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "accelerator/isa/accelerator.h"
#include "accelerator/simulator/simulator.h"
#include "accelerator/simulator/testing/programs.h"
#include "accelerator/simulator/testing/reference.h"

namespace bittern {
namespace {

using isa::Source;

constexpr int64_t kWindow = 96;  // words of each region that programs use: they meet often

class RandomProgram {
 public:
  RandomProgram(const isa::Accelerator& accelerator, uint32_t seed)
      : machine_(accelerator), random_(seed) {
    host_.tokens = static_cast<uint32_t>(Between(1, machine_.lanes));
    host_.dropout_key = random_();
    for (size_t n = 0; n < static_cast<size_t>(machine_.list_registers); ++n) {
      host_.lists[n] = static_cast<uint32_t>(Between(0, 3));
    }
    for (int64_t i = 0; i < int64_t{machine_.tables} * machine_.lanes; ++i) {
      tables_.push_back(static_cast<int32_t>(Between(-1, 7)));
    }
    Prelude();
    for (int i = 0; i < 16; ++i) {
      if (Chance(6)) {
        AppendLoop();
      } else {
        trips_ = 1;
        Append(RandomInstruction());
      }
    }
  }

  const std::vector<isa::Instruction>& instructions() const { return instructions_; }

  void Fill(Simulator& simulator) {
    for (uint32_t region = 0; region < kRegions; ++region) {
      const MemoryRegion& memory = simulator.state().memory[region];
      std::vector<float> values(static_cast<size_t>(2 * kWindow * memory.width));
      for (int plane = 0; plane < simulator.accelerator().planes; ++plane) {
        for (float& value : values) value = RandomValue();
        const auto first = static_cast<uint32_t>(plane * memory.plane_step);
        simulator.WriteWords(region << kRegionShift | first, values);
      }
    }
    simulator.WriteRegisters(host_);
    simulator.state().tables = tables_;
  }

 private:
  int64_t Between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  bool Chance(int64_t one_in) { return Between(1, one_in) == 1; }
  uint32_t Bits(int bits) { return static_cast<uint32_t>(Between(0, (1 << bits) - 1)); }
  float RandomValue() {
    switch (Between(0, 40)) {
      case 0:
        return 0.0f;
      case 1:
        return -0.0f;
      case 2:
        return std::ldexp(1.5f, static_cast<int>(Between(-149, -120)));
      default:
        return std::normal_distribution<float>()(random_);
    }
  }

  void Append(const isa::Instruction& instruction) { instructions_.push_back(instruction); }

  // Everything that a program can read is written.
  void Prelude() {
    const auto all = static_cast<uint32_t>((1 << machine_.planes) - 1);
    isa::Load load;
    load.planes = all;
    load.count = {1, 1, static_cast<uint32_t>(machine_.tile_slots),
                  static_cast<uint32_t>(machine_.rows)};
    load.source = {.base = TokenWord(0), .stride = {0, 0, 1, 1}, .split = 1};
    load.slot = {.base = 0, .stride = {0, 0, 1, 0}};
    Append(load);
    isa::Stream stream;
    stream.planes = all;
    stream.count = {1, 1, 1, static_cast<uint32_t>(machine_.accumulator_slots)};
    stream.x = {.base = TokenWord(0), .stride = {0, 0, 0, 1}};
    stream.b = {.base = RankWord(0), .stride = {0, 0, 0, 1}, .split = 1};
    stream.slot = {.base = 0, .stride = {0, 0, 0, 1}};
    Append(stream);
    isa::Vector vector;
    vector.count = {1, 1, 1, static_cast<uint32_t>(machine_.lane_registers)};
    vector.x1 = Source::kA;
    vector.p1 = vector.p2 = vector.p3 = Source::kOne;
    vector.tap = isa::Tap::kAdd;
    vector.a = {.base = TokenWord(0), .stride = {0, 0, 0, 1}};
    vector.lt = {.base = 0, .stride = {0, 0, 0, 1}};
    Append(vector);
  }

  void AppendLoop() {
    isa::Loop loop;
    loop.source = Chance(3) ? static_cast<uint32_t>(Between(1, 8)) : 0;
    loop.count = loop.source == 0 ? static_cast<uint32_t>(Between(1, 4)) : 1;
    trips_ = 4;
    std::vector<isa::Instruction> body;
    for (int64_t i = Between(1, 3); i > 0; --i) body.push_back(RandomInstruction());
    for (const auto& item : body) loop.body += static_cast<uint32_t>(isa::WordsOf(item));
    Append(loop);
    for (const auto& item : body) Append(item);
  }

  isa::Instruction RandomInstruction() {
    switch (Between(0, 6)) {
      case 0:
        return RandomLoad();
      case 1:
      case 2:
        return RandomVector();
      case 3:
        return RandomDrain();
      default:
        return RandomStream();
    }
  }

  template <class T>
  void RandomLoops(T& instruction) {
    for (uint32_t& count : instruction.count) count = static_cast<uint32_t>(Between(1, 5));
    if (Chance(4)) instruction.count[3] = static_cast<uint32_t>(Between(6, 40));
    if (Chance(6)) {
      instruction.dynamic = static_cast<uint32_t>(Between(1, 8));
      instruction.count[0] = 3;  // the most that a list register holds
    }
    counts_ = instruction.count;
  }

  // The lowest and highest value of a walk whose base is 0.
  template <size_t N>
  std::pair<int64_t, int64_t> Reach(const std::array<int32_t, N>& stride) const {
    int64_t low = 0, high = 0;
    for (size_t j = 0; j < N; ++j) {
      const int64_t reach = (int64_t{counts_[j]} - 1) * stride[j];
      (reach < 0 ? low : high) += reach;
    }
    return {low, high};
  }

  isa::Walk RandomWalk(int64_t region, bool may_split) {
    isa::Walk walk;
    for (int32_t& stride : walk.stride) {
      stride = static_cast<int32_t>(Chance(3) ? 0 : Between(-1, 2));
    }
    if (trips_ > 1) walk.outer = static_cast<int32_t>(Between(-2, 4));
    if (Chance(4)) {
      walk.table = static_cast<uint32_t>(Between(1, machine_.tables));
      walk.table_stride = static_cast<int32_t>(Between(-1, 2));
    }
    auto [low, high] = Reach(walk.stride);
    low += std::min<int64_t>(0, (trips_ - 1) * walk.outer) - 7;  // 7: of the table
    high += std::max<int64_t>(0, (trips_ - 1) * walk.outer) + 14;
    const int64_t room = std::max(2 * kWindow - high, -low);
    walk.base = static_cast<uint32_t>(region << kRegionShift) +
                static_cast<uint32_t>(Between(-low, std::max(-low, std::min(kWindow, room))));
    walk.split = may_split && machine_.planes > 1 ? Bits(1) : 0;
    return walk;
  }
  int64_t AnyRegion() { return Chance(4) ? Between(0, 2) : Between(0, 1); }

  isa::Index RandomIndex(int64_t limit) {
    while (true) {
      isa::Index index;
      for (int32_t& stride : index.stride) {
        stride = static_cast<int32_t>(Chance(3) ? 0 : Between(-2, 2));
      }
      const auto [low, high] = Reach(index.stride);
      if (high - low >= limit) continue;
      index.base = static_cast<uint32_t>(Between(-low, limit - 1 - high));
      return index;
    }
  }

  uint32_t SomePlanes() { return static_cast<uint32_t>(Between(1, (1 << machine_.planes) - 1)); }

  isa::Index RandomSlot(uint32_t alternate, int64_t slots) {
    return RandomIndex(alternate != 0 ? slots / 2 : slots);
  }

  isa::Load RandomLoad() {
    isa::Load load;
    load.planes = SomePlanes();
    RandomLoops(load);
    load.count[3] = static_cast<uint32_t>(Between(1, machine_.rows));
    counts_ = load.count;
    load.source = RandomWalk(AnyRegion(), true);
    load.alternate = Chance(4);
    do load.slot = RandomSlot(load.alternate, machine_.tile_slots);
    while (load.slot.stride[3] != 0);
    return load;
  }

  isa::Stream RandomStream() {
    isa::Stream stream;
    stream.planes = SomePlanes();
    RandomLoops(stream);
    stream.direction = static_cast<isa::Direction>(Between(0, 2));
    stream.sum = Bits(4);
    stream.keep = Chance(4);
    stream.x = RandomWalk(AnyRegion(), true);
    if (Chance(4)) {
      stream.one_hot = 1;
      stream.x->base = static_cast<uint32_t>(Between(0, 5));
      stream.x->table = static_cast<uint32_t>(Between(1, machine_.tables));
      stream.x->split = 0;
    }
    stream.b = RandomWalk(AnyRegion(), true);
    stream.slice = RandomIndex(5);
    const bool time = stream.direction == isa::Direction::kTime;
    stream.alternate = Chance(4);
    stream.slot =
        RandomSlot(stream.alternate, time ? machine_.accumulator_slots : machine_.tile_slots);
    if (time) return stream;
    stream.plane_sum = Bits(1);
    stream.merge = Bits(1);
    stream.start = static_cast<isa::Start>(Between(0, 3));
    const int64_t region = AnyRegion();
    stream.y = RandomWalk(region, true);
    if (stream.planes == 3 && stream.plane_sum == 0) stream.y->split = 1;
    stream.initial = RandomWalk(stream.start == isa::Start::kScalar ? 2 : region, true);
    return stream;
  }

  isa::Drain RandomDrain() {
    isa::Drain drain;
    drain.planes = SomePlanes();
    RandomLoops(drain);
    drain.count[3] = static_cast<uint32_t>(Between(1, machine_.rows));
    counts_ = drain.count;
    drain.plane_sum = Bits(1);
    drain.start = static_cast<isa::Start>(Between(0, 3));
    const int64_t region = AnyRegion();
    drain.y = RandomWalk(region, true);
    if (drain.planes == 3 && drain.plane_sum == 0) drain.y.split = 1;
    // Never a word that the drain itself has written: planes go one after the other.
    drain.initial = RandomWalk(drain.start == isa::Start::kScalar ? 2 : (region + 1) % 2, true);
    drain.y.stride[2] = drain.initial->stride[2] = 0;
    drain.y.base += static_cast<uint32_t>(counts_[2] * 2);  // the step may have kept it above 0
    drain.initial->base += static_cast<uint32_t>(counts_[2] * 2);
    drain.alternate = Chance(4);
    do drain.slot = RandomSlot(drain.alternate, machine_.accumulator_slots);
    while (drain.slot.stride[3] != 0);
    return drain;
  }

  isa::Vector RandomVector() {
    isa::Vector vector;
    RandomLoops(vector);
    const std::array x1 = {Source::kA, Source::kB, Source::kL0, Source::kL1};
    vector.x1 = x1[static_cast<size_t>(Between(0, 3))];
    for (Source* source : {&vector.p1, &vector.q1, &vector.p2, &vector.q2, &vector.p3}) {
      *source = static_cast<Source>(Between(0, 12));
    }
    for (Source* source : {&vector.p1, &vector.p2, &vector.p3}) {
      if (*source == Source::kZero || Chance(4)) *source = Source::kOne;
    }
    if (Chance(2)) vector.function = static_cast<isa::Function>(Between(0, 7));
    if (vector.function == isa::Function::kLog2) {
      vector.p2 = Source::kOne;
      vector.q2 = Source::kZero;
    }
    vector.negate_x1 = Bits(1);
    vector.negate_q1 = Bits(1);
    vector.negate_q2 = Bits(1);
    vector.serial = Bits(1);
    vector.tap = static_cast<isa::Tap>(Between(0, 2));
    vector.tap_sum = Bits(4);
    vector.lane_source = Bits(1);
    vector.lane_old = Bits(1);
    if (vector.lane_old == 0) vector.lane_g = Bits(1);
    vector.limit = Bits(1);
    vector.limit_loop = Bits(2);
    vector.a = RandomWalk(AnyRegion(), false);
    vector.b = RandomWalk(AnyRegion(), false);
    if (Chance(2)) vector.y = Chance(3) ? vector.a : RandomWalk(AnyRegion(), false);
    vector.g = RandomWalk(2, false);
    vector.h = RandomWalk(2, false);
    if (Chance(3)) vector.lanes = RandomWalk(2, false);
    if (Chance(2)) vector.lane_scale = RandomWalk(2, false);
    vector.feature = RandomWalk(0, false);
    vector.pick = RandomWalk(0, false);
    vector.pick->table = static_cast<uint32_t>(Between(1, machine_.tables));
    vector.pick->base = static_cast<uint32_t>(Between(0, 5));
    vector.l0 = RandomIndex(machine_.lane_registers);
    vector.l1 = RandomIndex(machine_.lane_registers);
    vector.l2 = RandomIndex(machine_.lane_registers);
    vector.lt = RandomIndex(Chance(2) ? machine_.lane_registers : 12);
    if (Chance(4)) vector.lt = vector.l0;
    vector.dropout = {.stream = Bits(16),
                      .stream_outer = static_cast<int32_t>(Between(-9, 9)),
                      .threshold = static_cast<uint32_t>(Between(1, 65536)),
                      .scale = std::bit_cast<uint32_t>(1.25f)};
    return vector;
  }

  const isa::Accelerator& machine_;
  std::mt19937 random_;
  HostRegisters host_;
  std::vector<int32_t> tables_;
  std::vector<isa::Instruction> instructions_;
  std::array<uint32_t, 4> counts_{};
  int64_t trips_ = 1;
};

// Bits, but every NaN is one.
void ExpectSame(const std::vector<float>& here, const std::vector<float>& there,
                const std::string& what) {
  ASSERT_EQ(here.size(), there.size());
  for (size_t i = 0; i < here.size(); ++i) {
    if (std::isnan(here[i]) && std::isnan(there[i])) continue;
    ASSERT_EQ(std::bit_cast<uint32_t>(here[i]), std::bit_cast<uint32_t>(there[i]))
        << what << " " << i << ": " << here[i] << ", reference " << there[i];
  }
}

void ExpectSame(const MachineState& here, const MachineState& there) {
  for (size_t r = 0; r < kRegions; ++r) {
    const std::string name = "region " + std::to_string(r);
    ExpectSame(here.memory[r].values, there.memory[r].values, name);
    ASSERT_EQ(here.memory[r].written, there.memory[r].written) << name;
  }
  ExpectSame(here.tiles.values, there.tiles.values, "tile");
  ExpectSame(here.accumulators.values, there.accumulators.values, "accumulator");
  ExpectSame(here.registers, there.registers, "register");
}

// Runs programs; counts those that run to the end.
void Compare(const isa::Accelerator& accelerator, uint32_t programs) {
  Simulator simulator(accelerator);
  uint32_t complete = 0;
  double finite = 0, words = 0;
  for (uint32_t seed = 0; seed < programs; ++seed) {
    SCOPED_TRACE(testing::Message() << accelerator.name << ", seed " << seed);
    RandomProgram random(accelerator, seed);
    simulator.PoisonAll();
    random.Fill(simulator);
    MachineState reference = simulator.state();
    simulator.LoadProgram(ProgramOf(accelerator, random.instructions()));
    std::string fault, reference_fault;
    try {
      simulator.Run();
    } catch (const SimulationError& error) {
      fault = error.what();
    }
    try {
      RunReference(simulator.program(), reference);
    } catch (const SimulationError& error) {
      reference_fault = error.what();
    }
    ASSERT_EQ(fault.empty(), reference_fault.empty()) << fault << "\n" << reference_fault;
    if (!fault.empty()) continue;
    ++complete;
    ExpectSame(simulator.state(), reference);
    if (testing::Test::HasFatalFailure()) {
      for (size_t i = 0; i < random.instructions().size(); ++i) {
        std::printf("%zu %s\n", i, isa::Disassemble(random.instructions()[i]).c_str());
      }
      return;
    }
    for (size_t i = 0; i < static_cast<size_t>(kWindow * reference.lanes); ++i) {
      finite += std::isfinite(reference.memory[0].values[i]) ? 1 : 0;
      ++words;
    }
  }
  EXPECT_GE(complete, programs * 9 / 10);
  EXPECT_GE(finite / words, 0.5);
}

TEST(RandomProgram, SameBitsAsTheReference) { Compare(isa::AcceleratorNamed("nano"), 300); }
TEST(RandomProgram, SameBitsAsTheReferenceOnTheU50) { Compare(isa::AcceleratorNamed("u50"), 15); }
TEST(RandomProgram, SameBitsAsTheReferenceWithOnePlane) {
  Compare(isa::AcceleratorNamed("u50-single"), 15);
}

TEST(RandomProgram, SameBitsAsTheReferenceOnTheK26) { Compare(isa::AcceleratorNamed("k26"), 15); }

TEST(RandomProgram, SameBitsAsTheReferenceOfOtherSizes) {
  isa::Accelerator odd = isa::AcceleratorNamed("nano");
  odd.rows = 5;
  odd.lanes = 11;
  Compare(odd, 100);
  odd.rows = 12;
  odd.lanes = 8;
  Compare(odd, 100);
}

}  // namespace
}  // namespace bittern
