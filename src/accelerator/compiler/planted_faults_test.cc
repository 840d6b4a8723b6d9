// SPDX-License-Identifier: Apache-2.0
// Which faults in a program the checker finds, and which the comparison with the CPU engine: none
// escapes both. docs/verification.md has the table.

#include "accelerator/compiler/testing/planted_faults.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "accelerator/checker/checker.h"
#include "accelerator/compiler/device_step.h"
#include "accelerator/compiler/memory_map.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/simulator/simulated_device.h"
#include "base/environment.h"
#include "cpu/executor.h"
#include "data/encode.h"
#include "model/initial_values.h"
#include "model/inputs.h"
#include "model/testing/labels.h"
#include "model/training_step.h"

namespace bittern {
namespace {

constexpr double kTolerance = 1e-4;
constexpr int kIntent = 7;
// The number of faults of a kind. BITTERN_FAULTS in the environment sets it.
int MostSites() { return EnvironmentNumber("BITTERN_FAULTS").value_or(8); }

// A training step of the nano model: what the parameters and losses are after it.
class Comparison {
 public:
  Comparison()
      : config_(LoadConfig("nano")),
        device_(isa::AcceleratorNamed("nano")),
        executor_(BuildStep(config_, {}), kColumnGroup),
        step_(BuildStep(config_, {.heads_on_every_token = true}), device_),
        write_executor_(config_, executor_.graph(),
                        [&](TensorId id) { return executor_.Integers(id); }),
        write_step_(config_, step_.graph(), [&](TensorId id) { return step_.Integers(id); }) {
    SetInitialValues(config_, executor_.graph(), [&](TensorId id) { return executor_.Values(id); });
    for (TensorId id = 0; id < std::ssize(executor_.graph().tensors); ++id) {
      const Tensor& tensor = executor_.graph().At(id);
      if (tensor.kind == TensorKind::kParameter) before_[tensor.name] = Values(id);
    }
    ids_ = {kClassId};
    tags_ = {kNoLabel};
    for (int t = 1; t < config_.model.tokens - 3; ++t) {
      ids_.push_back(static_cast<uint16_t>((t * 37 + 5) % config_.model.vocabulary));
      tags_.push_back(static_cast<int16_t>(t * 31 % config_.model.tags));
    }
    StepInputs inputs = Inputs();
    write_executor_.Write(ids_, TestLabels(tags_, kIntent), false, inputs);
    executor_.Run(inputs);
  }

  Subject TheSubject() const {
    return {step_.compiled().code, MapOf(step_.graph(), step_.compiled()), device_.accelerator()};
  }

  // The text is empty if the program gives the same results as the CPU engine.
  std::string Run(const std::vector<uint32_t>& words) {
    isa::Program program = ProgramOf(step_.graph(), step_.compiled(), device_.accelerator());
    program.words = words;
    device_.simulator().PoisonAll();
    try {
      device_.LoadProgram(program);
      for (const auto& [name, values] : before_) step_.Write(step_.graph().Find(name), values);
      StepInputs inputs = Inputs();
      write_step_.Write(ids_, TestLabels(tags_, kIntent), true, inputs);
      step_.Run(inputs);
      return Differing();
    } catch (const Error& error) {
      return error.what();
    }
  }

 private:
  static StepInputs Inputs() {
    StepInputs inputs;
    inputs.learning_rate = 0.01;
    inputs.dropout_key = 77;
    return inputs;
  }
  std::vector<float> Values(TensorId id) {
    const auto values = executor_.Values(id);
    return {values.begin(), values.end()};
  }
  std::vector<float> Read(std::string_view name) {
    const TensorId id = step_.graph().Find(name);
    std::vector<float> values(
        static_cast<size_t>(step_.graph().At(id).Elements(step_.graph().tokens)));
    step_.Read(id, values);
    return values;
  }

  // The same comparison as for whole steps: updates by tensor, losses by token.
  std::string Differing() {
    double all = 0;
    for (const auto& [name, old] : before_) {
      const auto cpu = Values(executor_.graph().Find(name));
      for (size_t i = 0; i < cpu.size(); ++i) all = std::hypot(all, cpu[i] - old[i]);
    }
    for (const auto& [name, old] : before_) {
      const auto cpu = Values(executor_.graph().Find(name));
      const auto accelerator = Read(name);
      double difference = 0, norm = 0;
      for (size_t i = 0; i < cpu.size(); ++i) {
        difference = std::hypot(difference, double{accelerator[i]} - double{cpu[i]});
        norm = std::hypot(norm, double{cpu[i]} - double{old[i]});
      }
      // This comparison also fails for NaN.
      if (!(difference <= kTolerance * std::max(norm, 1e-6 * all))) return name;
    }
    for (const char* loss : {"loss.intent", "loss.slot"}) {
      const auto cpu = Values(executor_.graph().Find(loss));
      const auto accelerator = Read(loss);
      for (size_t t = 0; t < cpu.size() && t < ids_.size(); ++t) {
        if (!(std::fabs(accelerator[t] - cpu[t]) <= 1e-4 * std::max(1.0f, std::fabs(cpu[t])))) {
          return loss;
        }
      }
    }
    return "";
  }

  const Config config_;
  SimulatedDevice device_;
  Executor executor_;
  DeviceStep step_;
  InputWriter write_executor_, write_step_;
  std::map<std::string, std::vector<float>> before_;
  std::vector<uint16_t> ids_;
  std::vector<int16_t> tags_;
};

struct Tally {
  int sites = 0, checker = 0, comparison = 0;
  std::set<std::string> rules;
};

TEST(PlantedFaults, NoneEscapes) {
  Comparison comparison;
  const Subject subject = comparison.TheSubject();
  const auto check = [&](const Subject& of) {
    return checker::CheckProgram(of.Words(), of.machine, of.map);
  };
  const checker::Report right = check(subject);
  ASSERT_EQ(right.faults(), 0) << right.findings()[0].text;
  ASSERT_EQ(comparison.Run(subject.Words()), "");

  fmt::print("| fault | sites | checker | comparison | rules |\n| --- | --- | --- | --- | --- |\n");
  // The sites are spread over the whole program, even if there are few.
  const int stride = subject.size() % 269 != 0 ? 269 : 271;
  for (const FaultKind& kind : FaultKinds()) {
    Tally tally;
    for (int i = 0; i < subject.size() && tally.sites < MostSites(); ++i) {
      const auto at = static_cast<int>(int64_t{i} * stride % subject.size());
      Subject wrong = subject;
      if (!kind.plant(wrong, at)) continue;
      const checker::Report report = check(wrong);
      const bool by_checker = report.faults() > 0;
      const std::string difference = comparison.Run(wrong.Words());
      ++tally.sites;
      tally.checker += by_checker ? 1 : 0;
      tally.comparison += difference.empty() ? 0 : 1;
      for (int rule = 0; rule < checker::kRules; ++rule) {
        const auto r = static_cast<checker::Rule>(rule);
        if (report.count(r) > 0) tally.rules.emplace(checker::Name(r));
      }
      EXPECT_TRUE(by_checker || !difference.empty())
          << kind.name << " at instruction " << at << ": "
          << isa::Disassemble(wrong.instructions[static_cast<size_t>(at)]);
    }
    EXPECT_GT(tally.sites, 0) << kind.name;
    std::string rules;
    for (const std::string& rule : tally.rules) rules += (rules.empty() ? "" : ", ") + rule;
    fmt::print("| {}: {} | {} | {} | {} | {} |\n", kind.name, kind.what, tally.sites, tally.checker,
               tally.comparison, rules);
  }
}

}  // namespace
}  // namespace bittern
