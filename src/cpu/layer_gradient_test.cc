// SPDX-License-Identifier: Apache-2.0
// Layers with sizes of their own, which no configuration gives yet: their gradients against central
// differences in float64, every number of every parameter.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "cpu/testing/reference_step.h"
#include "model/layers/attention.h"
#include "model/layers/embedding.h"
#include "model/layers/feed_forward.h"
#include "model/layers/normalization.h"
#include "model/step.h"

namespace bittern {
namespace {

struct Case {
  const char* name;
  Format format;
  Order order;
  Recompute recompute = Recompute::kElementwise;
  MatrixFormat maps = MatrixFormat::kTt;  // of a tensor model
};

class LayerGradientTest : public testing::TestWithParam<Case> {
 protected:
  LayerGradientTest() {
    config_ = TinyConfig(GetParam().format, GetParam().order);
    config_.model.encoders = 1;
    step_ = std::make_unique<Step>(
        config_, StepOptions{.kind = StepKind::kGradients, .recompute = GetParam().recompute});
    AddEmbedding(config_.model, *step_);
  }
  // The map from `columns` to `rows` features in the case's format.
  MapShape Map(int rows, int columns) const {
    return GetParam().format == Format::kDense ? TinyMap(rows, columns, Format::kDense)
                                               : TinyMap(rows, columns, GetParam().maps);
  }
  // x -> y in a block of its own.
  template <typename Layer, typename... Sizes>
  void Add(const char* name, Sizes&&... sizes) {
    step_->BeginBlock();
    step_->Add<Layer>({.name = name, .block = name}, std::forward<Sizes>(sizes)...);
  }
  void Check() {
    AddHeads(config_, *step_);
    ReferenceStep step(config_, step_->Build());
    ExpectClose(step.Gradients(), step.Differences(), 1e-6);
  }

  Config config_;
  std::unique_ptr<Step> step_;
};

// 12 -> 24 -> 12 features.
TEST_P(LayerGradientTest, AFeedForwardLayerThatIsWiderInside) {
  Add<FeedForward>("wide", FeedForwardShape{.inner = Map(24, 12), .outer = Map(12, 24)});
  Check();
}

// Two heads of 4 features for queries and keys, of 6 for values.
TEST_P(LayerGradientTest, AttentionWithHeadsOfOtherSizes) {
  Add<Attention>("attention", AttentionShape{.heads = 2,
                                             .query = Map(8, 12),
                                             .key = Map(8, 12),
                                             .value = Map(24, 12),
                                             .output = Map(12, 24)});
  Check();
}

TEST_P(LayerGradientTest, ANormalizationAlone) {
  Add<Normalization>("norm", 12, Normalization::Affine::kGainAndShift);
  Check();
}

INSTANTIATE_TEST_SUITE_P(
    Maps, LayerGradientTest,
    testing::Values(Case{"Dense", Format::kDense, Order::kOptimal},
                    Case{"Matrix", Format::kTensor, Order::kMatrix},
                    Case{"RightToLeft", Format::kTensor, Order::kRightToLeft},
                    Case{"Btt", Format::kTensor, Order::kBtt},
                    Case{"Optimal", Format::kTensor, Order::kOptimal},
                    Case{"TtmOptimal", Format::kTensor, Order::kOptimal, Recompute::kElementwise,
                         MatrixFormat::kTtm},
                    Case{"TtmBtt", Format::kTensor, Order::kBtt, Recompute::kHalf,
                         MatrixFormat::kTtm},
                    Case{"Gelu", Format::kTensor, Order::kOptimal, Recompute::kGelu},
                    Case{"Half", Format::kTensor, Order::kOptimal, Recompute::kHalf},
                    Case{"Encoder", Format::kTensor, Order::kOptimal, Recompute::kEncoder}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace bittern
