// A step in float64 on the sentence of tiny_model.h, for finite differences.
#ifndef BITTERN_CPU_TESTING_REFERENCE_STEP_H_
#define BITTERN_CPU_TESTING_REFERENCE_STEP_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cpu/reference.h"
#include "cpu/testing/tiny_model.h"
#include "model/training_step.h"

namespace bittern {

using NamedValues = std::map<std::string, std::vector<double>>;  // by the parameter's name

class ReferenceStep {
 public:
  // `graph`: a step of kind kGradients for `config`.
  ReferenceStep(const Config& config, Graph graph) : graph_(std::move(graph)), reference_(graph_) {
    SetInitialValues(config, graph_, [&](TensorId id) {
      buffers_[id].resize(static_cast<size_t>(graph_.At(id).Elements(graph_.tokens)));
      return std::span<float>(buffers_[id]);
    });
    for (const auto& [id, buffer] : buffers_) {
      std::copy(buffer.begin(), buffer.end(), reference_.Values(id).begin());
    }
    InputWriter writer(config, graph_,
                       [&](TensorId id) { return std::span<int32_t>(reference_.Integers(id)); });
    const TinySentence sentence;
    writer.Write(sentence.ids, TestLabels(sentence.tags, sentence.intent), false, inputs_);
    inputs_.dropout_key = 0x1234567890ABCDEF;
    inputs_.learning_rate = 0.1;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      if (InfoOf(graph_.ops[i].operation).stage == Stage::kLoss) loss_end_ = static_cast<int>(i) + 1;
    }
  }
  ReferenceStep(const ReferenceStep&) = delete;
  ReferenceStep& operator=(const ReferenceStep&) = delete;

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

  NamedValues Gradients() {
    reference_.Run(inputs_);
    NamedValues gradients;
    for (const Tensor& tensor : graph_.tensors) {
      if (tensor.kind != TensorKind::kParameter) continue;
      gradients[tensor.name] = reference_.Values(graph_.Find(tensor.name + ".gradient"));
    }
    return gradients;
  }

  // The same by differences of the loss, fourth order. The step is balanced against rounding: the
  // error is about 1e-11 relative.
  NamedValues Differences() {
    constexpr double kStep = 4e-4;
    NamedValues differences;
    for (const Tensor& tensor : graph_.tensors) {
      if (tensor.kind != TensorKind::kParameter) continue;
      for (double& value : reference_.Values(graph_.Find(tensor.name))) {
        const double at = value;
        const auto loss = [&](double offset) {
          value = at + offset;
          return Loss();
        };
        differences[tensor.name].push_back(
            (8 * (loss(kStep) - loss(-kStep)) - (loss(2 * kStep) - loss(-2 * kStep))) /
            (12 * kStep));
        value = at;
      }
    }
    return differences;
  }

 private:
  Graph graph_;
  Reference reference_;
  StepInputs inputs_;
  int loss_end_ = 0;
  std::map<TensorId, std::vector<float>> buffers_;
};

inline double Norm(const std::vector<double>& x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return std::sqrt(sum);
}

// |g - g'| <= tolerance * max(|g'|, 1e-6 |all g'|), tensor by tensor.
inline void ExpectClose(const NamedValues& gradients, const NamedValues& expected,
                        double tolerance) {
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

}  // namespace bittern

#endif  // BITTERN_CPU_TESTING_REFERENCE_STEP_H_
