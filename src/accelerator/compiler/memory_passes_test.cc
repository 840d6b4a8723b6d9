// SPDX-License-Identifier: Apache-2.0
// Unit tests of the passes that choose addresses.
#include <gtest/gtest.h>

#include <variant>

#include "accelerator/compiler/memory/bank_assignment.h"
#include "accelerator/compiler/memory/bank_conflicts.h"
#include "accelerator/compiler/memory/lifetimes.h"
#include "accelerator/compiler/memory/memory_plan.h"
#include "accelerator/compiler/memory/placement.h"
#include "accelerator/compiler/testing/small_graphs.h"
#include "accelerator/isa/accelerator.h"

namespace bittern {
namespace {

const isa::Accelerator& Nano() { return isa::AcceleratorNamed("nano"); }

PlacedItem Item(Lifetime life, int64_t words, bool split = false) {
  return {.parts = {{life, 0, words}}, .split = split};
}

TEST(PlacePass, ItemsThatLiveAtDifferentTimesShareWords) {
  std::vector<PlacedItem> items = {Item({0, 2}, 10), Item({1, 3}, 6), Item({3, 4}, 10)};
  EXPECT_EQ(PlaceItems(items, 1), 16);
  EXPECT_EQ(items[0].offset, items[2].offset);
  EXPECT_NE(items[0].offset, items[1].offset);
}

TEST(PlacePass, WholeItemsUseBothColumnsAndSplitOnesLieInBoth) {
  std::vector<PlacedItem> items = {Item({0, 1}, 8), Item({0, 1}, 8), Item({0, 1}, 4, true)};
  EXPECT_EQ(PlaceItems(items, 2), 12);
  EXPECT_NE(items[0].column, items[1].column);
}

TEST(PlacePass, TensorsThatLiveTogetherDoNotOverlap) {
  const Graph graph = TwoLayers();
  const Compilation state = StateAfter("place", graph, Nano());
  const std::vector<Extent>& extents = state.plan->extents();
  const std::vector<Lifetime>& lives = state.plan->lives();
  const auto overlap = [](uint32_t a, int64_t words_a, uint32_t b, int64_t words_b) {
    return a < b + words_b && b < a + words_a;
  };
  for (size_t a = 0; a < extents.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      if (!lives[a].Overlaps(lives[b]) || extents[a].words == 0 || extents[b].words == 0) continue;
      for (const auto step_a : {int64_t{0}, extents[a].plane_step}) {
        for (const auto step_b : {int64_t{0}, extents[b].plane_step}) {
          EXPECT_FALSE(overlap(extents[a].address + static_cast<uint32_t>(step_a), extents[a].words,
                               extents[b].address + static_cast<uint32_t>(step_b),
                               extents[b].words))
              << a << " and " << b;
        }
      }
    }
  }
}

TEST(PlacePass, LoopIndexedTensorsAreAdjacent) {
  const Graph graph = TwoLayers();
  const Compilation state = StateAfter("place", graph, Nano());
  ASSERT_FALSE(state.rolled.loop_indexed.empty());
  for (const std::vector<TensorId>& sequence : state.rolled.loop_indexed) {
    for (size_t i = 1; i < sequence.size(); ++i) {
      const Extent& first = state.plan->extents()[static_cast<size_t>(sequence[i - 1])];
      const Extent& second = state.plan->extents()[static_cast<size_t>(sequence[i])];
      EXPECT_EQ(second.address, first.address + first.words);
    }
  }
}

TEST(PlacePass, TooLittleMemoryIsAShortfall) {
  isa::Accelerator machine = Nano();
  machine.tokens.depth = 1;
  const Graph graph = TwoLayers();
  const Compilation state = StateAfter("place", graph, machine);
  ASSERT_FALSE(state.FitsMemory());
  EXPECT_EQ(state.plan->shortfalls()[0].what, "words of tokens");
  EXPECT_EQ(state.plan->shortfalls()[0].available, machine.tokens.words());
}

// y = a + b of 8 words.
MachineOp Addition(StoredId a, StoredId b, StoredId y) {
  isa::Vector vector;
  vector.count = {1, 1, 1, 8};
  vector.a = vector.b = vector.y = isa::Walk{};
  return {vector, {a, b, y}, {}, "add"};
}
MachineOp LoadOf(StoredId x) {
  isa::Load load;
  load.count = {1, 1, 1, 8};
  return {load, {x}, {}, "load"};
}
InstructionTime At(int instruction, int64_t start, int64_t issued) {
  return {.instruction = instruction, .start = start, .issued = issued, .done = issued + 30};
}

int64_t CyclesOf(const std::vector<BankConflict>& conflicts, StoredId a, StoredId b) {
  for (const BankConflict& conflict : conflicts) {
    if (conflict.a == a && conflict.b == b) return conflict.cycles;
  }
  return 0;
}

TEST(BankConflictsPass, OperandsOfOneInstructionAlwaysConflict) {
  const auto conflicts = FindBankConflicts({Addition(0, 1, 2)}, {At(0, 0, 8)}, {}, Nano());
  ASSERT_EQ(conflicts.size(), 1u);  // a write does not conflict with a read
  EXPECT_EQ(CyclesOf(conflicts, 0, 1), kAlways);
}

TEST(BankConflictsPass, InstructionsConflictWhileBothRead) {
  const std::vector<MachineOp> ops = {LoadOf(0), Addition(1, 1, 2)};
  EXPECT_EQ(CyclesOf(FindBankConflicts(ops, {At(0, 0, 8), At(1, 5, 13)}, {}, Nano()), 0, 1), 2 * 3);
  EXPECT_EQ(CyclesOf(FindBankConflicts(ops, {At(0, 0, 8), At(1, 8, 16)}, {}, Nano()), 0, 1), 0);
}

TEST(BankConflictsPass, ALoopUsesTheTensorOfItsIteration) {
  MachineOp load = LoadOf(3);
  load.next = {4};
  InstructionTime second = At(0, 0, 8);
  second.iteration = 1;
  const auto conflicts =
      FindBankConflicts({load, LoadOf(0)}, {second, At(1, 4, 12)}, {{3, 4}}, Nano());
  EXPECT_EQ(CyclesOf(conflicts, 0, 4), 4);
  EXPECT_EQ(CyclesOf(conflicts, 0, 3), 0);
}

TEST(AssignBanksPass, ConflictingItemsMoveToDifferentBanks) {
  std::vector<PlacedItem> items = {Item({0, 9}, 4), Item({0, 9}, 4)};
  PlaceItems(items, 1);
  constexpr int64_t kBankWords = 16;
  EXPECT_EQ(items[0].offset / kBankWords, items[1].offset / kBankWords);
  const std::vector<ItemConflict> conflicts = {{{0, 0, 4}, {1, 0, 4}, 100}};
  EXPECT_EQ(AssignItemsToBanks(items, 1, 2 * kBankWords, kBankWords, conflicts), 0);
  EXPECT_NE(items[0].offset / kBankWords, items[1].offset / kBankWords);
}

TEST(AssignBanksPass, WhatDoesNotFitOtherwiseIsTheResult) {
  std::vector<PlacedItem> items = {Item({0, 9}, 4), Item({0, 9}, 4)};
  PlaceItems(items, 1);
  const std::vector<ItemConflict> conflicts = {{{0, 0, 4}, {1, 0, 4}, 100}};
  EXPECT_EQ(AssignItemsToBanks(items, 1, 16, 16, conflicts), 100);  // one bank
}

TEST(AssignBanksPass, NoInstructionReadsTwoTensorsOfOneBank) {
  const Graph graph = TwoLayers();
  const Compilation state = StateAfter("assign-banks", graph, Nano());
  EXPECT_TRUE(state.plan->shortfalls().empty());
}

TEST(AddressesPass, OffsetsBecomeAddresses) {
  std::vector<MachineOp> ops = {LoadOf(1)};
  std::get<isa::Load>(ops[0].instruction).source.base = 3;
  SetAddresses({{0, 8, 0}, {100, 8, 0}}, ops);
  EXPECT_EQ(std::get<isa::Load>(ops[0].instruction).source.base, 103u);
  EXPECT_EQ(std::get<isa::Load>(ops[0].instruction).source.outer, 0);
}

TEST(AddressesPass, ARolledLoopStepsToTheNextTensor) {
  std::vector<MachineOp> ops = {LoadOf(1)};
  ops[0].next = {0};
  SetAddresses({{40, 8, 0}, {100, 8, 0}}, ops);
  EXPECT_EQ(std::get<isa::Load>(ops[0].instruction).source.base, 100u);
  EXPECT_EQ(std::get<isa::Load>(ops[0].instruction).source.outer, -60);
}

TEST(RenumberPass, LifetimesCountSyncs) {
  const std::vector<MachineOp> ops = {
      LoadOf(0), {isa::Sync{}, {}, {}, "sync"}, LoadOf(1), LoadOf(0)};
  std::vector<Lifetime> lives = {{0, 2}, {1, 1}, {3, -1}, {0, 3}};
  RenumberLifetimes(ops, lives);
  EXPECT_EQ(lives[0].last, 3);
  EXPECT_EQ(lives[1].first, 2);
  EXPECT_LT(lives[2].last, lives[2].first);  // unused
  EXPECT_EQ(lives[3].last, 4);               // the end of the program
}

TEST(RenumberPass, TensorsOfALoopOverAListLiveForTheLoop) {
  isa::Loop loop;
  loop.source = 1;
  loop.body = 2;
  const std::vector<MachineOp> ops = {{loop, {}, {}, ""}, LoadOf(0), LoadOf(1)};
  const std::vector<Lifetime> lives = LifetimesOf(ops, 2, LoopIndexedTensors({}));
  for (const Lifetime& life : lives) {
    EXPECT_EQ(life.first, 0);
    EXPECT_EQ(life.last, 2);
  }
}

}  // namespace
}  // namespace bittern
