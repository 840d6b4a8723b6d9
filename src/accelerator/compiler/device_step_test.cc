// SPDX-License-Identifier: Apache-2.0
// Whole training steps on the simulated accelerator against the CPU engine's.

#include "accelerator/compiler/device_step.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/decoded_program.h"
#include "accelerator/isa/timing.h"
#include "accelerator/simulator/simulated_device.h"
#include "base/error.h"
#include "base/testing/errors.h"
#include "cpu/executor.h"
#include "data/encode.h"
#include "model/initial_values.h"
#include "model/inputs.h"
#include "model/testing/labels.h"
#include "model/training_step.h"

namespace bittern {
namespace {

// The engine and the accelerator with the same starting values.
class Pair {
 public:
  Pair(const Config& config, std::unique_ptr<Device> device, Recompute recompute,
       StepKind kind = StepKind::kTraining)
      : config_(config),
        device_(std::move(device)),
        executor(BuildStep(config, {.kind = kind}), kColumnGroup),
        step(
            BuildStep(config, {.kind = kind, .recompute = recompute, .heads_on_every_token = true}),
            *device_),
        write_executor_(config, executor.graph(),
                        [&](TensorId id) { return executor.Integers(id); }),
        write_step_(config, step.graph(), [&](TensorId id) { return step.Integers(id); }) {
    SetInitialValues(config, executor.graph(), [&](TensorId id) { return executor.Values(id); });
    ForEachParameter(
        [&](TensorId here, TensorId there) { step.Write(there, executor.Values(here)); });
  }

  template <typename F>
  void ForEachParameter(F visit) {
    for (TensorId id = 0; id < std::ssize(executor.graph().tensors); ++id) {
      const Tensor& tensor = executor.graph().At(id);
      if (tensor.kind == TensorKind::kParameter) visit(id, step.graph().Find(tensor.name));
    }
  }

  void Run(std::span<const uint16_t> ids, std::span<const int16_t> tags, int intent, uint64_t key) {
    StepInputs inputs;
    inputs.learning_rate = 0.01;
    inputs.dropout_key = key;
    const TestLabels labels(tags, intent);
    write_executor_.Write(ids, labels, false, inputs);
    executor.Run(inputs);
    write_step_.Write(ids, labels, true, inputs);
    step.Run(inputs);
  }

  std::vector<float> Read(TensorId id) {
    std::vector<float> values(
        static_cast<size_t>(step.graph().At(id).Elements(step.graph().tokens)));
    step.Read(id, values);
    return values;
  }

 private:
  const Config config_;
  std::unique_ptr<Device> device_;

 public:
  Executor executor;
  DeviceStep step;

 private:
  InputWriter write_executor_, write_step_;
};

// Words and tags without a meaning, three fewer than the model takes.
struct Sentence {
  std::vector<uint16_t> ids = {kClassId};
  std::vector<int16_t> tags = {kNoLabel};

