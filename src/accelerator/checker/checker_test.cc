// SPDX-License-Identifier: Apache-2.0
// Each test has a small program with one fault. The checker finds it, and accepts the program
// without it.

#include "accelerator/checker/checker.h"

#include <gtest/gtest.h>

#include "accelerator/checker/access.h"
#include "accelerator/checker/testing/programs.h"
#include "accelerator/isa/testing/random_fields.h"
#include "accelerator/isa/timing.h"

namespace bittern::checker {
namespace {

TEST(Checker, AcceptsAProgramInOrder) { ExpectNone(Product().Check()); }

TEST(Checker, LatenciesAndIntervalsAreTheSimulators) {
  Random random(3);
  isa::ForEveryKind([&]<typename T>(std::type_identity<T>) {
    for (int i = 0; i < 200; ++i) {
      const isa::Instruction instruction =
          isa::RandomInstruction<T>(random, static_cast<uint32_t>(random.NextU64()));
      for (const isa::Accelerator& machine : isa::Accelerators()) {
        EXPECT_EQ(LatencyOf(instruction, machine), Latency(instruction, machine))
            << isa::Disassemble(instruction);
        EXPECT_EQ(IntervalOf(instruction, machine), Interval(instruction, machine))
            << isa::Disassemble(instruction);
      }
    }
  });
}

// Order -----------------------------------------------------------------------------------------

TEST(Checker, FindsAReadThatIsNotOrdered) {
  Case all = Product();
  At<isa::Vector>(all, 2).wait[kStream] = {};
  const Report report = all.Check();
  ExpectOne(report, Rule::kOrder);
  EXPECT_NE(report.findings()[0].text.find("instruction 2 (vector), element 0: a: 0x200 can be "
                                           "read before instruction 1 has written it"),
            std::string::npos)
      << Text(report);
}

TEST(Checker, FindsATileStreamedBeforeItIsLoaded) {
  Case all = Product();
  At<isa::Stream>(all, 1).wait[kLoad] = {};
  ExpectOne(all.Check(), Rule::kOrder);
}

// A consumer follows at the producer's pace. Word i is written latency cycles after element i is
// issued.
TEST(Checker, ProvesAChainedWaitElementByElement) {
  Case all = Product();
  const auto latency = static_cast<uint32_t>(LatencyOf(all.instructions[1], Machine()));
  ASSERT_LT(latency, 32u);
  // Element 1 is issued at S and the wait holds at S + 1, so `latency` elements give S + latency.
  At<isa::Vector>(all, 2).wait[kStream] = Chained(1, latency);
  ExpectNone(all.Check());
  At<isa::Vector>(all, 2).wait[kStream] = Chained(1, latency - 1);
  ExpectOne(all.Check(), Rule::kOrder);
  // In reverse order, the word that is read first is written last. So all words must be written.
  At<isa::Vector>(all, 2).wait[kStream] = Chained(1, latency);
  At<isa::Vector>(all, 2).a = Words(512 + 31, -1);
  ExpectOne(all.Check(), Rule::kOrder);
  At<isa::Vector>(all, 2).wait[kStream] = Done(1);
  ExpectNone(all.Check());
}

// A chained wait for more elements than exist waits for the issue of all, not for their results.
TEST(Checker, AllElementsIssuedAreNotAllResults) {
  Case all = Product();
  At<isa::Vector>(all, 2).a = Words(512 + 31, -1);
  At<isa::Vector>(all, 2).wait[kStream] = Chained(1, 4000);
  ExpectOne(all.Check(), Rule::kOrder);
}

TEST(Checker, OrderGoesThroughOtherInstructions) {
  Case all = Product();
  // The drain writes a word that only the load before has read. It waits for the stream, and the
  // stream has waited for the load.
  isa::Stream times = Times(kRank, 512, 0, 1);
  times.wait[kStream] = Done(1);
  isa::Drain drain = Rows(0, 0, 1);
  drain.wait[kStream] = Done(1);
  all.instructions.insert(all.instructions.begin() + 2, {times, drain});
  At<isa::Vector>(all, 4).wait[kStream] = Done(1);
  all.map.tensors.clear();
  all.Given("x", 0, 4).Given("b", kRank, 32);
  all.Tensor("y", 512, 32, 1, 4).Tensor("z", 1024, 32, 4, 6);
  Report report = all.Check();
  EXPECT_EQ(report.faults(), 0) << Text(report);
  // Without the stream's wait for the load, the drain may come too early.
  At<isa::Stream>(all, 1).wait[kLoad] = {};
  report = all.Check();
  EXPECT_EQ(report.count(Rule::kOrder), 2) << Text(report);
}

TEST(Checker, ASyncOrdersEverything) {
  Case all = Product();
  At<isa::Stream>(all, 1).wait = {};
  At<isa::Vector>(all, 2).wait = {};
  all.instructions.insert(all.instructions.begin() + 2, isa::Sync{});
  all.instructions.insert(all.instructions.begin() + 1, isa::Sync{});
  all.map.tensors.clear();
  all.Given("x", 0, 4).Given("b", kRank, 32);
  all.Tensor("y", 512, 32, 2, 4).Tensor("z", 1024, 32, 4, 6);
  ExpectNone(all.Check());
}

TEST(Checker, FindsAnOverwriteBeforeTheRead) {
  Case all = Product();
  // The copy may overwrite x before the load has read it.
  isa::Vector late = Copy(1024, 0, 4);
  late.wait[kVector] = Done(1);
  all.instructions.push_back(late);
  all.map.tensors.clear();
  all.Given("x", 0, 4).Given("b", kRank, 32);
  all.Tensor("y", 512, 32, 1, 3).Tensor("z", 1024, 32, 2, 4);
  // The copy follows the stream, which follows the load.
  EXPECT_EQ(all.Check().faults(), 0) << Text(all.Check());
  At<isa::Vector>(all, 2).wait = {};
  At<isa::Vector>(all, 2).a = Words(kScalar);
  all.Given("w", kScalar, 32);
  const Report report = all.Check();
  EXPECT_EQ(report.count(Rule::kOrder), 1) << Text(report);
}

// The start of a sum is read when the sum is complete, not with its factors.
TEST(Checker, AStartIsReadLate) {
  Case all = Product();
  isa::Stream& product = At<isa::Stream>(all, 1);
  product.start = isa::Start::kWord;
  product.initial = Words(1536);
  isa::Drain drain = Rows(0, 1536, 8);
  drain.wait[kStream] = Chained(1, 10);  // before the sum of a word is complete
  isa::Stream times = Times(kRank, 2048, 0, 1);
  all.instructions.insert(all.instructions.begin(), times);
  all.instructions.insert(all.instructions.begin() + 3, drain);
  all.map.tensors.clear();
  all.Given("x", 0, 4).Given("b", kRank, 32).Given("start", 1536, 32).Given("w", 2048, 8);
  all.Tensor("y", 512, 32, 2, 4).Tensor("z", 1024, 32, 4, 6);
  Report report = all.Check();
  EXPECT_EQ(report.count(Rule::kOrder), 1) << Text(report);
  At<isa::Drain>(all, 3).wait[kStream] = Done(1);
  report = all.Check();
  EXPECT_EQ(report.faults(), 0) << Text(report);
}

// The late read of a sum's start has ended when another stream may read the sum.
TEST(Checker, WaitsSayWhenAnEarlierReadIsOver) {
  Case all;
  isa::Stream first = Times(kRank, 1024, 1, 1);
  first.count[3] = 1;
  isa::Stream sum = Ranks(kRank, 0, 512, 1);
  sum.start = isa::Start::kOld;
  sum.wait[kLoad] = Done(1);
  isa::Stream second = Times(kRank, 512, 0, 1);
  second.count[3] = 1;
  second.wait[kStream] = Done(1);
  isa::Drain drain = Rows(1, 512, 1);  // the accumulators of the first stream
  drain.wait[kStream] = Chained(1, 1);
  all.instructions = {LoadTile(0, 0), first, sum, second, drain};
  all.Given("x", 0, 4).Given("v", 1024, 1).Given("b", kRank, 32);
  all.Tensor("y", 512, 1, isa::MappedTensor::kBefore, 3).Tensor("z", 512, 4, 4, 6);
  ExpectNone(all.Check());
  At<isa::Drain>(all, 4).wait[kStream] = Chained(2, 1);  // at the start of the sum
  EXPECT_GE(all.Check().count(Rule::kOrder), 1);
}

// Memory ----------------------------------------------------------------------------------------

TEST(Checker, FindsWhatNobodyWrote) {
  Case all = Product();
  At<isa::Stream>(all, 1).count[3] = 31;
  const Report report = all.Check();
  EXPECT_EQ(report.count(Rule::kUnwritten), 1) << Text(report);
  EXPECT_EQ(report.count(Rule::kIncomplete), 1) << Text(report);
}

TEST(Checker, FindsASlotThatNobodyFilled) {
  Case all = Product();
  At<isa::Stream>(all, 1).slot = Slots(1);
  ExpectOne(all.Check(), Rule::kUnwritten);
}

TEST(Checker, FindsAnAccessOfNoTensor) {
  Case all = Product();
  At<isa::Load>(all, 0).source.base = 1;  // its last row is after x
  Report report = all.Check();
  EXPECT_EQ(report.count(Rule::kAlive), 1) << Text(report);
  all = Product();
  all.map.tensors[2].last_reader = 1;  // freed before it is read
  report = all.Check();
  EXPECT_EQ(report.count(Rule::kAlive), 1) << Text(report);
}

TEST(Checker, FindsAnOperandThatStrays) {
  Case all = Product();
  all.map.tensors[0].end = 2;
  all.Given("x2", 2, 2);
  ExpectOne(all.Check(), Rule::kAlive);
}

TEST(Checker, FindsTensorsThatOverlap) {
  Case all = Product();
  all.Tensor("scratch", 520, 4, 2, 2);
  const Report report = all.Check();
  EXPECT_EQ(report.count(Rule::kMap), 1) << Text(report);
}

TEST(Checker, AWordOfAnEarlierLifeIsUnwritten) {
  Case all = Product();
  all.map.tensors[2].last_reader = 1;
  all.Tensor("again", 512, 32, 2, 2);
  EXPECT_EQ(all.Check().count(Rule::kUnwritten), 1);
}

TEST(Checker, FindsWhatIsBeyondTheMachine) {
  Case all = Product();
  At<isa::Vector>(all, 2).y->base = 16 * 512 - 16;
  EXPECT_EQ(all.Check().count(Rule::kCapacity), 1);
  all = Product();
  At<isa::Load>(all, 0).slot.base = 32;
  EXPECT_EQ(all.Check().count(Rule::kCapacity), 1);
  all = Product();
  At<isa::Load>(all, 0).count[3] = 5;
  EXPECT_EQ(all.Check().count(Rule::kCapacity), 1);
  all = Product();
  At<isa::Load>(all, 0).planes = 0;
  EXPECT_EQ(all.Check().count(Rule::kOperand), 1);
}

TEST(Checker, FindsAStartOfAnotherRegion) {
  Case all = Product();
  isa::Stream& product = At<isa::Stream>(all, 1);
  product.start = isa::Start::kWord;
  product.initial = Words(kRank + 8);
  EXPECT_EQ(all.Check().count(Rule::kOperand), 1);
}

TEST(Checker, FindsWhatTheVectorUnitCannotDo) {
  Case all = Product();
  At<isa::Vector>(all, 2).function = isa::Function::kLog2;
  ExpectNone(all.Check());
  At<isa::Vector>(all, 2).q2 = isa::Source::kA;
  EXPECT_EQ(all.Check().count(Rule::kOperand), 1);
  all = Product();
  At<isa::Vector>(all, 2).lane_g = 1;  // without a sum over lanes
  EXPECT_EQ(all.Check().count(Rule::kOperand), 1);
}

// Distances -------------------------------------------------------------------------------------

Case Accumulate(isa::Stream times) {
  Case all;
  isa::Drain drain = Rows(0, 512, 1);
  drain.wait[kStream] = Done(1);
  all.instructions = {times, drain};
  all.Given("x", 0, 64).Given("b", kRank, 64).Tensor("y", 512, 4, 1, 3);
  return all;
}

TEST(Checker, FindsAccumulatorsMetTooSoon) {
  isa::Stream times = Times(kRank, 0, 0, 2);
  ExpectNone(Accumulate(times).Check());
  times.count[3] = 7;
  ExpectOne(Accumulate(times).Check(), Rule::kDistance);
  // The loop of the sum is innermost.
  times.count = {1, 1, 8, 2};
  times.sum = 1u << 3;
  times.slot = Slots(0, {0, 0, 1, 0});
  ExpectOne(Accumulate(times).Check(), Rule::kDistance);
}

TEST(Checker, FindsAnAccumulatorThatHoldsNothing) {
  isa::Stream times = Times(kRank, 0, 0, 2);
  times.keep = 1;
  const Report report = Accumulate(times).Check();
  EXPECT_EQ(report.count(Rule::kUnwritten), 1) << Text(report);
}

TEST(Checker, FindsUpdatesOfOneWordTooClose) {
  Case all = Product();
  isa::Stream& product = At<isa::Stream>(all, 1);
  product.start = isa::Start::kOld;
  product.count = {1, 1, 2, 16};
  product.b->stride = {0, 0, 0, 1};
  all.map.tensors[2].first_writer = isa::MappedTensor::kBefore;
  EXPECT_EQ(all.Check().faults(), 0) << Text(all.Check());
  product.count = {1, 1, 3, 11};
  EXPECT_EQ(all.Check().count(Rule::kDistance), 1) << Text(all.Check());
}

TEST(Checker, FindsRegistersMetTooSoon) {
  Case all;
  isa::Vector sum = Copy(0, 512, 16);
  sum.tap = isa::Tap::kAdd;
  sum.tap_sum = 1u << 3;
  sum.lt = Slots(3);
  all.instructions = {sum};
  all.Given("x", 0, 16).Tensor("y", 512, 16, 0, 2);
  ExpectOne(all.Check(), Rule::kDistance);
  At<isa::Vector>(all, 0).serial = 1;
  ExpectNone(all.Check());
}

// An element may read a word that an earlier element wrote only after the whole latency.
TEST(Checker, FindsAnInstructionThatFeedsItself) {
  Case all;
  all.instructions = {Copy(0, 1, 16)};
  all.Given("x", 0, 17);
  EXPECT_EQ(all.Check().count(Rule::kDistance), 1);
}

// Ports -----------------------------------------------------------------------------------------

TEST(Checker, FindsOperandsAtOnePort) {
  Case all;
  isa::Vector add = Copy(0, 512, 4);
  add.q1 = isa::Source::kB;
  add.b = Words(1024);
  all.instructions = {add};
  all.Given("x", 0, 4).Given("w", 1024, 4).Tensor("y", 512, 4, 0, 2);
  ExpectNone(all.Check());
  At<isa::Vector>(all, 0).b = Words(256);
  all.Given("w2", 256, 4);
  ExpectOne(all.Check(), Rule::kPort);
}

TEST(Checker, FindsInstructionsAtOnePort) {
  // The load reads x while the vector unit reads its bank. No wait orders the two.
  Case all = Product();
  isa::Vector copy = Copy(128, 1536, 32);
  all.instructions.push_back(copy);
  all.map.tensors[3].last_reader = 5;
  all.Given("w", 128, 32).Tensor("v", 1536, 32, 3, 5);
  ExpectNone(all.Check());  // it follows the earlier copy, which follows the stream and its load
  std::swap(all.instructions[2], all.instructions[3]);
  all.map.tensors[2].last_reader = 3;
  all.map.tensors[3].first_writer = 3;
  all.map.tensors[5].first_writer = 2;
  ExpectOne(all.Check(), Rule::kPort);
  std::get<isa::Vector>(all.instructions[2]).wait[kLoad] = Done(1);
  ExpectNone(all.Check());
}

}  // namespace
}  // namespace bittern::checker
