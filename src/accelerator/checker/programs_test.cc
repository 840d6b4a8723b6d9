// SPDX-License-Identifier: Apache-2.0
// Tests of whole programs: loops, lists, tables, maps, and limits of the checker.

#include "accelerator/checker/testing/programs.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "accelerator/checker/checker.h"

namespace bittern::checker {
namespace {

// Loops, lists, tables --------------------------------------------------------------------------

TEST(Checker, ExpandsHardwareLoops) {
  // Every iteration copies four words further. The last one is outside.
  for (const uint32_t iterations : {4u, 5u}) {
    Case all;
    isa::Loop loop;
    loop.count = iterations;
    isa::Vector copy = Copy(0, 512, 4);
    copy.a->outer = 4;
    copy.y->outer = 4;
    loop.body = static_cast<uint32_t>(isa::WordsOf(copy));
    all.instructions = {loop, copy};
    all.Given("x", 0, 16).Tensor("y", 512, 16, 0, 3);
    const Report report = all.Check();
    EXPECT_EQ(report.count(Rule::kAlive), iterations == 4 ? 0 : 2) << Text(report);
  }
}

// A word of one iteration does not belong to the lifetime of the next iteration.
TEST(Checker, ALifetimeWithinALoopStartsInEveryIteration) {
  Case all;
  isa::Vector first = Copy(0, 512, 4), second = Copy(512, 1024, 4);
  second.wait[kVector] = Done(1);
  first.wait[kVector] = Done(1);
  isa::Loop loop;
  loop.count = 3;
  loop.body = static_cast<uint32_t>(isa::WordsOf(first) + isa::WordsOf(second));
  all.instructions = {loop, first, second};
  all.Given("x", 0, 4).Tensor("y", 512, 4, 1, 2).Tensor("z", 1024, 4, 0, 4);
  ExpectNone(all.Check());
  // The word is read before it is written in every iteration. With a lifetime for the whole loop,
  // only in the first.
  std::swap(all.instructions[1], all.instructions[2]);
  EXPECT_EQ(all.Check().count(Rule::kUnwritten), 1);
}

TEST(Checker, WaitsCountThroughTrips) {
  Case all;
  isa::Stream times = Times(kRank, 0, 0, 1);
  isa::Drain drain = Rows(0, 512, 1);
  drain.wait[kStream] = Done(1);
  drain.y.outer = 4;
  isa::Loop loop;
  loop.count = 3;
  // The next iteration's stream overwrites accumulators that the drain still reads. The stream
  // follows fourteen cycles later, and the drain has four rows.
  times.wait[kDrain] = Done(1);
  loop.body = static_cast<uint32_t>(isa::WordsOf(times) + isa::WordsOf(drain));
  all.instructions = {loop, times, drain};
  all.Given("x", 0, 8).Given("b", kRank, 8).Tensor("y", 512, 12, 0, 4);
  ExpectNone(all.Check());
  At<isa::Stream>(all, 1).wait = {};
  ExpectOne(all.Check(), Rule::kOrder);
}

TEST(Checker, ATableMayNameAnyEntry) {
  Case all;
  isa::Vector copy = Copy(0, 512, 4);
  copy.a->table = 1;
  copy.a->table_stride = 4;
  isa::Vector fill = Copy(1024, 12, 4);
  copy.wait[kVector] = Done(1);
  all.instructions = {fill, copy};
  all.Given("x", 0, 16).Given("w", 1024, 4).Tensor("y", 512, 4, 1, 3);
  ExpectNone(all.Check());
  // The instruction before writes entry 3.
  At<isa::Vector>(all, 1).wait = {};
  ExpectOne(all.Check(), Rule::kOrder);
  // The tensor's last entry is not complete, so it does not count.
  all = {};
  all.instructions = {copy};
  all.Given("x", 0, 15).Tensor("y", 512, 4, 0, 2);
  ExpectNone(all.Check());
  At<isa::Vector>(all, 0).a->base = 13;
  EXPECT_EQ(all.Check().count(Rule::kAlive), 1);
}

// Four words in a row. An entry of the table can be any of them.
TEST(Checker, ATableHasAsManyPlacesAsTheMapSays) {
  Case all;
  isa::Vector copy = Copy(0, 512, 4);
  for (auto* walk : {&copy.a, &copy.y}) {
    (*walk)->stride[3] = 3;
    (*walk)->table = 1;
    (*walk)->table_stride = 1;
  }
  copy.y->outer = 0;
  all.instructions = {copy};
  all.Given("x", 0, 16).Given("y", 512, 16);
  ExpectNone(all.Check());
  all.map.tables = {{.table = 1, .name = "digits", .places = 7}};
  ExpectNone(all.Check());
  all.map.tables[0].places = 8;
  EXPECT_EQ(all.Check().count(Rule::kAlive), 2);
  // An element adds to a place that another element may just write.
  isa::Drain drain = Rows(0, kRank, 1);
  drain.start = isa::Start::kOld;
  drain.y.stride[3] = 3;
  drain.y.table = 1;
  drain.y.table_stride = 1;
  isa::Stream fill = Times(kRank + 512, 1024, 0, 1);
  fill.count[3] = 1;
  drain.wait[kStream] = Done(1);
  all = {};
  all.instructions = {fill, drain};
  all.Given("x", 1024, 1).Given("b", kRank + 512, 1).Given("y", kRank, 16);
  EXPECT_EQ(all.Check().count(Rule::kDistance), 1);
  all.map.tables = {{.table = 1, .name = "digits", .places = 3}};
  ExpectNone(all.Check());
}

TEST(Checker, ListRegistersAreTriedOut) {
  Case all = Product();
  // The tensor has as many words as the list. The copy reads one more.
  At<isa::Stream>(all, 1).dynamic = 1;
  At<isa::Stream>(all, 1).count = {16, 1, 1, 1};
  At<isa::Stream>(all, 1).b->stride = At<isa::Stream>(all, 1).y->stride = {1, 0, 0, 0};
  At<isa::Vector>(all, 2).dynamic = 1;
  At<isa::Vector>(all, 2).count = {16, 1, 1, 2};
  At<isa::Vector>(all, 2).a->stride = {1, 0, 0, 1};
  At<isa::Vector>(all, 2).y->stride = {2, 0, 0, 1};
  all.map.tensors[2].end = 512 + 16;
  const Report report = all.Check();
  EXPECT_EQ(report.count(Rule::kUnwritten), 1) << Text(report);
}

// Programs and maps -----------------------------------------------------------------------------

TEST(Checker, FindsWordsThatAreNoProgram) {
  isa::MemoryMap map;
  map.tokens = 1;
  EXPECT_EQ(CheckProgram({}, Machine(), map).count(Rule::kProgram), 1);
  const std::vector<uint32_t> nonsense = {15, 0, 0};
  EXPECT_EQ(CheckProgram(nonsense, Machine(), map).count(Rule::kProgram), 1);
  std::vector<uint32_t> words;
  isa::Encode(isa::Sync{}, words);
  EXPECT_EQ(CheckProgram(words, Machine(), map).count(Rule::kProgram), 1);
  words.clear();
  isa::Loop loop;
  loop.count = 2;
  loop.body = 2;
  isa::Encode(loop, words);
  isa::Encode(isa::Sync{}, words);
  isa::Encode(isa::End{}, words);
  EXPECT_EQ(CheckProgram(words, Machine(), map).count(Rule::kProgram), 1);
}

TEST(Checker, FindsAProgramThatIsTooLong) {
  Case all;
  const auto words = isa::WordsOf(isa::Sync{});
  all.instructions.assign(static_cast<size_t>(Machine().program_words) / words, isa::Sync{});
  ExpectOne(all.Check(), Rule::kCapacity);
}

// A small program may run for long. It is refused before it takes much memory.
TEST(Checker, StopsAtAProgramThatRunsTooLong) {
  Case all;
  const isa::Vector copy = Copy(0, 512, 1);
  isa::Loop loop;
  loop.count = (1 << 14) - 1;
  loop.body = static_cast<uint32_t>(64 * isa::WordsOf(copy));
  all.instructions = {loop};
  all.instructions.insert(all.instructions.end(), 64, copy);
  const std::vector<isa::Instruction> once = all.instructions;
  all.instructions.insert(all.instructions.end(), once.begin(), once.end());
  all.Given("x", 0, 1).Tensor("y", 512, 1, 0, all.size());
  const Report report = all.Check();
  ExpectOne(report, Rule::kCapacity);
  EXPECT_NE(Text(report).find("more than 1048576 run, too many to check"), std::string::npos)
      << Text(report);
}

// The number of findings is limited, even if there are more pairs of instructions.
TEST(Report, CountsSoManyAndNoMore) {
  Report report;
  for (int i = 0; i < Report::kMost; ++i) {
    EXPECT_EQ(report.Count(Rule::kOrder, i, 0, "x"), i < Report::kMostTexts);
  }
  EXPECT_FALSE(report.Count(Rule::kPort, 0, 0, "x"));
  EXPECT_EQ(report.faults(), Report::kMost);
}

TEST(Checker, FindsAMapOfAnotherProgram) {
  Case all = Product();
  all.map.instructions = 7;
  std::vector<uint32_t> words;
  for (const auto& instruction : all.instructions) isa::Encode(instruction, words);
  isa::Encode(isa::End{}, words);
  all.map.tokens = 1;
  EXPECT_EQ(CheckProgram(words, Machine(), all.map).count(Rule::kMap), 1);
  all.map.tokens = Machine().lanes + 1;
  EXPECT_EQ(CheckProgram(words, Machine(), all.map).count(Rule::kMap), 2);
  all.map.tensors[0].end = 1 << 18;
  EXPECT_EQ(CheckProgram(words, Machine(), all.map).count(Rule::kCapacity), 1);
}

}  // namespace
}  // namespace bittern::checker
