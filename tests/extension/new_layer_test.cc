// A layer that the product does not have, defined with public types alone: a gated linear unit with
// a shortcut, y = x + C ((A x) * tanh(B x)), * elementwise (cf. arXiv 1612.08083).
//
// A and B widen the features, C narrows them again; each is a map with sizes and a format of its
// own. The layer is placed between an embedding and the heads, its gradients are compared with
// central differences, and it trains.

#include <gtest/gtest.h>

#include <string>

#include "cpu/executor.h"
#include "cpu/testing/reference_step.h"
#include "model/layers/layer.h"
#include "model/layers/linear_map.h"
#include "model/step.h"

namespace bittern {
namespace {

struct GatedUnitShape {
  MapShape value, gate;  // A, B: [M][N]
  MapShape output;       // C: [N][M]
};

class GatedUnit : public Layer {
 public:
  GatedUnit(StepBuilder& step, const std::string& name, const GatedUnitShape& shape)
      : step_(step),
        name_(name),
        features_(Constant(shape.output.rows)),
        wide_(Constant(shape.value.rows)),
        value_(step, name + ".value", shape.value),
        gate_(step, name + ".gate", shape.gate),
        output_(step, name + ".output", shape.output) {}

  TensorId Forward(TensorId x) override {
    a_ = value_.Forward(x);               // [M][T]
    const TensorId b = gate_.Forward(x);  // [M][T]
    g_ = step_.Activation(name_ + ": g", wide_);
    step_.Append(name_ + ": g", ops::Tanh{}, {.x = b}, {.y = g_});
    const TensorId h = step_.Activation(name_ + ": h", wide_);
    Multiply(": h", h, a_, g_);
    const TensorId branch = output_.Forward(h);  // [N][T]
    const TensorId y = step_.Activation(name_ + ": y", features_);
    step_.Append(name_ + ": y", ops::Add{}, {.a = x, .b = branch}, {.y = y});
    return y;
  }

  TensorId Backward(TensorId dy) override {
    const TensorId dh = step_.Scratch(name_ + ": d h", wide_);
    output_.Backward(dy, dh, Result::kOverwrite);
    const TensorId da = step_.Scratch(name_ + ": d a", wide_);
    Multiply(": d a", da, dh, g_);
    const TensorId db = step_.Scratch(name_ + ": d b", wide_);
    Multiply(": d g", db, dh, a_);
    step_.Append(name_ + ": d b", ops::TanhGrad{}, {.dy = db, .y = g_}, {.dx = db});
    // dy is the gradient along the shortcut; both maps add theirs.
    value_.Backward(da, dy, Result::kAccumulate);
    gate_.Backward(db, dy, Result::kAccumulate);
    return dy;
  }

 private:
  // c[f][t] = a[f][t] * b[f][t]: a contraction that sums over nothing.
  void Multiply(const std::string& name, TensorId c, TensorId a, TensorId b) {
    step_.Contract(name_ + name, step_.Of(c, "ft"), step_.Of(a, "ft"), step_.Of(b, "ft"));
  }

  StepBuilder& step_;
  std::string name_;
  Size features_, wide_;
  LinearMap value_, gate_, output_;
  TensorId a_ = kNoTensor, g_ = kNoTensor;
};

Config GatedConfig() {
  Config config = TinyConfig();
  config.model.encoders = 1;
  return config;
}

// One encoder with a gated unit behind its two layers. Keeps a reference to `config`.
Graph BuildGated(const Config& config, const StepOptions& options) {
  Step step(config, options);
  AddEmbedding(config.model, step);
  AddEncoders(config.model, step);
  step.Add<GatedUnit>({.name = "encoder.0.gated", .block = "encoder 0"},
                      GatedUnitShape{.value = TinyMap(24, 12),
                                     .gate = TinyMap(24, 12, Format::kDense),
                                     .output = TinyMap(12, 24)});
  AddHeads(config, step);
  return step.Build();
}

TEST(NewLayerTest, HasTheGradientsOfItsLoss) {
  const Config config = GatedConfig();
  ReferenceStep step(config, BuildGated(config, {.kind = StepKind::kGradients}));
  const NamedValues gradients = step.Gradients();
  EXPECT_TRUE(gradients.contains("encoder.0.gated.value.core.5"));
  EXPECT_TRUE(gradients.contains("encoder.0.gated.gate.weight"));
  ExpectClose(gradients, step.Differences(), 1e-6);
}

TEST(NewLayerTest, CanBeRecomputed) {
  const Config config = GatedConfig();
  const NamedValues kept =
      ReferenceStep(config, BuildGated(config, {.kind = StepKind::kGradients})).Gradients();
  for (const Recompute recompute : kRecomputes) {
    SCOPED_TRACE(Name(recompute));
    const Graph graph = BuildGated(config, {.kind = StepKind::kGradients, .recompute = recompute});
    ExpectClose(ReferenceStep(config, graph).Gradients(), kept, 1e-13);
  }
}

TEST(NewLayerTest, Trains) {
  Config config = GatedConfig();
  config.training.optimizer = Optimizer::kAdamW;
  Executor executor(BuildGated(config, {}), kColumnGroup);
  SetInitialValues(config, executor.graph(), [&](TensorId id) { return executor.Values(id); });
  InputWriter writer(config, executor.graph(), [&](TensorId id) { return executor.Integers(id); });
  const TinySentence sentence;
  StepInputs inputs;
  writer.Write(sentence.ids, TestLabels(sentence.tags, sentence.intent), false, inputs);
  inputs.learning_rate = 0.01;
  const auto step = [&] {
    executor.Run(inputs);
    ++inputs.update;
    double loss = executor.Values(executor.graph().Find("loss.intent"))[0];
    const TensorId slots = executor.graph().Find("loss.slot");
    for (int t = 0; t < inputs.tokens; ++t) loss += executor.Values(slots)[static_cast<size_t>(t)];
    return loss;
  };
  const double first = step();
  for (int i = 0; i < 100; ++i) step();
  EXPECT_LT(step(), 0.8 * first);  // smoothed labels keep the loss above 0
}

}  // namespace
}  // namespace bittern
