// SPDX-License-Identifier: Apache-2.0
// The table of operations says of every operation whether it reads its results (Effect). The memory
// plan relies on it. Here each operation of several training steps runs twice in float64, on
// results that held different numbers before.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cpu/reference.h"
#include "cpu/testing/tiny_model.h"
#include "model/training_step.h"

namespace bittern {
namespace {

// Runs ops[op] on results that hold `before`; returns the results one after the other.
std::vector<double> ResultsAfter(const Graph& graph, Reference& reference, const StepInputs& inputs,
                                 int op, double before) {
  const std::vector<TensorId>& out = graph.ops[static_cast<size_t>(op)].out;
  std::vector<double> results;
  for (const TensorId id : out) {
    std::fill(reference.Values(id).begin(), reference.Values(id).end(), before);
  }
  reference.Run(inputs, op, op + 1);
  for (const TensorId id : out) {
    results.insert(results.end(), reference.Values(id).begin(), reference.Values(id).end());
  }
  return results;
}

void CheckEffects(const Config& config) {
  const Graph graph = BuildStep(config, {});
  Reference reference(graph);
  StepInputs inputs;
  inputs.tokens = inputs.valid = graph.tokens;
  inputs.list_sizes.assign(static_cast<size_t>(graph.lists), 1);
  inputs.loss_weights = {1, 1};
  inputs.learning_rate = 0.1;
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    std::vector<double>& values = reference.Values(static_cast<TensorId>(id));
    for (size_t i = 0; i < values.size(); ++i) values[i] = 0.25 + 0.5 / static_cast<double>(i + 1);
  }
  for (int i = 0; i < static_cast<int>(graph.ops.size()); ++i) {
    const Op& op = graph.ops[static_cast<size_t>(i)];
    const bool in_place =
        std::any_of(op.out.begin(), op.out.end(), [&](TensorId id) { return Contains(op.in, id); });
    if (in_place) continue;  // reads its result as an operand
    SCOPED_TRACE(std::string(Name(op.operation)) + ", " + op.name);
    constexpr double kSome = 0.5, kOther = 1.5;
    const std::vector<double> some = ResultsAfter(graph, reference, inputs, i, kSome);
    const std::vector<double> other = ResultsAfter(graph, reference, inputs, i, kOther);
    // An element that depends on what it held; one that was not written holds it still.
    bool depends = false;
    for (size_t n = 0; n < some.size(); ++n) {
      const bool written = some[n] != kSome || other[n] != kOther;
      depends = depends || (written && some[n] != other[n]);
    }
    EXPECT_EQ(depends, ReadsResults(op.operation));
  }
}

TEST(EffectsTest, OperationsReadTheResultsThatTheTableSays) {
  for (const Format format : {Format::kTensor, Format::kDense}) {
    for (const Optimizer optimizer : {Optimizer::kSgd, Optimizer::kMomentum, Optimizer::kAdamW}) {
      for (const int batch : {1, 3}) {
        Config config = TinyConfig(format);
        config.training.optimizer = optimizer;
        config.training.batch = batch;
        config.training.dropout = 0.25;
        config.training.clip = 0.1;
        CheckEffects(config);
        config.model.norm = NormPlace::kPre;
        config.model.activation = HiddenFunction::kRelu;
        config.model.mask = Mask::kCausal;
        CheckEffects(config);
      }
    }
  }
}

}  // namespace
}  // namespace bittern
