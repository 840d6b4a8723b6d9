// SPDX-License-Identifier: Apache-2.0
// Compares the fast executor with the float64 reference on whole training steps: every option of
// the graph, parameters and losses after several steps. Also tests that a step allocates nothing.

#include "cpu/executor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "cpu/reference.h"
#include "cpu/testing/allocation_counter.h"
#include "cpu/testing/tiny_model.h"
#include "model/training_step.h"

namespace bittern {
namespace {

// The executor and the reference, with the same starting values.
class Pair {
 public:
  Pair(const Config& config, Recompute recompute)
      : config_(config),
        executor(BuildStep(config, {.recompute = recompute}), kColumnGroup),
        reference(executor.graph()),
        write_fast_(config, executor.graph(), [&](TensorId id) { return executor.Integers(id); }),
        write_reference_(config, executor.graph(),
                         [&](TensorId id) { return std::span<int32_t>(reference.Integers(id)); }) {
    SetInitialValues(config, executor.graph(), [&](TensorId id) { return executor.Values(id); });
    for (TensorId id = 0; id < static_cast<TensorId>(executor.graph().tensors.size()); ++id) {
      if (executor.graph().At(id).kind != TensorKind::kParameter) continue;
      const auto values = executor.Values(id);
      std::copy(values.begin(), values.end(), reference.Values(id).begin());
    }
    inputs.learning_rate = 0.05;
  }

  void Write(std::span<const uint16_t> ids, std::span<const int16_t> tags, int intent, bool pad) {
    Write(ids, TestLabels(tags, intent), pad);
  }
  void Write(std::span<const uint16_t> ids, SentenceLabels labels, bool pad) {
    write_fast_.Write(ids, labels, pad, inputs);
    write_reference_.Write(ids, labels, pad, inputs);
  }

  void Step(int number, bool pad) {
    const TinySentence sentence;
    const size_t length = 3 + static_cast<size_t>(number) % 5;
    const auto ids = std::span(sentence.ids).first(length);
    const auto tags = std::span(sentence.tags).first(length);
    Write(ids, tags, number % config_.model.intents, pad);
    inputs.dropout_key = static_cast<uint64_t>(number) << 8;
    executor.Run(inputs);
    reference.Run(inputs);
    if ((number + 1) % config_.training.batch == 0) {
      inputs.update = (number + 1) / config_.training.batch;
      executor.RunUpdates(inputs);
      reference.Run(inputs, executor.graph().update_begin,
                    static_cast<int>(executor.graph().ops.size()));
    }
  }

  // Largest |x - x'| / (1e-3 rms + |x'|-norm) over the tensors of a kind, relative to the norm.
  void ExpectClose(TensorKind kind, double tolerance) {
    for (TensorId id = 0; id < static_cast<TensorId>(executor.graph().tensors.size()); ++id) {
      const Tensor& tensor = executor.graph().At(id);
      if (tensor.kind != kind) continue;
      double difference = 0, norm = 1e-3;
      const auto fast = executor.Values(id);
      const auto& slow = reference.Values(id);
      for (size_t i = 0; i < fast.size(); ++i) {
        difference = std::hypot(difference, fast[i] - slow[i]);
        norm = std::hypot(norm, slow[i]);
      }
      EXPECT_LE(difference, tolerance * norm) << tensor.name;
    }
  }

 private:
  const Config config_;

 public:
  Executor executor;
  Reference reference;
  StepInputs inputs;

