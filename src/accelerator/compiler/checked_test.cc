// SPDX-License-Identifier: Apache-2.0
// The checker accepts what the compiler makes.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "accelerator/checker/checker.h"
#include "accelerator/compiler/compile.h"
#include "accelerator/compiler/memory_map.h"
#include "accelerator/isa/accelerator.h"
#include "model/training_step.h"

namespace bittern {
namespace {

// The checker finds no error in order, lifetimes, distances and ports.
void ExpectProved(const Config& config, const std::string& accelerator,
                  Recompute recompute = Recompute::kGelu) {
  const isa::Accelerator& machine = isa::AcceleratorNamed(accelerator);
  const Graph graph = BuildStep(config, {.recompute = recompute, .heads_on_every_token = true});
  const CompiledStep step = Compile(graph, machine);
  const auto begin = std::chrono::steady_clock::now();
  const checker::Report report = checker::CheckProgram(step.code, machine, MapOf(graph, step));
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  fmt::print("{}: {} instructions, {:.0f} ms\n", config.name, step.ops.size(), 1e3 * time.count());
  for (const auto& finding : report.findings()) {
    ADD_FAILURE() << checker::Name(finding.rule) << ": " << finding.text;
  }
}
void ExpectProved(const std::string& preset, const std::string& accelerator,
                  Recompute recompute = Recompute::kGelu) {
  ExpectProved(LoadConfig(preset), accelerator, recompute);
}

TEST(CheckedProgram, Nano) {
  for (const Recompute recompute :
       {Recompute::kGelu, Recompute::kElementwise, Recompute::kHalf, Recompute::kEncoder}) {
    ExpectProved("nano", "nano", recompute);
  }
}
TEST(CheckedProgram, TwoEncoders) { ExpectProved("atis-2enc", "u50-single"); }
TEST(CheckedProgram, TwoPlanes) { ExpectProved("atis-2enc", "u50"); }
TEST(CheckedProgram, TwoEncodersInLittleMemory) {
  ExpectProved("atis-2enc", "k26", Recompute::kEncoder);
}
TEST(CheckedProgram, SixEncoders) { ExpectProved("atis-6enc", "u50"); }

// Lists are never longer than a sentence, which leaves lanes empty here.
TEST(CheckedProgram, FewerTokensThanLanes) {
  ExpectProved(LoadConfig("atis-2enc", "model.tokens=16"), "u50");
  ExpectProved(LoadConfig("nano", "model.tokens=4"), "nano");
}

// Drains in a loop over a list that take longer than an element a cycle: they sum slots of fewer
// rows than an addition takes cycles.
TEST(CheckedProgram, DrainsOfFewRowsInALoop) {
  const std::string model = R"(
name = "few rows"
objective = "intermediates"
[model]
hidden = 32
heads = 2
encoders = 2
vocabulary = 19
intents = 3
tags = 40
[model.map]
output_modes = [8, 4]
input_modes = [32]
ranks = [1, 2, 8, 1]
[model.embedding]
vocabulary_modes = [1, 5, 4]
feature_modes = [16, 2, 1]
ranks = [1, 4, 4, 1]
)";
  ExpectProved(ParseConfig(model, "model"), "u50");
}

// The loops of one vector op cannot run over the halves of several tensors, so some stay whole.
TEST(CheckedProgram, HalvesThatNoPassRunsOver) {
  const std::string model = R"(
name = "halves"
objective = "intermediates"
[model]
hidden = 24
heads = 8
encoders = 3
tokens = 12
vocabulary = 20
intents = 26
tags = 1
[model.map]
output_modes = [2, 12]
input_modes = [2, 3, 4]
ranks = [1, 2, 7, 11, 2, 1]
[model.embedding]
vocabulary_modes = [1, 4, 5]
feature_modes = [4, 1, 6]
ranks = [1, 3, 9, 1]
[training]
dropout = 0.1
)";
  ExpectProved(ParseConfig(model, "model"), "nano");
}

// The features of two joined cores, whose halves are the lanes.
TEST(CheckedProgram, JoinedAxesThatHalveAtTheLanes) {
  const std::string model = R"(
name = "joined"
contraction = "right-to-left"
objective = "intermediates"
[model]
hidden = 20
heads = 10
encoders = 2
tokens = 8
vocabulary = 350
intents = 1
tags = 127
[model.map]
output_modes = [20, 1]
input_modes = [2, 10]
ranks = [1, 4, 8, 3, 1]
[model.embedding]
vocabulary_modes = [7, 5, 10]
feature_modes = [2, 5, 2]
ranks = [1, 12, 1, 1]
)";
  ExpectProved(ParseConfig(model, "model"), "nano", Recompute::kHalf);
}

// Every number of distinct words, not only the usual few.
TEST(CheckedProgram, EveryList) {
  const isa::Accelerator& machine = isa::AcceleratorNamed("nano");
  const Graph graph = BuildStep(LoadConfig("nano"), {.heads_on_every_token = true});
  const CompiledStep step = Compile(graph, machine);
  std::vector<checker::ListRegisters> lists;
  for (int n = 1; n <= machine.lanes; ++n) lists.emplace_back().fill(static_cast<uint32_t>(n));
  const checker::Report report =
      checker::CheckProgram(step.code, machine, MapOf(graph, step), lists);
  EXPECT_EQ(report.faults(), 0);
}

}  // namespace
}  // namespace bittern
