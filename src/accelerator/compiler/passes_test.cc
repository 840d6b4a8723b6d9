// SPDX-License-Identifier: Apache-2.0
// Every pass has a dump and unit tests, and the compiler refuses what a machine cannot hold.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include "accelerator/compiler/compile.h"
#include "accelerator/compiler/testing/small_graphs.h"
#include "accelerator/isa/accelerator.h"
#include "base/error.h"
#include "model/config.h"
#include "model/training_step.h"

namespace bittern {
namespace {

// "list-schedule" -> "ListSchedulePass"
std::string SuiteOf(std::string_view pass) {
  std::string name;
  bool first = true;
  for (const char c : pass) {
    if (c != '-') {
      name += first ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    }
    first = c == '-';
  }
  return name + "Pass";
}

TEST(Passes, EveryPassHasUnitTests) {
  std::set<std::string> suites;
  const auto& tests = *testing::UnitTest::GetInstance();
  for (int i = 0; i < tests.total_test_suite_count(); ++i) {
    suites.insert(tests.GetTestSuite(i)->name());
  }
  for (const Pass& pass : CompilerPasses()) {
    EXPECT_TRUE(suites.contains(SuiteOf(pass.name))) << "no tests named " << SuiteOf(pass.name);
  }
}

TEST(Passes, EveryPassHasADumpAndAPurpose) {
  const Graph graph = TwoLayers();
  std::set<std::string> names, texts;
  TryCompile(graph, isa::AcceleratorNamed("nano"), [&](const Pass& pass, const Compilation& state) {
    ASSERT_NE(pass.dump, nullptr) << pass.name;
    names.emplace(pass.name);
    const std::string text = DumpAfter(pass, state);
    // A heading of three lines, then what the pass made.
    EXPECT_GT(std::count(text.begin(), text.end(), '\n'), 3) << text;
    EXPECT_TRUE(texts.insert(text).second) << "twice: " << text;
    EXPECT_EQ(pass.purpose.back(), '.') << pass.name;
  });
  EXPECT_EQ(names.size(), CompilerPasses().size()) << "names are not unique, or a pass did not run";
}

TEST(Passes, DumpsAreDeterministic) {
  const Graph graph = TwoLayers();
  const auto dumps = [&] {
    std::string all;
    TryCompile(graph, isa::AcceleratorNamed("nano"),
               [&](const Pass& pass, const Compilation& state) { all += DumpAfter(pass, state); });
    return all;
  };
  EXPECT_EQ(dumps(), dumps());
}

// The strategies from the fastest to the smallest: less memory makes the compiler leave out passes.
TEST(Passes, LessMemoryMeansASmallerStrategy) {
  const Graph graph = BuildStep(LoadConfig("nano"),
                                {.recompute = Recompute::kEncoder, .heads_on_every_token = true});
  isa::Accelerator machine = isa::AcceleratorNamed("nano");
  EXPECT_EQ(StateAfter("place", graph, machine).strategy.name, "separate results");
  std::set<std::string> used;
  for (const int32_t depth : {256, 64, 16, 4}) {
    machine.tokens.depth = depth;
    used.emplace(StateAfter("place", graph, machine).strategy.name);
  }
  EXPECT_TRUE(used.contains("fewest words"));
}

std::string MessageOf(const Graph& graph, const isa::Accelerator& machine) {
  try {
    Compile(graph, machine);
  } catch (const Error& error) {
    return error.what();
  }
  return "compiled";
}

TEST(Passes, TooFewListRegistersAreAnError) {
  const Graph graph = BuildStep(LoadConfig("nano"), {.heads_on_every_token = true});
  isa::Accelerator machine = isa::AcceleratorNamed("nano");
  machine.list_registers = graph.lists;
  EXPECT_EQ(MessageOf(graph, machine), "compiled");
  machine.list_registers = graph.lists - 1;
  EXPECT_EQ(MessageOf(graph, machine),
            "accelerator: the model needs " + std::to_string(graph.lists) +
                " list registers, nano has " + std::to_string(graph.lists - 1) +
                "; use fewer cores in the word table, or choose another accelerator");
}

}  // namespace
}  // namespace bittern
