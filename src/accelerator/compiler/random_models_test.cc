// SPDX-License-Identifier: Apache-2.0
// Compiles random small models. Each becomes a program that the checker proves, or is refused with
// an error. BITTERN_MODELS in the environment sets their number.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "accelerator/checker/checker.h"
#include "accelerator/compiler/compile.h"
#include "accelerator/compiler/memory_map.h"
#include "accelerator/isa/accelerator.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/random.h"
#include "model/training_step.h"

namespace bittern {
namespace {

class RandomModel {
 public:
  explicit RandomModel(uint64_t seed) : random_(seed) {}

  Config Next(int lanes) {
    Config config;
    config.order = Pick({Order::kMatrix, Order::kRightToLeft, Order::kBtt, Order::kOptimal});
    config.objective = Pick({Objective::kMultiplications, Objective::kIntermediates});
    config.training.dropout = Pick({0.0, 0.1});
    ModelConfig& model = config.model;
    // Products of few and of odd factors, too.
    model.hidden = Pick({12, 16, 20, 24, 28, 32, 36, 40, 48, 52, 56, 60, 64, 72, 80, 96, 112, 128});
    do {
      model.heads = 1 + UpTo(11);
    } while (model.hidden % model.heads != 0);
    model.encoders = Pick({1, 1, 2, 2, 3});
    model.tokens = 4 * (1 + UpTo(lanes / 4 - 1));
    model.intents = Pick({0, 1, 2, 7, 26});
    model.tags = Pick({1, 5, 16, 40, 127});
    model.map.train.output_modes = Modes(model.hidden, 1 + UpTo(2));
    model.map.train.input_modes = Modes(model.hidden, 1 + UpTo(2));
    model.map.train.ranks.assign(static_cast<size_t>(model.map.train.cores()) + 1, 1);
    SetRanks(model.map.train);
    model.embedding.feature_modes = Modes(model.hidden, 2 + UpTo(1));
    for (int i = 0; i < std::ssize(model.embedding.feature_modes); ++i) {
      model.embedding.vocabulary_modes.push_back(1 + UpTo(7));
    }
    // Three words are no words of a corpus; the table may have some rows more than asked for.
    model.embedding.vocabulary_modes.back() += 3;
    model.embedding.ranks.assign(model.embedding.vocabulary_modes.size() + 1, 1);
    SetRanks(model.embedding);
    const auto rows = static_cast<int>(model.embedding.rows());
    model.vocabulary = rows - UpTo(std::min(3, rows - 4));
    if (UpTo(9) == 0) SetFormat(Format::kDense, model);
    return config;
  }

  int UpTo(int most) {
    return static_cast<int>(random_.UniformInt(static_cast<uint32_t>(most) + 1));
  }
  template <typename T, size_t kCount>
  T Pick(const T (&all)[kCount]) {
    return all[UpTo(static_cast<int>(kCount) - 1)];
  }

 private:
  // Whole numbers that multiply to `size`.
  std::vector<int> Modes(int size, int count) {
    std::vector<int> modes(static_cast<size_t>(count), 1);
    for (int factor = 2; size > 1; ++factor) {
      for (; size % factor == 0; size /= factor) {
        modes[static_cast<size_t>(UpTo(count - 1))] *= factor;
      }
    }
    return modes;
  }
  template <typename Shape>
  void SetRanks(Shape& shape) {
    for (size_t bond = 1; bond + 1 < shape.ranks.size(); ++bond) {
      const int64_t most = std::min<int64_t>(12, shape.LargestRank(static_cast<int>(bond)));
      shape.ranks[bond] = 1 + UpTo(static_cast<int>(most) - 1);
    }
  }

  Random random_;
};

enum class Outcome { kProved, kTooLarge, kRefused };

Outcome Try(const Config& config, const StepOptions& options, const isa::Accelerator& machine) {
  const Graph graph = BuildStep(config, options);
  CompiledStep step;
  try {
    step = TryCompile(graph, machine);
  } catch (const Error& error) {
    const std::string said = error.what();
    EXPECT_TRUE(said.starts_with("accelerator: ")) << said;
    return Outcome::kRefused;
  }
  if (!step.shortfalls.empty()) return Outcome::kTooLarge;
  const checker::Report report = checker::CheckProgram(step.code, machine, MapOf(graph, step));
  for (const auto& finding : report.findings()) {
    ADD_FAILURE() << checker::Name(finding.rule) << ": " << finding.text;
    for (const int index : {finding.other, finding.instruction}) {
      if (index < 0) continue;
      const MachineOp& op = step.ops[static_cast<size_t>(index)];
      fmt::print("{}: {}\n", op.source, isa::Disassemble(op.instruction));
    }
  }
  return Outcome::kProved;
}

void ExpectProvedOrRefused(const std::string& accelerator, int models, uint64_t seed) {
  const isa::Accelerator& machine = isa::AcceleratorNamed(accelerator);
  models = EnvironmentNumber("BITTERN_MODELS").value_or(models);
  std::array<int, 3> outcomes{};
  for (int i = 0; i < models; ++i) {
    RandomModel random(seed + static_cast<uint64_t>(i));
    Config config = random.Next(machine.lanes);
    config.name = fmt::format("{} {}", accelerator, i);
    Validate(config, config.name);
    const StepOptions options = {
        .kind = random.UpTo(7) == 0 ? StepKind::kInference : StepKind::kTraining,
        .recompute = random.Pick(
            {Recompute::kGelu, Recompute::kElementwise, Recompute::kHalf, Recompute::kEncoder}),
        .heads_on_every_token = true};
    SCOPED_TRACE(fmt::format("computed again: {}\n{}", Name(options.recompute), ToToml(config)));
    const Outcome outcome = Try(config, options, machine);
    ++outcomes[static_cast<size_t>(outcome)];
  }
  fmt::print("{}: {} models proved, {} do not fit, {} refused\n", accelerator, outcomes[0],
             outcomes[1], outcomes[2]);
  EXPECT_GT(8 * outcomes[0], models);
}

TEST(RandomModels, AreProvedOrRefusedOnNano) { ExpectProvedOrRefused("nano", 40, 1); }
TEST(RandomModels, AreProvedOrRefusedOnU50) { ExpectProvedOrRefused("u50", 30, 1'000'000); }
TEST(RandomModels, AreProvedOrRefusedOnU50Single) {
  ExpectProvedOrRefused("u50-single", 30, 2'000'000);
}

}  // namespace
}  // namespace bittern