 private:
  InputWriter write_fast_, write_reference_;
};

struct ExecutorCase {
  std::string name;
  Config config;
  bool pad = false;
};

std::vector<ExecutorCase> ExecutorCases() {
  std::vector<ExecutorCase> cases;
  for (const Order order : kOrders) {
    std::string name(Name(order));
    std::erase(name, '-');
    cases.push_back({name, TinyConfig(Format::kTensor, order)});
  }
  for (const MatrixFormat format : {MatrixFormat::kTtm, MatrixFormat::kDense}) {
    Config config = TinyConfig();
    config.model.map = TinyMap(config.model.hidden, config.model.hidden, format).matrix;
    cases.push_back({fmt::format("{}_maps", Name(format)), config});
  }
  cases.push_back({"dense", TinyConfig(Format::kDense)});
  cases.push_back({"padded", TinyConfig(), true});
  const auto add = [&](const char* name, const auto& change) {
    ExecutorCase& added = cases.emplace_back(ExecutorCase{name, TinyConfig()});
    change(added.config.training);
  };
  add("dropout", [](TrainingConfig& t) { t.dropout = 0.25; });
  add("sum", [](TrainingConfig& t) {
    t.slot_loss = SlotLoss::kSum;
    t.slot_weight = 0.2;
  });
  add("momentum", [](TrainingConfig& t) { t.optimizer = Optimizer::kMomentum; });
  add("adamw", [](TrainingConfig& t) {
    t.optimizer = Optimizer::kAdamW;
    t.adam_epsilon = 1e-3;
    t.decay = 0.01;
  });
  add("clip", [](TrainingConfig& t) { t.clip = 0.05; });
  add("decay", [](TrainingConfig& t) { t.decay = 0.1; });
  add("batch", [](TrainingConfig& t) {
    t.batch = 3;
    t.optimizer = Optimizer::kMomentum;
    t.clip = 0.1;
    t.clip_scope = ClipScope::kGlobal;
  });
  add("rates", [](TrainingConfig& t) { t.rates = {{"*.core.*", 2}, {"embedding.*", 0.5}}; });
  const auto add_model = [&](const char* name, const auto& change) {
    ExecutorCase& added = cases.emplace_back(ExecutorCase{name, TinyConfig()});
    change(added.config.model);
  };
  add_model("prenorm", [](ModelConfig& m) { m.norm = NormPlace::kPre; });
  add_model("relu", [](ModelConfig& m) { m.activation = HiddenFunction::kRelu; });
  add_model("causal", [](ModelConfig& m) { m.mask = Mask::kCausal; });
  ExecutorCase& decoder = cases.emplace_back(ExecutorCase{"decoder", TinyConfig(), true});
  decoder.config.model.norm = NormPlace::kPre;
  decoder.config.model.activation = HiddenFunction::kRelu;
  decoder.config.model.mask = Mask::kCausal;
  decoder.config.training.dropout = 0.25;
  ExecutorCase& one_task = cases.emplace_back(ExecutorCase{"onetask", TinyConfig()});
  one_task.config.model.tags = 0;
  return cases;
}

class ExecutorTest : public testing::TestWithParam<ExecutorCase> {};

TEST_P(ExecutorTest, TrainsLikeTheReference) {
  for (const Recompute recompute : kRecomputes) {
    SCOPED_TRACE(Name(recompute));
    Pair pair(GetParam().config, recompute);
    for (int number = 0; number < 6; ++number) pair.Step(number, GetParam().pad);
    pair.ExpectClose(TensorKind::kParameter, 5e-5);
    pair.ExpectClose(TensorKind::kState, 5e-4);
    pair.ExpectClose(TensorKind::kOutput, 1e-4);
  }
}

TEST_P(ExecutorTest, AllocatesNothingInAStep) {
  Pair pair(GetParam().config, Recompute::kHalf);
  pair.Step(0, GetParam().pad);
  const TinySentence sentence;
  const TestLabels labels(sentence.tags, sentence.intent);
  pair.Write(sentence.ids, labels, GetParam().pad);
  const int64_t before = Allocations();
  pair.Write(sentence.ids, labels, GetParam().pad);
  pair.executor.Run(pair.inputs);
  pair.executor.RunUpdates(pair.inputs);
  EXPECT_EQ(Allocations(), before);
}

// A map and a table with the most cores that are allowed, in every order. Contractions then have
// the most loops.
TEST(Executor, EightCoresInEveryOrder) {
  const struct {
    std::vector<int> output_modes, input_modes, ranks;
  } maps[] = {{{2, 2, 2, 2}, {2, 2, 2, 2}, {1, 2, 3, 4, 5, 4, 3, 2, 1}},
              {{16}, {2, 2, 2, 2, 1, 1, 1}, {1, 3, 2, 2, 2, 1, 1, 1, 1}},
              {{2, 1, 2, 2, 1, 2, 1}, {16}, {1, 2, 2, 3, 2, 2, 2, 2, 1}}};
  for (const auto& map : maps) {
    for (const Order order : kOrders) {
      for (const Objective objective : {Objective::kMultiplications, Objective::kIntermediates}) {
        SCOPED_TRACE(fmt::format("{} output cores, {}", map.output_modes.size(), Name(order)));
        Config config = TinyConfig(Format::kTensor, order);
        config.objective = objective;
        config.model.hidden = 16;
        config.model.vocabulary = 256;
        config.model.map = {.train = {map.output_modes, map.input_modes, map.ranks}};
        config.model.embedding = {
            {2, 2, 2, 2, 2, 2, 2, 2}, {2, 2, 1, 1, 2, 1, 1, 2}, {1, 2, 3, 2, 2, 2, 3, 2, 1}};
        Pair pair(config, Recompute::kElementwise);
        for (int number = 0; number < 3; ++number) pair.Step(number, number == 2);
        pair.ExpectClose(TensorKind::kParameter, 5e-5);
        pair.ExpectClose(TensorKind::kOutput, 1e-4);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Options, ExecutorTest, testing::ValuesIn(ExecutorCases()),
                         [](const auto& instance) { return instance.param.name; });

TEST(Executor, PaddingHasNoEffect) {
  const Config config = TinyConfig();
  Pair alone(config, Recompute::kElementwise), padded(config, Recompute::kElementwise);
  for (int number = 0; number < 4; ++number) {
    alone.Step(number, false);
    padded.Step(number, true);
  }
  for (TensorId id = 0; id < static_cast<TensorId>(alone.executor.graph().tensors.size()); ++id) {
    const Tensor& tensor = alone.executor.graph().At(id);
    if (tensor.kind != TensorKind::kParameter) continue;
    for (size_t i = 0; i < alone.reference.Values(id).size(); ++i) {
      // In float64, where only the order of sums differs.
      ASSERT_NEAR(alone.reference.Values(id)[i], padded.reference.Values(id)[i], 1e-12)
          << tensor.name;
      ASSERT_NEAR(alone.executor.Values(id)[i], padded.executor.Values(id)[i], 1e-5) << tensor.name;
    }
  }
}

TEST(Executor, SameStepSameBits) {
  Config config = TinyConfig();
  config.training.dropout = 0.2;
  Pair one(config, Recompute::kHalf), other(config, Recompute::kHalf);
  for (int number = 0; number < 3; ++number) {
    one.Step(number, false);
    other.Step(number, false);
  }
  for (TensorId id = 0; id < static_cast<TensorId>(one.executor.graph().tensors.size()); ++id) {
    if (one.executor.graph().At(id).kind != TensorKind::kParameter) continue;
    const auto a = one.executor.Values(id), b = other.executor.Values(id);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin()));
  }
}

}  // namespace
}  // namespace bittern
