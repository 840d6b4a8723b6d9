// A model's training steps on two devices of one accelerator, the RTL's and the simulator's:
// losses, predictions and the whole memory, to the bit, and cycles.
#ifndef BITTERN_RTL_STEP_TESTING_H_
#define BITTERN_RTL_STEP_TESTING_H_

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "accelerator/compiler/device_step.h"
#include "accelerator/simulator/simulated_device.h"
#include "data/encode.h"
#include "model/initial_values.h"
#include "model/inputs.h"
#include "model/testing/labels.h"
#include "model/training_step.h"

namespace bittern {

using Parameters = std::map<std::string, std::vector<float>>;

// A sentence in the model's numbers.
struct StepSentence {
  std::vector<uint16_t> ids;
  std::vector<int16_t> tags;
  int intent = 0;
};

// As a training begins.
inline Parameters InitialParameters(const Config& config) {
  const Graph graph = BuildStep(config, {.intent_on_every_token = true});
  Parameters parameters;
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.kind != TensorKind::kParameter) continue;
    parameters[tensor.name].resize(static_cast<size_t>(tensor.Elements(graph.tokens)));
  }
  SetInitialValues(config, graph,
                   [&](TensorId id) { return std::span<float>(parameters.at(graph.At(id).name)); });
  return parameters;
}

// Of all lengths; words, tags and intents at random, some of them missing.
inline std::vector<StepSentence> RandomSentences(const ModelConfig& model, size_t count) {
  std::mt19937 random(5);
  const auto below = [&](int limit) {
    return std::uniform_int_distribution<int>(0, limit - 1)(random);
  };
  std::vector<StepSentence> sentences(count);
  for (StepSentence& sentence : sentences) {
    const int tokens = 1 + below(model.tokens);
    const bool tagged = below(8) != 0;
    for (int t = 0; t < tokens; ++t) {
      sentence.ids.push_back(t == 0 ? uint16_t{kClassId}
                                    : static_cast<uint16_t>(below(model.vocabulary)));
      sentence.tags.push_back(tagged && t > 0 ? static_cast<int16_t>(below(model.tags)) : kNoLabel);
    }
    sentence.intent = below(8) != 0 ? below(model.intents) : kNoLabel;
  }
  return sentences;
}

// A graph on a device.
class GraphOnDevice {
 public:
  GraphOnDevice(const Config& config, StepKind kind, Recompute recompute, Device& device)
      : device_(device),
        step_(BuildStep(config,
                        {.kind = kind, .recompute = recompute, .intent_on_every_token = true}),
              device),
        writer_(config, step_.graph(), [&](TensorId id) { return step_.Integers(id); }) {}

  void Write(const Parameters& parameters) {
    for (const auto& [name, values] : parameters) step_.Write(step_.graph().Find(name), values);
  }
  Parameters Read() { return ReadAll(TensorKind::kParameter); }

  // The step's outputs: losses, or what the model predicts.
  Parameters Run(const StepSentence& sentence, uint64_t number) {
    StepInputs inputs;
    inputs.learning_rate = 0.01;
    inputs.dropout_key = 77 + number;
    writer_.Write(sentence.ids, TestLabels(sentence.tags, sentence.intent), true, inputs);
    step_.Run(inputs);
    cycles_ += device_.ReadCounters().cycles;
    return ReadAll(TensorKind::kOutput);
  }

  int64_t cycles() const { return cycles_; }  // of all runs

 private:
  Parameters ReadAll(TensorKind kind) {
    Parameters all;
    for (TensorId id = 0; id < std::ssize(step_.graph().tensors); ++id) {
      const Tensor& tensor = step_.graph().At(id);
      if (tensor.kind != kind) continue;
      std::vector<float>& values = all[tensor.name];
      values.resize(static_cast<size_t>(tensor.Elements(step_.graph().tokens)));
      step_.Read(id, values);
    }
    return all;
  }

