// The backward operations of the graph against central differences, all in float64: every number
// of every parameter.

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "cpu/reference.h"
#include "cpu/testing/tiny_model.h"
#include "model/training_step.h"

namespace bittern {
namespace {

class Machine {
 public:
  Machine(const Config& config, StepOptions options)
      : graph_(BuildStep(config, options)), reference_(graph_) {
    std::vector<float> values;
    SetInitialValues(config, graph_, [&](TensorId id) {
      values.resize(static_cast<size_t>(graph_.At(id).Elements(graph_.tokens)));
      buffers_[id] = values;
      return std::span<float>(buffers_[id]);
    });
    for (const auto& [id, buffer] : buffers_) {
      std::copy(buffer.begin(), buffer.end(), reference_.Values(id).begin());
    }
    InputWriter writer(config, graph_,
                       [&](TensorId id) { return std::span<int32_t>(reference_.Integers(id)); });
    const TinySentence sentence;
    writer.Write(sentence.ids, sentence.tags, sentence.intent, false, inputs_);
    inputs_.dropout_key = 0x1234567890ABCDEF;
    inputs_.learning_rate = 0.1;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      if (InfoOf(graph_.ops[i].operation).stage == Stage::kLoss) loss_end_ = static_cast<int>(i) + 1;
    }
  }

  double Loss() {
    reference_.Run(inputs_, 0, loss_end_);
    double loss = 0;
    for (const char* name : {"loss.intent", "loss.slot"}) {
      const TensorId id = graph_.Find(name);
      const int64_t elements = name == std::string("loss.slot") ? inputs_.tokens : 1;
      for (int64_t t = 0; t < elements; ++t) loss += reference_.Values(id)[static_cast<size_t>(t)];
    }
    return loss;
  }

  // By parameter name.
  std::map<std::string, std::vector<double>> Gradients() {
    reference_.Run(inputs_);
    std::map<std::string, std::vector<double>> gradients;
    for (const Tensor& tensor : graph_.tensors) {
      if (tensor.kind != TensorKind::kParameter) continue;
      const TensorId id = graph_.Find(tensor.name + ".gradient");
      gradients[tensor.name] = reference_.Values(id);
    }
    return gradients;
  }

  std::vector<double>& Parameter(const std::string& name) {
    return reference_.Values(graph_.Find(name));
  }

 private:
  Graph graph_;
  Reference reference_;
  StepInputs inputs_;
  int loss_end_ = 0;
  std::map<TensorId, std::vector<float>> buffers_;
};

double Norm(const std::vector<double>& x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return std::sqrt(sum);
}

// |g - g'| <= tolerance * max(|g'|, 1e-6 |all g'|), tensor by tensor.
void ExpectClose(const std::map<std::string, std::vector<double>>& gradients,
                 const std::map<std::string, std::vector<double>>& expected, double tolerance) {
  ASSERT_EQ(gradients.size(), expected.size());
  double all = 0;
  for (const auto& [name, gradient] : expected) all = std::hypot(all, Norm(gradient));
  ASSERT_GT(all, 0.1);
  for (const auto& [name, gradient] : expected) {
    std::vector<double> difference = gradients.at(name);
    ASSERT_EQ(difference.size(), gradient.size()) << name;
    for (size_t i = 0; i < gradient.size(); ++i) difference[i] -= gradient[i];
    EXPECT_LE(Norm(difference), tolerance * std::max(Norm(gradient), 1e-6 * all)) << name;
  }
}

struct Case {
  const char* name;
  Format format;
  Order order;
  double dropout = 0;  // of masks that the step's key fixes, so that differences can be taken
};

class GradientTest : public testing::TestWithParam<Case> {};

TEST_P(GradientTest, EqualsCentralDifferences) {
  Config config = TinyConfig(GetParam().format, GetParam().order);
  config.training.dropout = GetParam().dropout;
  Machine machine(config, {.kind = StepKind::kGradients});
  const auto gradients = machine.Gradients();
  std::map<std::string, std::vector<double>> differences;
  // Fourth order, step balanced against rounding: error about 1e-11 relative.
  const double h = 4e-4;
  for (const auto& [name, gradient] : gradients) {
    std::vector<double>& parameter = machine.Parameter(name);
    for (double& value : parameter) {
      const double at = value;
      const auto loss = [&](double offset) {
        value = at + offset;
        return machine.Loss();
      };
      differences[name].push_back((8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) /
                                  (12 * h));
      value = at;
    }
  }
  ExpectClose(gradients, differences, 1e-6);
}

TEST_P(GradientTest, IsTheSameWhenRecomputed) {
  Config config = TinyConfig(GetParam().format, GetParam().order);
  config.training.dropout = GetParam().dropout;
  const auto kept = Machine(config, {.kind = StepKind::kGradients}).Gradients();
  for (const Recompute recompute : kRecomputes) {
    SCOPED_TRACE(Name(recompute));
    ExpectClose(Machine(config, {.kind = StepKind::kGradients, .recompute = recompute}).Gradients(),
                kept, 1e-13);
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, GradientTest,
                         testing::Values(Case{"Dense", Format::kDense, Order::kOptimal},
                                         Case{"Matrix", Format::kTensor, Order::kMatrix},
                                         Case{"RightToLeft", Format::kTensor, Order::kRightToLeft},
                                         Case{"Btt", Format::kTensor, Order::kBtt},
                                         Case{"Optimal", Format::kTensor, Order::kOptimal},
                                         Case{"OptimalWithDropout", Format::kTensor,
                                              Order::kOptimal, 0.3}),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace bittern
