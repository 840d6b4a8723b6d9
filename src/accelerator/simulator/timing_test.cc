// SPDX-License-Identifier: Apache-2.0
// Cycles worked out by hand (docs/timing.md).

#include "accelerator/isa/timing.h"

#include <gtest/gtest.h>

#include "accelerator/isa/accelerator.h"
#include "accelerator/simulator/testing/programs.h"

namespace bittern {
namespace {

constexpr size_t kLoad = 0, kStream = 1, kDrain = 2, kVector = 3;

// multiply 4, add 6, read 3, look-up 2; 4 words of an instruction a cycle; R = 4, T = 16.
isa::Accelerator Machine() {
  isa::Accelerator machine = isa::AcceleratorNamed("nano");
  EXPECT_EQ(machine.multiply_latency, 4);
  EXPECT_EQ(machine.add_latency, 6);
  EXPECT_EQ(machine.read_latency, 3);
  EXPECT_EQ(machine.lookup_latency, 2);
  EXPECT_EQ(machine.dispatch_words, 4);
  EXPECT_EQ(machine.serial_interval, 8);
  EXPECT_EQ(machine.rows, 4);
  EXPECT_EQ(machine.lanes, 16);
  return machine;
}

// 10 words: 3 cycles of the sequencer. 4 elements.
isa::Load Load() {
  isa::Load load;
  load.planes = 1;
  load.count = {1, 1, 1, 4};
  return load;
}
// 15 words: 4 cycles.
isa::Stream Time(uint32_t elements) {
  isa::Stream stream;
  stream.planes = 1;
  stream.count = {1, 1, 1, elements};
  stream.x.emplace();
  stream.b.emplace();
  return stream;
}
// 15 words: 4 cycles.
isa::Stream Rank(uint32_t elements) {
  isa::Stream stream;
  stream.planes = 1;
  stream.direction = isa::Direction::kRank;
  stream.count = {1, 1, 1, elements};
  stream.b.emplace();
  stream.y.emplace();
  return stream;
}
// 11 words: 3 cycles.
isa::Drain Drain(uint32_t rows) {
  isa::Drain drain;
  drain.planes = 1;
  drain.count = {1, 1, 1, rows};
  return drain;
}
// 15 words: 4 cycles.
isa::Vector Vector(uint32_t elements) {
  isa::Vector vector;
  vector.count = {1, 1, 1, elements};
  vector.x1 = isa::Source::kA;
  vector.p1 = vector.p2 = vector.p3 = isa::Source::kOne;
  vector.a.emplace();
  vector.y.emplace();
  return vector;
}

template <typename T>
T WaitingFor(T instruction, size_t unit, isa::Wait wait) {
  instruction.wait[unit] = wait;
  return instruction;
}

struct Timed {
  Timing timing;
  std::vector<InstructionTime> records;
};

Timed TimeOf(const std::vector<isa::Instruction>& instructions,
             const isa::Accelerator& machine = Machine(), uint32_t list = 0) {
  Timed run;
  isa::ListRegisters lists;
  lists.fill(list);
  run.timing = TimeProgram(DecodeProgram(ProgramOf(machine, instructions).words), machine, lists,
                           &run.records);
  for (size_t u = 0; u < isa::kUnits; ++u) {
    int64_t all = run.timing.counters.busy[u];
    for (const int64_t cycles : run.timing.counters.stalls[u]) all += cycles;
    EXPECT_EQ(all, run.timing.counters.cycles) << "unit " << u;
  }
  return run;
}

// From the sequencer to the units. Cycles are the sequencer's here but where it waits for them.
constexpr int64_t kAway = 5;

void ExpectTimes(const InstructionTime& item, int64_t dispatch, int64_t start, int64_t issued,
                 int64_t done) {
  EXPECT_EQ(item.dispatch, dispatch + kAway);
  EXPECT_EQ(item.start, start + kAway);
  EXPECT_EQ(item.issued, issued + kAway);
  EXPECT_EQ(item.done, done + kAway);
}

TEST(Timing, Latencies) {
  const isa::Accelerator machine = Machine();
  EXPECT_EQ(Latency(Load(), machine), 4);    // 3 + 1
  EXPECT_EQ(Latency(Time(1), machine), 14);  // 3 + 10 + 1
  isa::Stream rank = Rank(1);
  EXPECT_EQ(Latency(rank, machine), 20);  // 3 + 4 + 2 * 6 + 1
  rank.start = isa::Start::kOld;
  EXPECT_EQ(Latency(rank, machine), 26);  // an addition more
  rank.plane_sum = 1;
  EXPECT_EQ(Latency(rank, machine), 32);
  isa::Stream token = Rank(1);
  token.direction = isa::Direction::kToken;
  EXPECT_EQ(Latency(token, machine), 32);  // 3 + 4 + 4 * 6 + 1
  isa::Drain drain = Drain(4);
  EXPECT_EQ(Latency(drain, machine), 2);  // 1 + 1
  drain.start = isa::Start::kOld;
  EXPECT_EQ(Latency(drain, machine), 10);  // the start is read first: 3 + 6 + 1
  drain.count[2] = 2;
  EXPECT_EQ(Latency(drain, machine), 14);  // the read is parallel to the sum: 1 + 6 + 6 + 1
  drain.start = isa::Start::kNone;
  EXPECT_EQ(Latency(drain, machine), 8);  // 1 + 6 + 1
  isa::Vector vector = Vector(1);
  EXPECT_EQ(Latency(vector, machine), 24);  // 3 + 10 + 10 + 1
  vector.function = isa::Function::kExp2;
  EXPECT_EQ(Latency(vector, machine), 56);  // + 2 + 3 * 10
  vector.tap = isa::Tap::kAdd;
  EXPECT_EQ(Latency(vector, machine), 66);  // + 10
  vector.lanes.emplace();
  EXPECT_EQ(Latency(vector, machine), 90);  // + 4 * 6 + 10 instead
}

TEST(Timing, OneInstruction) {
  const Timed run = TimeOf({Load()});
  ExpectTimes(run.records.at(0), 3, 3, 7, 10);  // elements at 3 .. 6, the last readable at 10
  // The end takes a cycle, from 3 on, and waits.
  EXPECT_EQ(run.timing.counters.cycles, 10 + kAway);
  EXPECT_EQ(run.timing.sync_cycles, 6 + kAway);
  EXPECT_EQ(run.timing.dispatch_cycles, 4);
  EXPECT_EQ(run.timing.counters.busy[kLoad], 4);
}

TEST(Timing, UnitsRunBesideEachOther) {
  const Timed run = TimeOf({Time(20), Vector(5), Load()});
  ExpectTimes(run.records.at(0), 4, 4, 24, 37);
  ExpectTimes(run.records.at(1), 8, 8, 13, 36);
  ExpectTimes(run.records.at(2), 11, 11, 15, 18);
  EXPECT_EQ(run.timing.counters.cycles, 37 + kAway);
}

TEST(Timing, AUnitTakesItsInstructionsInTurn) {
  const Timed run = TimeOf({Time(20), Time(3)});
  ExpectTimes(run.records.at(0), 4, 4, 24, 37);
  ExpectTimes(run.records.at(1), 8, 24, 27, 40);
  const auto& stalls = run.timing.counters.stalls[kStream];
  EXPECT_EQ(stalls[static_cast<size_t>(Stall::kDispatch)], 4 + kAway + 40 - 27);
}

// A short instruction follows a long one. At most one instruction of a unit is done in a cycle.
TEST(Timing, AUnitsInstructionsAreDoneInOrder) {
  isa::Vector fold = Vector(1);
  fold.lanes.emplace();
  const Timed run = TimeOf({fold, Vector(1), Vector(1)});
  ExpectTimes(run.records.at(0), 5, 5, 6, 63);   // 5 + 58
  ExpectTimes(run.records.at(1), 9, 9, 10, 64);  // 9 + 24 = 33 by itself
  ExpectTimes(run.records.at(2), 13, 13, 14, 65);
}

// Sums over time use all adders. So the earlier folds over 16 lanes must have passed their first of
// four levels. Two elements are issued at 4 and 5; the last one's fourth level begins at 5 + 7 +
// 18.
TEST(Timing, SumsOverTimeWaitForFolds) {
  isa::Stream token = Rank(2);
  token.direction = isa::Direction::kToken;
  const Timed run = TimeOf({token, Time(2), Time(2)});
  ExpectTimes(run.records.at(0), 4, 4, 6, 37);
  ExpectTimes(run.records.at(1), 8, 24, 26, 39);  // 24 + 7 = 31
  ExpectTimes(run.records.at(2), 12, 26, 28, 41);
}

// A word's sum with a start is written an addition later than one without: they keep their order.
TEST(Timing, WordsOfAStreamKeepTheirOrder) {
  isa::Stream start = Rank(4);
  start.start = isa::Start::kOld;
  const Timed run = TimeOf({start, Rank(4), Rank(4)});
  ExpectTimes(run.records.at(0), 4, 4, 8, 33);
  ExpectTimes(run.records.at(1), 8, 14, 18, 37);  // written after the last one at 7 + 26
  ExpectTimes(run.records.at(2), 12, 18, 22, 41);
}

// An instruction without a function must not meet one with a function where their ways join.
TEST(Timing, TheVectorUnitKeepsItsOrder) {
  isa::Vector function = Vector(4);
  function.function = isa::Function::kTanh;
  const Timed run = TimeOf({function, Vector(4), function});
  ExpectTimes(run.records.at(0), 4, 4, 8, 63);
  ExpectTimes(run.records.at(1), 8, 40, 44, 67);  // 7 + 32 + 1
  ExpectTimes(run.records.at(2), 12, 44, 48, 103);
}

TEST(Timing, AWaitUntilDone) {
  const Timed run = TimeOf({Load(), WaitingFor(Rank(8), kLoad, {.distance = 1}),
                            WaitingFor(Drain(4), kStream, {.distance = 1})});
  ExpectTimes(run.records.at(0), 3, 3, 7, 10);
  ExpectTimes(run.records.at(1), 7, 10, 18, 37);
  ExpectTimes(run.records.at(2), 10, 37, 41, 42);
  EXPECT_EQ(run.timing.counters.stalls[kStream][static_cast<size_t>(Stall::kLoad)], 3);
  EXPECT_EQ(run.timing.counters.stalls[kDrain][static_cast<size_t>(Stall::kStream)], 27);
  EXPECT_EQ(run.timing.counters.stalls[kDrain][static_cast<size_t>(Stall::kDispatch)],
            10 + kAway + 1);
}

TEST(Timing, AChainedWait) {
  const auto start = [](uint32_t elements) {
    return TimeOf({Rank(30), WaitingFor(Vector(30), kStream,
                                        {.distance = 1, .chained = 1, .elements = elements})})
               .records.at(1)
               .start -
           kAway;
  };
  // The stream's elements are issued in cycles 4 .. 33; the vector instruction is there from 8 on.
  EXPECT_EQ(start(0), 8);
  EXPECT_EQ(start(1), 8);
  EXPECT_EQ(start(4), 8);
  EXPECT_EQ(start(5), 9);
  EXPECT_EQ(start(20), 24);
  EXPECT_EQ(start(30), 34);
  EXPECT_EQ(start(31), 34);  // all of them
  EXPECT_EQ(start(4095), 34);
}

TEST(Timing, AChainedWaitForASerialInstruction) {
  isa::Vector serial = Vector(5);
  serial.serial = 1;
  const auto start = [&](uint32_t elements) {
    return TimeOf({serial, WaitingFor(Rank(1), kVector,
                                      {.distance = 1, .chained = 1, .elements = elements})})
               .records.at(1)
               .start -
           kAway;
  };
  ExpectTimes(TimeOf({serial}).records.at(0), 4, 4, 37, 60);  // elements at 4, 12, 20, 28, 36
  EXPECT_EQ(start(2), 13);
  EXPECT_EQ(start(5), 37);
  EXPECT_EQ(start(6), 37);
}

TEST(Timing, WaitsCountBackwardsInTheOrderOfThePrograms) {
  // The drain waits for the stream before the last; a distance beyond the program's start is met.
  const Timed run = TimeOf({Rank(2), Rank(40), WaitingFor(Drain(4), kStream, {.distance = 2}),
                            WaitingFor(Load(), kVector, {.distance = 1}),
                            WaitingFor(Load(), kStream, {.distance = 3})});
  ExpectTimes(run.records.at(0), 4, 4, 6, 25);
  ExpectTimes(run.records.at(2), 11, 25, 29, 30);
  ExpectTimes(run.records.at(3), 14, 14, 18, 21);
  ExpectTimes(run.records.at(4), 17, 18, 22, 25);
}

// The sequencer waits while a queue is full of instructions that have not started.
TEST(Timing, AFullQueueHoldsTheSequencer) {
  isa::Accelerator machine = Machine();
  machine.queue_depth = 2;
  const Timed run = TimeOf({Time(50), Time(50), Time(1), Time(1), Load()}, machine);
  ExpectTimes(run.records.at(0), 4, 4, 54, 67);
  ExpectTimes(run.records.at(1), 8, 54, 104, 117);
  ExpectTimes(run.records.at(2), 12, 104, 105, 118);
  // There is room from the cycle after the second's start on. The load after it also waits in the
  // sequencer.
  const int64_t room = 54 + kAway + 1;
  ExpectTimes(run.records.at(3), room, 105, 106, 119);
  ExpectTimes(run.records.at(4), room + 3, room + 3, room + 7, room + 10);
  EXPECT_EQ(run.timing.blocked_cycles, room - 16);
}

TEST(Timing, ASyncWaitsForAllUnits) {
  const Timed run = TimeOf({Time(50), Load(), isa::Sync{}, Load()});
  ExpectTimes(run.records.at(0), 4, 4, 54, 67);
  ExpectTimes(run.records.at(1), 7, 7, 11, 14);
  // The sync takes a cycle, is over when the stream is done, and the load takes three.
  const int64_t over = 67 + kAway;
  ExpectTimes(run.records.at(2), over + 3, over + 3, over + 7, over + 10);
}

TEST(Timing, AHardwareLoop) {
  isa::Loop loop;  // 4 words: a cycle, once
  loop.source = 2;
  loop.body = static_cast<uint32_t>(isa::WordsOf(Load()));
  const Timed run = TimeOf({loop, WaitingFor(Load(), kLoad, {.distance = 1})}, Machine(), 3);
  ASSERT_EQ(run.records.size(), 3u);
  ExpectTimes(run.records.at(0), 4, 4, 8, 11);
  ExpectTimes(run.records.at(1), 10, 11, 15, 18);  // three cycles to go back
  ExpectTimes(run.records.at(2), 16, 18, 22, 25);
  EXPECT_EQ(run.records.at(2).iteration, 2);
  EXPECT_EQ(run.records.at(2).instruction, 1);
  const Timed none = TimeOf({loop, Load()}, Machine(), 0);
  EXPECT_EQ(none.records.size(), 0u);
  EXPECT_EQ(none.timing.counters.cycles, 6);  // four cycles to skip the body
}

TEST(Timing, AnInstructionThatDoesNothingPassesAsOneElement) {
  isa::Load load = Load();
  load.dynamic = 1;
  ExpectTimes(TimeOf({load}, Machine(), 0).records.at(0), 3, 3, 4, 7);
  ExpectTimes(TimeOf({load}, Machine(), 5).records.at(0), 3, 3, 23, 26);
}

// Drains ----------------------------------------------------------------------------------------

// Plane after plane, or both in one sum: every row of every slot takes a cycle.
TEST(Timing, ADrainTakesARowACycle) {
  isa::Drain drain = Drain(4);
  drain.count = {2, 3, 1, 4};
  ExpectTimes(TimeOf({drain}).records.at(0), 3, 3, 27, 28);
  drain.planes = 3;
  drain.y.split = 1;
  ExpectTimes(TimeOf({drain}).records.at(0), 3, 3, 51, 52);
}

// Four rows: the first row's second slot would follow its first after four cycles, but an addition
// takes six. So a row is taken every two cycles.
TEST(Timing, ADrainOfFewRowsWaitsForItsAdditions) {
  isa::Drain drain = Drain(4);
  drain.count = {1, 1, 3, 4};
  ExpectTimes(TimeOf({drain}).records.at(0), 3, 3, 3 + 23, 3 + 22 + 8);
  drain.count = {1, 1, 3, 1};
  ExpectTimes(TimeOf({drain}).records.at(0), 3, 3, 3 + 13, 3 + 12 + 8);  // every six
  drain.count = {5, 1, 1, 4};                                            // nothing is added
  ExpectTimes(TimeOf({drain}).records.at(0), 3, 3, 23, 24);
  drain.count = {1, 1, 1, 4};
  drain.planes = 3;
  drain.plane_sum = 1;  // two planes are
  ExpectTimes(TimeOf({drain}).records.at(0), 3, 3, 3 + 15, 3 + 14 + 8);
  isa::Accelerator machine = Machine();
  machine.rows = 12;
  drain = Drain(12);
  drain.count[2] = 2;
  ExpectTimes(TimeOf({drain}, machine).records.at(0), 3, 3, 27, 26 + 8);
}

}  // namespace
}  // namespace bittern
