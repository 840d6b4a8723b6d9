// SPDX-License-Identifier: Apache-2.0
// The paper's models: parameters to the number, multiply-adds, memory.

#include "model/training_step.h"

#include <gtest/gtest.h>

#include <set>

#include "graph/arena.h"
#include "graph/arena_checker.h"

namespace bittern {
namespace {

Config Preset(const char* name, Format format) {
  Config config = LoadConfig(name);
  SetFormat(format, config.model);
  return config;
}

int64_t Parameters(const Graph& graph) {
  int64_t parameters = 0;
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.kind == TensorKind::kParameter) parameters += tensor.Elements(graph.tokens);
  }
  return parameters;
}

struct Case {
  const char* preset;
  int64_t dense, tensor;
};

class PaperModelTest : public testing::TestWithParam<Case> {};

TEST_P(PaperModelTest, HasThePapersParameters) {
  for (const StepKind kind : {StepKind::kTraining, StepKind::kInference}) {
    EXPECT_EQ(Parameters(BuildStep(Preset(GetParam().preset, Format::kDense), {.kind = kind})),
              GetParam().dense);
    EXPECT_EQ(Parameters(BuildStep(Preset(GetParam().preset, Format::kTensor), {.kind = kind})),
              GetParam().tensor);
  }
}

TEST_P(PaperModelTest, EveryPlanIsProved) {
  for (const Format format : {Format::kTensor, Format::kDense}) {
    for (const Order order : kOrders) {
      for (const Recompute recompute : kRecomputes) {
        Config config = Preset(GetParam().preset, format);
        config.order = order;
        const Graph graph = BuildStep(config, {.recompute = recompute});
        const ArenaPlan plan = PlanArena(graph);
        EXPECT_EQ(CheckArena(graph, plan), std::vector<std::string>());
        EXPECT_GE(plan.Efficiency(), 0.98) << Name(order) << Name(recompute);
      }
    }
  }
}

// Megabytes of 4-byte numbers: 36.74 / 65.11 / 93.48 dense, 1.223 / 1.519 / 1.816 tensor, so 30.05
// / 42.86 / 51.49 times fewer.
INSTANTIATE_TEST_SUITE_P(Encoders, PaperModelTest,
                         testing::Values(Case{"atis-2enc", 9'184'665, 305'673},
                                         Case{"atis-4enc", 16'277'913, 379'785},
                                         Case{"atis-6enc", 23'371'161, 453'897}),
                         [](const auto& instance) {
                           std::string name(instance.param.preset);
                           std::erase(name, '-');
                           return name;
                         });

TEST(TrainingStepTest, TakesThePapersMultiplyAdds) {
  const Config config = Preset("atis-2enc", Format::kTensor);
  const Graph graph = BuildStep(config, {});
  // 13 maps on all tokens and one on the first, forward and backward; 12 heads of 64, six products
  // of 32 x 32; heads; 32 distinct words.
  const int64_t maps = 3 * (13 * 691'200 + 39'168);
  const int64_t attention = 2 * 6 * 12 * 64 * 32 * 32;
  const int64_t heads = 3 * 768 * (127 * 32 + 26);
  const int64_t words = 3 * 32 * (57'600 + 23'040);
  EXPECT_EQ(graph.MultiplyAdds(32, 32), maps + attention + heads + words);
}

TEST(TrainingStepTest, PersistentTensorsHaveNamesOfTheirOwn) {
  Config config = Preset("atis-2enc", Format::kTensor);
  config.training.optimizer = Optimizer::kAdamW;
  const Graph graph = BuildStep(config, {.recompute = Recompute::kHalf});
  std::set<std::string> names;
  for (const Tensor& tensor : graph.tensors) {
    if (!tensor.persistent) continue;
    EXPECT_TRUE(names.insert(tensor.name).second) << tensor.name;
  }
  EXPECT_TRUE(names.contains("encoder.1.attention.query.core.5"));
  EXPECT_TRUE(names.contains("embedding.word.core.2.second"));
}

TEST(TrainingStepTest, GradientsDieYoungUnlessTheyAreKept) {
  Config config = Preset("atis-2enc", Format::kTensor);
  const auto most_gradients = [&] {
    const Graph graph = BuildStep(config, {});
    const ArenaPlan plan = PlanArena(graph);
    int64_t most = 0;
    for (int op = 0; op < static_cast<int>(graph.ops.size()); ++op) {
      most =
          std::max(most, BytesAlive(graph, plan, op)[static_cast<size_t>(TensorKind::kGradient)]);
    }
    return most;
  };
  EXPECT_LE(most_gradients(), 350'000);  // the word table's cores, needed all at once
  config.training.clip = 1;
  config.training.clip_scope = ClipScope::kGlobal;
  EXPECT_GE(most_gradients(), 4 * 300'000);  // all of them
}

}  // namespace
}  // namespace bittern