  explicit Sentence(const ModelConfig& model) {
    for (int t = 1; t < model.tokens - 3; ++t) {
      ids.push_back(static_cast<uint16_t>((t * 37 + 5) % model.vocabulary));
      tags.push_back(static_cast<int16_t>(t % model.tags));
    }
  }
};

std::vector<float> Copy(std::span<const float> values) { return {values.begin(), values.end()}; }

// Per tensor |update_cpu - update_device| <= tolerance * max(|update_cpu|, 1e-6 |all updates|).
void ExpectSameUpdates(const Config& config, std::unique_ptr<Device> device, double tolerance,
                       Recompute recompute = Recompute::kGelu) {
  Pair pair(config, std::move(device), recompute);
  std::map<TensorId, std::vector<float>> before;
  pair.ForEachParameter(
      [&](TensorId here, TensorId) { before[here] = Copy(pair.executor.Values(here)); });
  const Sentence sentence(config.model);
  pair.Run(sentence.ids, sentence.tags, 1, 77);

  double all = 0;
  pair.ForEachParameter([&](TensorId here, TensorId) {
    const auto after = pair.executor.Values(here);
    for (size_t i = 0; i < after.size(); ++i) all = std::hypot(all, after[i] - before[here][i]);
  });
  pair.ForEachParameter([&](TensorId here, TensorId there) {
    const auto cpu = pair.executor.Values(here);
    const std::vector<float> accelerator = pair.Read(there);
    double difference = 0, norm = 0;
    for (size_t i = 0; i < cpu.size(); ++i) {
      difference = std::hypot(difference, double{accelerator[i]} - double{cpu[i]});
      norm = std::hypot(norm, double{cpu[i]} - double{before[here][i]});
    }
    EXPECT_LE(difference, tolerance * std::max(norm, 1e-6 * all))
        << pair.executor.graph().At(here).name;
  });
  for (const char* loss : {"loss.intent", "loss.slot"}) {
    const auto cpu = pair.executor.Values(pair.executor.graph().Find(loss));
    const std::vector<float> accelerator = pair.Read(pair.step.graph().Find(loss));
    for (size_t t = 0; t < cpu.size() && t < sentence.ids.size(); ++t) {
      EXPECT_NEAR(accelerator[t], cpu[t], 1e-4 * std::max(1.0f, std::fabs(cpu[t]))) << loss << t;
    }
  }
}

std::unique_ptr<Device> Simulated(std::string_view accelerator) {
  return std::make_unique<SimulatedDevice>(isa::AcceleratorNamed(accelerator));
}

TEST(DeviceStep, NanoTrainsAsOnTheCpu) {
  ExpectSameUpdates(LoadConfig("nano"), Simulated("nano"), 1e-4);
}

TEST(DeviceStep, NanoTrainsWithNormsBeforeTheBranches) {
  Config config = LoadConfig("nano");
  config.model.norm = NormPlace::kPre;
  config.training.dropout = 0.1;
  ExpectSameUpdates(config, Simulated("nano"), 1e-4);
}

TEST(DeviceStep, TwoEncodersTrainAsOnTheCpu) {
  ExpectSameUpdates(LoadConfig("atis-2enc"), Simulated("u50-single"), 1e-4);
}

TEST(DeviceStep, TwoEncodersTrainOnTwoPlanes) {
  ExpectSameUpdates(LoadConfig("atis-2enc"), Simulated("u50"), 1e-4);
}

// Little memory and other latencies.
TEST(DeviceStep, TwoEncodersTrainOnTheK26) {
  ExpectSameUpdates(LoadConfig("atis-2enc"), Simulated("k26"), 1e-4, Recompute::kEncoder);
}

// More blocks of tags than a half of its accumulators takes at once.
TEST(DeviceStep, TwoEncodersAnswerOnTheK26) {
  const Config config = LoadConfig("atis-2enc");
  const isa::Accelerator& machine = isa::AcceleratorNamed("k26");
  ASSERT_GT(config.model.tags, machine.rows * machine.accumulator_slots / 2);
  Pair pair(config, Simulated("k26"), Recompute::kEncoder, StepKind::kInference);
  const Sentence sentence(config.model);
  pair.Run(sentence.ids, sentence.tags, 1, 77);

  const TensorId here = pair.executor.graph().Find("slot.logits");
  const auto cpu = pair.executor.Values(here);
  const std::vector<float> accelerator = pair.Read(pair.step.graph().Find("slot.logits"));
  const auto tokens = static_cast<size_t>(config.model.tokens);
  ASSERT_EQ(cpu.size(), static_cast<size_t>(config.model.tags) * tokens);
  for (size_t i = 0; i < cpu.size(); ++i) {
    if (i % tokens >= sentence.ids.size()) continue;
    EXPECT_NEAR(accelerator[i], cpu[i], 1e-4 * std::max(1.0f, std::fabs(cpu[i])))
        << "tag " << i / tokens << ", token " << i % tokens;
  }
}

// A layer without an instruction is refused: the message names it, the reason and what would do.
TEST(DeviceStep, LayersThatItCannotComputeAreAnError) {
  const isa::Accelerator& machine = isa::AcceleratorNamed("nano");
  const auto error_of = [&](const char* change, StepKind kind) {
    return ErrorOf([&] {
      const Config config = LoadConfig("nano", change);
      Compile(BuildStep(config, {.kind = kind, .heads_on_every_token = true}), machine);
    });
  };
  for (const StepKind kind : {StepKind::kTraining, StepKind::kInference}) {
    EXPECT_TRUE(Mentions(error_of("model.mask = 'causal'", kind),
                         {"\"encoder.0.attention\"", "causal mask", "model.mask", "\"full\""}));
    EXPECT_TRUE(Mentions(error_of("model.activation = 'relu'", kind),
                         {"\"encoder.0.feed_forward\"", "ReLU", "model.activation", "\"gelu\""}));
  }
}

// The message names the resource that is too small.
TEST(DeviceStep, TooFewLaneRegistersAreAnError) {
  isa::Accelerator machine = isa::AcceleratorNamed("nano");
  machine.lane_registers = 8;
  try {
    Compile(BuildStep(LoadConfig("nano"), {.heads_on_every_token = true}), machine);
    FAIL() << "compiled";
  } catch (const Error& error) {
    const std::string said = error.what();
    EXPECT_NE(said.find("too few lane registers: it needs at least"), std::string::npos) << said;
    EXPECT_NE(said.find("there are 8"), std::string::npos) << said;
  }
}

// Operands of a LayerNorm's sums that are split in several ways, in more loops than an instruction
// has.
TEST(DeviceStep, TwoEncodersTrainOnFewRows) {
  isa::Accelerator machine = isa::AcceleratorNamed("u50");
  machine.rows = 4;
  machine.ranks.depth = 4096;
  machine.program_words = 32768;
  Config config = LoadConfig("atis-2enc");
  for (int bond = 1; bond < config.model.map.train.cores(); ++bond) {
    config.model.map.train.ranks[static_cast<size_t>(bond)] = 6;
  }
  ExpectSameUpdates(config, std::make_unique<SimulatedDevice>(machine), 1e-4, Recompute::kEncoder);
}

// 32 distinct tokens: what docs/accelerator.md states. A change for the better changes the figures
// there, too.
struct Size {
  Counters counters;
  size_t program_bytes;
};

Size SizeOf(const std::string& accelerator, const std::string& preset) {
  const std::unique_ptr<Device> device = Simulated(accelerator);
  const CompiledStep step = Compile(
      BuildStep(LoadConfig(preset), {.recompute = Recompute::kGelu, .heads_on_every_token = true}),
      device->accelerator());
  isa::ListRegisters lists{};
  lists.fill(32);
  const Size size{TimeProgram(DecodeProgram(step.code), device->accelerator(), lists).counters,
                  step.code.size() * 4};
  fmt::print("{}, {}: {} cycles, busy: load {}, stream {}, drain {}, vector {}; {} bytes\n",
             accelerator, preset, size.counters.cycles, size.counters.busy[0],
             size.counters.busy[1], size.counters.busy[2], size.counters.busy[3],
             size.program_bytes);
  return size;
}

TEST(DeviceStep, CyclesOfOnePlane) {
  EXPECT_LE(SizeOf("u50-single", "atis-2enc").counters.cycles, 197'000);
}

TEST(DeviceStep, CyclesAndProgramOfTwoPlanes) {
  const Size two = SizeOf("u50", "atis-2enc"), four = SizeOf("u50", "atis-4enc"),
             six = SizeOf("u50", "atis-6enc");
  EXPECT_LE(two.counters.cycles, 130'000);
  // Every two encoders take the same.
  const int64_t first = four.counters.cycles - two.counters.cycles;
  const int64_t second = six.counters.cycles - four.counters.cycles;
  EXPECT_NEAR(static_cast<double>(second), static_cast<double>(first), 0.03 * first);
  EXPECT_LE(six.program_bytes, size_t{64} << 10);
  EXPECT_LE(10 * six.program_bytes, 11 * two.program_bytes);
}

}  // namespace
}  // namespace bittern
