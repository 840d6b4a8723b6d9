// SPDX-License-Identifier: Apache-2.0
// Small programs by hand: what is read before anything has written it, maxima of what is no number,
// the order of a drain's sums.

#include "accelerator/simulator/simulator.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "accelerator/isa/accelerator.h"
#include "accelerator/simulator/testing/programs.h"
#include "base/testing/errors.h"

namespace bittern {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

const isa::Accelerator& Nano() { return isa::AcceleratorNamed("nano"); }

isa::Walk Words(uint32_t base, int32_t step = 1) {
  isa::Walk walk;
  walk.base = base;
  walk.stride[3] = step;
  return walk;
}

class SimulatorTest : public testing::Test {
 protected:
  SimulatorTest() : simulator_(Nano()) {}

  // `words` words from `address` on, every lane of word i with value(i).
  template <typename Value>
  void Fill(uint32_t address, int64_t words, Value value) {
    const int64_t width =
        simulator_.state().memory[static_cast<size_t>(address >> kRegionShift)].width;
    std::vector<float> values;
    for (int64_t i = 0; i < words * width; ++i) values.push_back(value(i / width));
    simulator_.WriteWords(address, values);
  }
  void Ones(uint32_t address, int64_t words) {
    Fill(address, words, [](int64_t) { return 1.0f; });
  }

  // The fault of a run; none if it runs.
  std::optional<Fault> Run(const std::vector<isa::Instruction>& instructions) {
    simulator_.LoadProgram(ProgramOf(Nano(), instructions));
    try {
      simulator_.Run();
    } catch (const SimulationError& error) {
      return error.fault();
    }
    return std::nullopt;
  }
  void ExpectUnwritten(const std::vector<isa::Instruction>& instructions, std::string_view operand,
                       int64_t address, int64_t element = 0) {
    const std::optional<Fault> fault = Run(instructions);
    ASSERT_TRUE(fault.has_value()) << operand;
    EXPECT_EQ(fault->kind, Fault::Kind::kUnwritten);
    EXPECT_EQ(fault->operand, operand);
    EXPECT_EQ(fault->address, address);
    EXPECT_EQ(fault->element, element);
    EXPECT_EQ(fault->instruction, std::ssize(instructions) - 1);
  }
  float First(uint32_t address) {
    std::vector<float> word(static_cast<size_t>(
        simulator_.state().memory[static_cast<size_t>(address >> kRegionShift)].width));
    simulator_.ReadWords(address, word);
    return word[0];
  }

