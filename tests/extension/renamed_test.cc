// No code of the product takes a name of a tensor or an operation apart: with a prefix before every
// name, training gives the same numbers, and parameters and phases are counted alike.

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <vector>

#include "accelerator/compiler/compile.h"
#include "accelerator/estimate/phases.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/decoded_program.h"
#include "accelerator/isa/timing.h"
#include "cpu/executor.h"
#include "model/initial_values.h"
#include "model/inputs.h"
#include "model/parameter_count.h"
#include "model/testing/labels.h"
#include "model/training_step.h"

namespace bittern {
namespace {

Graph Renamed(Graph graph) {
  for (Tensor& tensor : graph.tensors) tensor.name.insert(0, "x.head.core.9: ");
  for (Op& op : graph.ops) op.name.insert(0, "slot.embedding.encoder.7: ");
  return graph;
}

// All parameters and states after some updates. `graph` may be renamed; `original` has the names by
// which the inputs are found.
std::vector<uint32_t> TrainedBits(const Config& config, const Graph& original, const Graph& graph) {
  Executor executor(graph, kColumnGroup);
  SetInitialValues(config, executor.graph(), [&](TensorId id) { return executor.Values(id); });
  InputWriter writer(config, original, [&](TensorId id) { return executor.Integers(id); });
  StepInputs inputs;
  inputs.learning_rate = 0.05;
  for (int i = 0; i < 12; ++i) {
    const auto n = static_cast<uint16_t>(i);
    const std::vector<uint16_t> ids = {2, static_cast<uint16_t>(5 + n), 7,
                                       static_cast<uint16_t>(9 + n * n % 11)};
    const std::vector<int16_t> tags = {-1, static_cast<int16_t>(i % 3), 1, 2};
    writer.Write(ids, TestLabels(tags, i % 4), false, inputs);
    inputs.dropout_key = 17 + static_cast<uint64_t>(i);
    executor.Run(inputs);
    if (i % 4 == 3) {
      executor.RunUpdates(inputs);
      ++inputs.update;
    }
  }
  std::vector<uint32_t> bits;
  for (TensorId id = 0; id < static_cast<TensorId>(graph.tensors.size()); ++id) {
    if (graph.At(id).kind != TensorKind::kParameter && graph.At(id).kind != TensorKind::kState) {
      continue;
    }
    for (const float value : executor.Values(id)) bits.push_back(std::bit_cast<uint32_t>(value));
  }
  return bits;
}

TEST(RenamedTest, TrainsTheSameNumbers) {
  for (const Format format : {Format::kTensor, Format::kDense}) {
    for (const Optimizer optimizer : {Optimizer::kSgd, Optimizer::kMomentum, Optimizer::kAdamW}) {
      for (const int batch : {1, 4}) {
        for (const Recompute recompute : kRecomputes) {
          SCOPED_TRACE(testing::Message() << Name(format) << " " << Name(optimizer) << " " << batch
                                          << " " << Name(recompute));
          Config config = LoadConfig("nano");
          SetFormat(format, config.model);
          config.training.optimizer = optimizer;
          config.training.batch = batch;
          config.training.clip = 1;
          config.training.dropout = 0.1;
          config.training.rates = {{"*.head.*", 0.5}, {"embedding.*", 2}};
          const Graph graph = BuildStep(config, {.recompute = recompute});
          EXPECT_EQ(TrainedBits(config, graph, Renamed(graph)), TrainedBits(config, graph, graph));
        }
      }
    }
  }
}

TEST(RenamedTest, ParametersAreCountedAlike) {
  Config config = LoadConfig("nano");
  const Graph stored = BuildStep(config, {});
  SetFormat(Format::kDense, config.model);
  const Graph dense = BuildStep(config, {});
  EXPECT_EQ(CountParameters(Renamed(stored), Renamed(dense)), CountParameters(stored, dense));
}

TEST(RenamedTest, CompilesToTheSameWordsAndPhases) {
  const isa::Accelerator& machine = isa::AcceleratorNamed("nano");
  const Graph graph =
      BuildStep(LoadConfig("nano"), {.recompute = Recompute::kGelu, .intent_on_every_token = true});
  const Graph renamed = Renamed(graph);
  const CompiledStep step = Compile(graph, machine), same = Compile(renamed, machine);
  ASSERT_FALSE(step.code.empty());
  EXPECT_EQ(same.code, step.code);
  const auto phases = [&](const CompiledStep& compiled, const Graph& of) {
    std::vector<InstructionTime> times;
    isa::ListRegisters lists{};
    lists.fill(static_cast<uint32_t>(of.tokens));
    const auto timing = TimeProgram(DecodeProgram(compiled.code), machine, lists, &times);
    return PhasesOf(compiled.ops, times, of, of, timing.counters.cycles, machine.fold);
  };
  EXPECT_EQ(phases(same, renamed), phases(step, graph));
  EXPECT_EQ(phases(step, graph).size(), 5);
}

}  // namespace
}  // namespace bittern
