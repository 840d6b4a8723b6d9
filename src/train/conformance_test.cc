// One list of cases that every machine runs: the engine says what is right, and each device of
// StepDevices() has to do the same. A new kind of device joins by its name.
//
// A case: a model, options of its training, and sentences. From the same start every machine takes
// a training step a sentence, and answers the first one before and after. Rounding differs: per
// tensor the updates may differ by 1e-4 of their norm (or 1e-6 of all updates', where that is
// more). Devices of one accelerator must have the same bits.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "data/encode.h"
#include "model/initial_values.h"
#include "model/inputs.h"
#include "model/testing/labels.h"
#include "train/step_runner.h"

namespace bittern {
namespace {

// Of one rounding on either side.
constexpr double kRounding = 0x1p-23;

struct Sentence {
  int tokens = 0;
  int words = 0;  // distinct ones
  bool has_intent = true, has_tags = true;
};

struct Case {
  std::string name;
  std::string config;
  std::vector<std::string> accelerators;
  std::vector<Sentence> sentences;
  std::function<void(Config&)> change = [](Config&) {};
};

std::vector<Case> Cases() {
  const std::vector<std::string> nano = {"nano"};
  return {
      {.name = "FullSentence", .config = "nano", .accelerators = nano, .sentences = {{16, 16}}},
      {.name = "OneToken", .config = "nano", .accelerators = nano, .sentences = {{1, 1}}},
      {.name = "TwoTokens", .config = "nano", .accelerators = nano, .sentences = {{2, 2}}},
      {.name = "OddLength", .config = "nano", .accelerators = nano, .sentences = {{7, 7}}},
      {.name = "OneWordAgainAndAgain",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{13, 1}}},
      {.name = "RepeatedWords", .config = "nano", .accelerators = nano, .sentences = {{12, 5}}},
      {.name = "NoIntent",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{9, 9, false, true}}},
      {.name = "NoTags",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{9, 9, true, false}}},
      {.name = "NoLabels",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{9, 9, false, false}}},
      {.name = "LongThenShort",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{16, 16}, {3, 2}, {16, 9}, {1, 1}}},
      {.name = "Dropout",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{11, 11}, {16, 8}},
       .change = [](Config& config) { config.training.dropout = 0.2; }},
      {.name = "SummedSlotLossAndWeights",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{10, 10}},
       .change =
           [](Config& config) {
             config.training.slot_loss = SlotLoss::kSum;
             config.training.slot_weight = 0.3;
             config.training.intent_weight = 2;
           }},
      {.name = "RatesByCore",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{10, 10}},
       .change =
           [](Config& config) {
             config.training.rates = {{"*.core.*", 3}, {"*.bias", 0.5}, {"encoder.0.*", 0.1}};
           }},
      {.name = "IntentsAlone",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{8, 8}},
       .change = [](Config& config) { config.model.tags = 0; }},
      {.name = "TagsAlone",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{8, 8}},
       .change = [](Config& config) { config.model.intents = 0; }},
      {.name = "TwoEncodersOfNano",
       .config = "nano",
       .accelerators = nano,
       .sentences = {{14, 12}},
       .change = [](Config& config) { config.model.encoders = 2; }},
      {.name = "Atis",
       .config = "atis-2enc",
       .accelerators = {"u50-single", "u50"},
       .sentences = {{32, 32}, {12, 11}}},
  };
}

// What a machine has made of a case: by tensor's name, before and after.
struct Outcome {
  std::map<std::string, std::vector<float>> start, end;
  std::vector<float> losses;  // a sum a step and a branch
  std::vector<float> logits;  // before, then after
};

class Machine {
 public:
  Machine(const Case& of, const std::string& device) : case_(of), config_(LoadConfig(of.config)) {
    config_.training.dropout = 0;  // unless the case asks for it
    case_.change(config_);
    step_ = MakeStepRunner(device, config_, StepKind::kTraining);
    inference_ = MakeStepRunner(device, config_, StepKind::kInference);
  }

  Outcome Run() {
    Outcome outcome;
    SetInitialValues(config_, step_->graph(), [&](TensorId id) { return step_->Values(id); });
    step_->Send();
    outcome.start = Parameters();
    Answer(outcome.logits);
    InputWriter writer(config_, step_->graph(), [&](TensorId id) { return step_->Integers(id); });
    for (size_t i = 0; i < case_.sentences.size(); ++i) {
      StepInputs inputs;
      Write(writer, *step_, i, inputs);
      inputs.learning_rate = 0.01;
      inputs.dropout_key = 1000 + i;
      step_->Run(inputs);
      step_->RunUpdates(inputs);
      for (const char* name : {"loss.intent", "loss.slot"}) {
        const TensorId id = step_->graph().Find(name);
        if (id == kNoTensor) continue;
        const bool tokens = std::string_view(name) == "loss.slot";
        const std::span<const float> values =
            step_->Values(id).first(tokens ? static_cast<size_t>(inputs.valid) : 1);
        outcome.losses.push_back(std::accumulate(values.begin(), values.end(), 0.0f));
      }
    }
    step_->Fetch();
    outcome.end = Parameters();
    Answer(outcome.logits);
    return outcome;
  }