  Simulator simulator_;
};

isa::Load Load(uint32_t source) {
  isa::Load load;
  load.planes = 1;
  load.count = {1, 1, 1, 4};
  load.source = Words(source);
  return load;
}
isa::Stream Stream(isa::Direction direction) {
  isa::Stream stream;
  stream.planes = 1;
  stream.direction = direction;
  stream.count = {1, 1, 1, 4};
  if (direction != isa::Direction::kRank) stream.x = Words(TokenWord(0));
  if (direction != isa::Direction::kToken) stream.b = Words(RankWord(0));
  if (direction != isa::Direction::kTime) stream.y = Words(TokenWord(100));
  return stream;
}
isa::Drain Drain() {
  isa::Drain drain;
  drain.planes = 1;
  drain.count = {1, 1, 1, 4};
  drain.y = Words(TokenWord(100));
  return drain;
}
isa::Vector Vector() {
  isa::Vector vector;
  vector.count = {1, 1, 1, 4};
  vector.x1 = isa::Source::kA;
  vector.p1 = vector.p2 = vector.p3 = isa::Source::kOne;
  vector.a = Words(TokenWord(0));
  vector.y = Words(TokenWord(100));
  return vector;
}

// Poison ----------------------------------------------------------------------------------------

TEST(Simulator, RefusesListRegistersThatTheMachineLacks) {
  isa::Accelerator machine = Nano();
  machine.list_registers = 2;
  Simulator simulator(machine);
  for (const uint32_t list : {2u, 3u}) {
    const isa::Program program = ProgramOf(machine, {isa::Sync{.dynamic = list}});
    const std::string error = ErrorOf([&] { simulator.LoadProgram(program); });
    EXPECT_EQ(error == "no error", list <= 2) << error;
    if (list > 2) {
      EXPECT_TRUE(Mentions(error, {"instruction 0", "no such list register"}));
    }
  }
}

TEST_F(SimulatorTest, NothingUnwrittenIsRead) {
  Ones(TokenWord(0), 3);
  ExpectUnwritten({Load(TokenWord(0))}, "source", TokenWord(3), 3);
  Ones(TokenWord(3), 1);
  ExpectUnwritten({Stream(isa::Direction::kTime)}, "b", RankWord(0));
  ExpectUnwritten({Load(TokenWord(0)), Stream(isa::Direction::kRank)}, "b", RankWord(0));
  Ones(RankWord(0), 4);
  ExpectUnwritten({Stream(isa::Direction::kRank)}, "slot", 0);
  isa::Stream keeps = Stream(isa::Direction::kTime);
  keeps.keep = 1;
  ExpectUnwritten({keeps}, "slot", 0);
  isa::Stream adds = Stream(isa::Direction::kToken);
  adds.start = isa::Start::kOld;
  ExpectUnwritten({Load(TokenWord(0)), adds}, "y", TokenWord(100));
  adds.start = isa::Start::kWord;
  adds.initial = Words(TokenWord(101));
  ExpectUnwritten({Load(TokenWord(0)), adds}, "initial", TokenWord(101));
  adds.start = isa::Start::kNone;
  adds.merge = 1;
  ExpectUnwritten({Load(TokenWord(0)), adds}, "y", TokenWord(100));

  ExpectUnwritten({Drain()}, "slot", 0);
  isa::Drain drain = Drain();
  drain.start = isa::Start::kScalar;
  drain.initial = Words(Scalar(9), 0);
  ExpectUnwritten({Stream(isa::Direction::kTime), drain}, "initial", Scalar(9));
  drain.slot.base = 1;
  ExpectUnwritten({Stream(isa::Direction::kTime), drain}, "slot", 1);

  isa::Vector vector = Vector();
  vector.q1 = isa::Source::kG;
  vector.g = Words(Scalar(2));
  Ones(Scalar(2), 2);
  ExpectUnwritten({vector}, "g", Scalar(4), 2);
  vector = Vector();
  vector.q2 = isa::Source::kL1;
  vector.l1.emplace().base = 5;
  ExpectUnwritten({vector}, "l1", 5);
  vector = Vector();
  vector.lanes = Words(Scalar(20), 0);
  vector.lane_old = 1;
  ExpectUnwritten({vector}, "lanes", Scalar(20));
}

TEST_F(SimulatorTest, AFoldCanStartFromAnOperandThatIsThere) {
  Ones(TokenWord(0), 1);
  Ones(Scalar(2), 1);
  isa::Vector vector = Vector();
  vector.count = {1, 1, 1, 1};
  vector.g = Words(Scalar(2), 0);
  vector.lanes = Words(Scalar(2), 0);
  vector.lane_g = 1;
  EXPECT_FALSE(Run({vector}).has_value());
  EXPECT_EQ(First(Scalar(2)), 1.0f + static_cast<float>(Nano().lanes));
}

TEST_F(SimulatorTest, AWordWrittenByAnEarlierElementMayBeRead) {
  Ones(TokenWord(0), 1);
  isa::Vector vector = Vector();
  vector.y = Words(TokenWord(1));
  EXPECT_FALSE(Run({vector}).has_value());
  EXPECT_EQ(First(TokenWord(4)), 1.0f);
}

TEST_F(SimulatorTest, SlotsAndRegistersAreEmptyInEveryRun) {
  Ones(TokenWord(0), 4);
  Ones(RankWord(0), 4);
  isa::Vector fills = Vector();
  fills.tap = isa::Tap::kAdd;
  fills.lt.emplace();
  EXPECT_FALSE(Run({Load(TokenWord(0)), Stream(isa::Direction::kTime), fills}).has_value());
  ExpectUnwritten({Stream(isa::Direction::kRank)}, "slot", 0);
  ExpectUnwritten({Drain()}, "slot", 0);
  isa::Vector reads = Vector();
  reads.x1 = isa::Source::kL0;
  reads.l0.emplace();
  ExpectUnwritten({reads}, "l0", 0);
}

TEST_F(SimulatorTest, MemoryKeepsWhatIsWrittenUntilItIsPoisoned) {
  Ones(TokenWord(0), 4);
  EXPECT_FALSE(Run({Vector()}).has_value());
  EXPECT_FALSE(Run({Load(TokenWord(100))}).has_value());
  simulator_.PoisonAll();
  ExpectUnwritten({Load(TokenWord(100))}, "source", TokenWord(100));
  EXPECT_THROW(First(TokenWord(0)), SimulationError);
  Ones(TokenWord(100), 2);
  ExpectUnwritten({Load(TokenWord(100))}, "source", TokenWord(102), 2);
}

// Maxima ----------------------------------------------------------------------------------------

// The maximum of words one after the other.
class Maximum : public SimulatorTest {
 protected:
  float Of(const std::vector<float>& values) {
    Fill(TokenWord(0), std::ssize(values),
         [&](int64_t i) { return values[static_cast<size_t>(i)]; });
    isa::Vector vector = Vector();
    vector.count[3] = static_cast<uint32_t>(values.size());
    vector.y.reset();
    vector.serial = 1;
    vector.tap = isa::Tap::kMax;
    vector.tap_sum = 1u << 3;
    vector.lt.emplace();
    isa::Vector out = Vector();
    out.count[3] = 1;
    out.x1 = isa::Source::kL0;
    out.l0.emplace();
    EXPECT_FALSE(Run({vector, out}).has_value());
    return First(TokenWord(100));
  }
};

TEST_F(Maximum, OfNumbers) {
  EXPECT_EQ(Of({1, 3, 2}), 3);
  EXPECT_EQ(Of({-3, -kInfinity, -2}), -2);
  EXPECT_EQ(Of({1, kInfinity, 2}), kInfinity);
}

TEST_F(Maximum, DropsANanThatComesInAndKeepsOneThatIsThere) {
  EXPECT_EQ(Of({1, kNan, 2}), 2);
  EXPECT_EQ(Of({1, 2, kNan}), 2);
  EXPECT_TRUE(std::isnan(Of({kNan, 2, kInfinity})));
}

TEST_F(Maximum, TheFirstOfEqualZerosStays) {
  EXPECT_TRUE(std::signbit(Of({-0.0f, 0.0f})));
  EXPECT_FALSE(std::signbit(Of({0.0f, -0.0f})));
  EXPECT_FALSE(std::signbit(Of({-1.0f, 0.0f, -0.0f})));
}

// Drains ----------------------------------------------------------------------------------------

// Slots, then planes, from left to right, the start last: 2^24 + 1 + 1 is 2^24 in this order, and
// 2^24 + 2 in another. Rows are fewer than an addition has cycles.
class Sums : public SimulatorTest {
 protected:
  // Accumulators: slot s of plane p holds its value of `values` in every row and lane.
  float Of(const std::vector<std::vector<float>>& values, isa::Drain drain) {
    std::vector<isa::Instruction> instructions;
    Ones(RankWord(0), 1);
    uint32_t word = 0;
    for (size_t p = 0; p < values.size(); ++p) {
      for (size_t s = 0; s < values[p].size(); ++s, ++word) {
        Fill(TokenWord(word), 1, [&](int64_t) { return values[p][s]; });
        isa::Stream stream = Stream(isa::Direction::kTime);
        stream.planes = 1u << p;
        stream.count = {1, 1, 1, 1};
        stream.x = Words(TokenWord(word));
        stream.slot.base = static_cast<uint32_t>(s);
        instructions.push_back(stream);
      }
    }
    drain.planes = values.size() == 2 ? 3 : 1;
    drain.plane_sum = values.size() == 2 ? 1 : 0;
    drain.count[2] = static_cast<uint32_t>(values[0].size());
    drain.slot.stride[2] = 1;
    instructions.push_back(drain);
    EXPECT_FALSE(Run(instructions).has_value());
    EXPECT_EQ(First(TokenWord(100)), First(TokenWord(100 + drain.count[3] - 1)));
    return First(TokenWord(100));
  }
};

TEST_F(Sums, FromLeftToRight) {
  constexpr float kBig = 1 << 24;
  for (const uint32_t rows : {1u, 2u, 4u}) {
    isa::Drain drain = Drain();
    drain.count[3] = rows;
    EXPECT_EQ(Of({{kBig, 1, 1}}, drain), kBig);
    EXPECT_EQ(Of({{1, 1, kBig}}, drain), kBig + 2);
    EXPECT_EQ(Of({{kBig, 1}, {1, 1}}, drain), kBig);
    EXPECT_EQ(Of({{1, 1}, {kBig, 0}}, drain), kBig + 2);
    drain.start = isa::Start::kWord;
    drain.initial = Words(TokenWord(50));
    Fill(TokenWord(50), 4, [](int64_t) { return kBig; });
    EXPECT_EQ(Of({{1, 1}}, drain), kBig + 2);
    Fill(TokenWord(50), 4, [](int64_t) { return 1.0f; });
    EXPECT_EQ(Of({{kBig, 1}}, drain), kBig);
  }
}

}  // namespace
}  // namespace bittern
