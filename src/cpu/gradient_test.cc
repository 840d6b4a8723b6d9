// SPDX-License-Identifier: Apache-2.0
// The backward operations of the graph against central differences, all in float64: every number
// of every parameter.

#include <gtest/gtest.h>

#include <string>

#include "cpu/testing/reference_step.h"

namespace bittern {
namespace {

struct Case {
  const char* name;
  Format format = Format::kTensor;
  Order order = Order::kOptimal;
  double dropout = 0;  // of masks that the step's key fixes, so that differences can be taken
  MatrixFormat maps = MatrixFormat::kTt;  // of a tensor model
  NormPlace norm = NormPlace::kPost;
  HiddenFunction activation = HiddenFunction::kGelu;
  Mask mask = Mask::kFull;

  Config MakeConfig() const {
    Config config = TinyConfig(format, order);
    config.training.dropout = dropout;
    if (maps != MatrixFormat::kTt) {
      config.model.map = TinyMap(config.model.hidden, config.model.hidden, maps).matrix;
    }
    config.model.norm = norm;
    config.model.activation = activation;
    config.model.mask = mask;
    // A seed with which no difference moves an input of ReLU across 0, where it has no derivative.
    if (activation == HiddenFunction::kRelu) config.training.seed = 3;
    return config;
  }
};

class GradientTest : public testing::TestWithParam<Case> {};

TEST_P(GradientTest, EqualsCentralDifferences) {
  const Config config = GetParam().MakeConfig();
  ReferenceStep step(config, BuildStep(config, {.kind = StepKind::kGradients}));
  ExpectClose(step.Gradients(), step.Differences(), 1e-6);
}

TEST_P(GradientTest, IsTheSameWhenRecomputed) {
  const Config config = GetParam().MakeConfig();
  const auto gradients = [&](StepOptions options) {
    return ReferenceStep(config, BuildStep(config, options)).Gradients();
  };
  const NamedValues kept = gradients({.kind = StepKind::kGradients});
  for (const Recompute recompute : kRecomputes) {
    SCOPED_TRACE(Name(recompute));
    ExpectClose(gradients({.kind = StepKind::kGradients, .recompute = recompute}), kept, 1e-13);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Orders, GradientTest,
    testing::Values(Case{"Dense", Format::kDense, Order::kOptimal},
                    Case{"Matrix", Format::kTensor, Order::kMatrix},
                    Case{"RightToLeft", Format::kTensor, Order::kRightToLeft},
                    Case{"Btt", Format::kTensor, Order::kBtt},
                    Case{"Optimal", Format::kTensor, Order::kOptimal},
                    Case{"TtmRightToLeft", Format::kTensor, Order::kRightToLeft, 0,
                         MatrixFormat::kTtm},
                    Case{"TtmBtt", Format::kTensor, Order::kBtt, 0, MatrixFormat::kTtm},
                    Case{"TtmOptimal", Format::kTensor, Order::kOptimal, 0, MatrixFormat::kTtm},
                    Case{"DenseMaps", Format::kTensor, Order::kOptimal, 0, MatrixFormat::kDense},
                    Case{"OptimalWithDropout", Format::kTensor, Order::kOptimal, 0.3},
                    Case{.name = "PreNorm", .norm = NormPlace::kPre},
                    Case{.name = "Relu", .activation = HiddenFunction::kRelu},
                    Case{.name = "Causal", .mask = Mask::kCausal},
                    Case{.name = "CausalPreNormReluWithDropout",
                         .dropout = 0.3,
                         .norm = NormPlace::kPre,
                         .activation = HiddenFunction::kRelu,
                         .mask = Mask::kCausal}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace bittern