 private:
  std::map<std::string, std::vector<float>> Parameters() {
    std::map<std::string, std::vector<float>> parameters;
    for (TensorId id = 0; id < std::ssize(step_->graph().tensors); ++id) {
      const Tensor& tensor = step_->graph().At(id);
      if (tensor.kind != TensorKind::kParameter) continue;
      const std::span<const float> values = step_->Values(id);
      parameters[tensor.name] = {values.begin(), values.end()};
    }
    return parameters;
  }

  void Write(InputWriter& writer, const StepRunner& runner, size_t number, StepInputs& inputs) {
    const Sentence& sentence = case_.sentences[number];
    std::vector<uint16_t> ids;
    std::vector<int16_t> tags;
    for (int t = 0; t < sentence.tokens; ++t) {
      const int word = t % sentence.words;
      ids.push_back(
          word == 0 ? uint16_t{kClassId}
                    : static_cast<uint16_t>(4 + (word * 37 + 5) % (config_.model.vocabulary - 4)));
      const bool labelled = sentence.has_tags && config_.model.tags > 0 && t > 0;
      tags.push_back(labelled ? static_cast<int16_t>(t % config_.model.tags) : kNoLabel);
    }
    const bool labelled = sentence.has_intent && config_.model.intents > 0;
    writer.Write(ids, TestLabels(tags, labelled ? 1 : kNoLabel), runner.always_pads(), inputs);
  }

  void Answer(std::vector<float>& logits) {
    for (TensorId id = 0; id < std::ssize(inference_->graph().tensors); ++id) {
      const Tensor& tensor = inference_->graph().At(id);
      if (tensor.kind != TensorKind::kParameter) continue;
      const std::span<const float> values = step_->Values(step_->graph().Find(tensor.name));
      std::copy(values.begin(), values.end(), inference_->Values(id).begin());
    }
    inference_->Send();
    InputWriter writer(config_, inference_->graph(),
                       [&](TensorId id) { return inference_->Integers(id); });
    StepInputs inputs;
    Write(writer, *inference_, 0, inputs);
    inference_->Run(inputs);
    for (const char* name : {"intent.logits", "slot.logits"}) {
      const TensorId id = inference_->graph().Find(name);
      if (id == kNoTensor) continue;
      const Tensor& tensor = inference_->graph().At(id);
      const auto columns = static_cast<size_t>(tensor.shape[1].At(inputs.tokens));
      const auto classes = static_cast<size_t>(tensor.shape[0].count);
      const std::string_view of = name;
      const auto wanted = of == "slot.logits" ? static_cast<size_t>(inputs.valid) : size_t{1};
      for (size_t c = 0; c < classes; ++c) {
        for (size_t t = 0; t < wanted; ++t) {
          logits.push_back(inference_->Values(id)[c * columns + t]);
        }
      }
    }
  }

  const Case& case_;
  Config config_;
  std::unique_ptr<StepRunner> step_, inference_;
};

double NormOfDifference(const std::vector<float>& a, const std::vector<float>& b) {
  double norm = 0;
  for (size_t i = 0; i < a.size(); ++i) norm = std::hypot(norm, double{a[i]} - double{b[i]});
  return norm;
}

void ExpectClose(const std::vector<float>& device, const std::vector<float>& engine,
                 const char* what) {
  ASSERT_EQ(device.size(), engine.size()) << what;
  for (size_t i = 0; i < device.size(); ++i) {
    EXPECT_NEAR(device[i], engine[i], 1e-4 * std::max(1.0f, std::fabs(engine[i])))
        << what << ' ' << i;
  }
}

void ExpectSame(const Outcome& device, const Outcome& engine) {
  ExpectClose(device.losses, engine.losses, "loss");
  ExpectClose(device.logits, engine.logits, "logit");
  double all = 0;
  for (const auto& [name, end] : engine.end) {
    all = std::hypot(all, NormOfDifference(end, engine.start.at(name)));
  }
  EXPECT_EQ(device.start, engine.start);
  for (const auto& [name, end] : engine.end) {
    const double update = NormOfDifference(end, engine.start.at(name));
    const double parameter = NormOfDifference(end, std::vector<float>(end.size()));
    EXPECT_LE(NormOfDifference(device.end.at(name), end),
              1e-4 * std::max(update, 1e-6 * all) + kRounding * parameter)
        << name;
  }
}

class Conformance : public testing::TestWithParam<Case> {};

TEST_P(Conformance, EveryDeviceDoesAsTheEngine) {
  const Case& of = GetParam();
  const Outcome engine = Machine(of, kCpu).Run();
  std::map<std::string, Outcome> first;  // by accelerator
  int devices = 0;
  for (const std::string& device : StepDevices()) {
    const std::string accelerator = device.substr(device.find(':') + 1);
    if (std::ranges::find(of.accelerators, accelerator) == of.accelerators.end()) continue;
    SCOPED_TRACE(device);
    const Outcome outcome = Machine(of, device).Run();
    ExpectSame(outcome, engine);
    const auto [known, is_first] = first.try_emplace(accelerator, outcome);
    if (!is_first) {
      EXPECT_EQ(outcome.end, known->second.end);
      EXPECT_EQ(outcome.losses, known->second.losses);
      EXPECT_EQ(outcome.logits, known->second.logits);
    }
    ++devices;
  }
  EXPECT_GE(devices, std::ssize(of.accelerators));
}

INSTANTIATE_TEST_SUITE_P(Cases, Conformance, testing::ValuesIn(Cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace bittern