  Device& device_;
  DeviceStep step_;
  InputWriter writer_;
  int64_t cycles_ = 0;
};

// NaNs are equal: every device reads them as one.
inline bool SameBits(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

inline void ExpectSameBits(const Parameters& rtl, const Parameters& simulator) {
  ASSERT_EQ(rtl.size(), simulator.size());
  for (const auto& [name, there] : simulator) {
    const std::vector<float>& here = rtl.at(name);
    ASSERT_EQ(here.size(), there.size());
    for (size_t i = 0; i < there.size(); ++i) {
      ASSERT_TRUE(SameBits(here[i], there[i]))
          << name << ' ' << i << ": " << here[i] << ", " << there[i] << " on the simulator";
    }
  }
}

// Every word that has been written on the simulator. Returns how many.
inline int64_t ExpectSameMemory(Device& rtl, SimulatedDevice& simulated) {
  int64_t words = 0;
  const auto& memory = simulated.simulator().state().memory;
  for (size_t r = 0; r < memory.size(); ++r) {
    const MemoryRegion& region = memory[r];
    const auto width = static_cast<size_t>(region.width);
    std::vector<float> word(width);
    for (int64_t w = 0; w < region.words; ++w) {
      if (region.written[static_cast<size_t>(w)] == 0) continue;
      const uint32_t address = static_cast<uint32_t>(r << kRegionShift) + static_cast<uint32_t>(w);
      rtl.ReadWords(address, word);
      for (size_t l = 0; l < width; ++l) {
        const float there = region.values[static_cast<size_t>(w) * width + l];
        if (SameBits(word[l], there)) continue;
        ADD_FAILURE() << "word " << w << " of region " << r << ", lane " << l << ": " << word[l]
                      << ", " << there << " on the simulator";
        return words;
      }
      ++words;
    }
  }
  return words;
}

struct StepComparison {
  Recompute recompute = Recompute::kGelu;
  bool same_cycles = true;
  size_t memory_every = 10;  // steps from one comparison of memory to the next
};

// A step a sentence, then the answers to the first ones. Returns the RTL's cycles of all steps.
inline int64_t CompareSteps(const Config& config, const Parameters& start,
                            const std::vector<StepSentence>& sentences, Device& rtl,
                            const StepComparison& how) {
  SimulatedDevice simulated(rtl.accelerator());
  Parameters trained;
  int64_t cycles = 0;
  {
    GraphOnDevice here(config, StepKind::kTraining, how.recompute, rtl);
    GraphOnDevice there(config, StepKind::kTraining, how.recompute, simulated);
    here.Write(start);
    there.Write(start);
    for (size_t i = 0; i < sentences.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "step " << i);
      ExpectSameBits(here.Run(sentences[i], i), there.Run(sentences[i], i));
      if (how.same_cycles) {
        EXPECT_EQ(here.cycles(), there.cycles());
      }
      if ((i + 1) % how.memory_every == 0 || i + 1 == sentences.size()) {
        EXPECT_GT(ExpectSameMemory(rtl, simulated), 0);
      }
      if (testing::Test::HasFailure()) return here.cycles();
    }
    if (!how.same_cycles) {
      EXPECT_GT(here.cycles(), there.cycles());
    }
    trained = here.Read();
    ExpectSameBits(trained, there.Read());
    cycles = here.cycles();
  }
  EXPECT_NE(trained, start);
  GraphOnDevice here(config, StepKind::kInference, how.recompute, rtl);
  GraphOnDevice there(config, StepKind::kInference, how.recompute, simulated);
  here.Write(trained);
  there.Write(trained);
  for (size_t i = 0; i < sentences.size() && i < 4; ++i) {
    SCOPED_TRACE(testing::Message() << "answer " << i);
    ExpectSameBits(here.Run(sentences[i], i), there.Run(sentences[i], i));
  }
  return cycles;
}

}  // namespace bittern

#endif  // BITTERN_RTL_STEP_TESTING_H_
