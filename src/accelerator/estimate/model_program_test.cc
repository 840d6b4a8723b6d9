// SPDX-License-Identifier: Apache-2.0
#include "accelerator/estimate/model_program.h"

#include <gtest/gtest.h>

#include "accelerator/isa/accelerator.h"
#include "base/testing/errors.h"

namespace bittern {
namespace {

// The first choice that fits is taken.
TEST(ModelProgram, KeepsAsMuchAsFits) {
  const Config config = LoadConfig("atis-2enc");
  isa::Accelerator machine = isa::AcceleratorNamed("u50-single");
  EXPECT_EQ(CompileModel(config, StepKind::kTraining, machine).recompute, Recompute::kGelu);
  machine.tokens.depth = 256;
  std::vector<int64_t> needs;  // token words
  for (const Recompute recompute :
       {Recompute::kGelu, Recompute::kElementwise, Recompute::kHalf, Recompute::kEncoder}) {
    const Graph graph = BuildStep(config, {.recompute = recompute, .heads_on_every_token = true});
    machine.tokens.banks = 1;  // so the smallest program is reported
    needs.push_back(TryCompile(graph, machine).words.at(WordKind::kToken));
  }
  ASSERT_LT(needs[2] + 256, std::min(needs[0], needs[1]));
  EXPECT_LT(needs[3], needs[2]);
  machine.program_words = 65536;
  machine.tokens.banks = static_cast<int32_t>(needs[2] / 256 + 1);
  const ModelProgram program = CompileModel(config, StepKind::kTraining, machine);
  EXPECT_EQ(program.recompute, Recompute::kHalf);
  EXPECT_LE(program.step.words.at(WordKind::kToken), machine.tokens.words());
}

TEST(ModelProgram, SaysWhatIsShort) {
  isa::Accelerator tiny = isa::AcceleratorNamed("u50-single");
  tiny.tokens.banks = tiny.ranks.banks = 1;
  const Config config = LoadConfig("atis-2enc");
  const ModelProgram program = FindProgram(config, StepKind::kTraining, tiny);
  ASSERT_EQ(program.step.shortfalls.size(), 2u);
  EXPECT_EQ(program.step.shortfalls[0].what, "words of tokens");
  EXPECT_EQ(program.step.shortfalls[0].available, 4096);
  EXPECT_EQ(program.step.shortfalls[0].needed, program.step.words.at(WordKind::kToken));
  EXPECT_TRUE(Mentions(ErrorOf([&] { CompileModel(config, StepKind::kTraining, tiny); }),
                       {"atis-2enc does not fit accelerator u50-single", "words of tokens short",
                        "words of ranks short", "there are 4096", "computed again"}));
}

TEST(ModelProgram, RefusesMoreTokensThanLanes) {
  EXPECT_TRUE(Mentions(ErrorOf([] {
                         CompileModel(LoadConfig("atis-2enc"), StepKind::kTraining,
                                      isa::AcceleratorNamed("nano"));
                       }),
                       {"32 tokens", "nano has 16 lanes"}));
}

TEST(ModelProgram, ProgramMemory) {
  isa::Accelerator small = isa::AcceleratorNamed("nano");
  small.program_words = 1000;
  const ModelProgram program = FindProgram(LoadConfig("nano"), StepKind::kTraining, small);
  ASSERT_EQ(program.step.shortfalls.size(), 1u);
  EXPECT_EQ(program.step.shortfalls[0].what, "program words");
  EXPECT_GT(program.step.shortfalls[0].needed, 1000);
}

// Each option that the accelerator lacks is named.
TEST(ModelProgram, NamesTrainingOptions) {
  const auto message = [](auto change) {
    Config config = LoadConfig("nano");
    change(config.training);
    return ErrorOf(
        [&] { CompileModel(config, StepKind::kTraining, isa::AcceleratorNamed("nano")); });
  };
  using Training = TrainingConfig;
  EXPECT_TRUE(Mentions(message([](Training& t) { t.optimizer = Optimizer::kMomentum; }),
                       {"training.optimizer"}));
  EXPECT_TRUE(Mentions(message([](Training& t) { t.optimizer = Optimizer::kAdamW; }),
                       {"training.optimizer"}));
  EXPECT_TRUE(Mentions(message([](Training& t) { t.batch = 2; }), {"training.batch"}));
  EXPECT_TRUE(Mentions(message([](Training& t) { t.label_smoothing = 0.1; }),
                       {"training.label_smoothing"}));
  EXPECT_TRUE(Mentions(message([](Training& t) {
                         t.clip = 1;
                         t.clip_scope = ClipScope::kGlobal;
                       }),
                       {"training.clip"}));
  EXPECT_TRUE(Mentions(message([](Training& t) { t.clip = 1; }), {"training.clip"}));
  EXPECT_TRUE(Mentions(message([](Training& t) { t.decay = 0.1; }), {"training.decay"}));
}

TEST(ModelProgram, Inference) {
  for (const auto& [config, accelerator] :
       {std::pair("nano", "nano"), std::pair("atis-2enc", "u50-single")}) {
    const ModelProgram program =
        CompileModel(LoadConfig(config), StepKind::kInference, isa::AcceleratorNamed(accelerator));
    EXPECT_TRUE(program.step.rates.empty());
    EXPECT_NE(program.graph.Find("intent.logits"), kNoTensor);
  }
}

}  // namespace
}  // namespace bittern
