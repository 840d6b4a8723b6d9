// One sentence through a trained model: intent and tags. What evaluation and prediction share.
//
// An Inference has a runner of its own (on the engine: parameters and activations, about 1.8 MB for
// two encoders), and is for one thread. Parameters come from a checkpoint or from a running
// training step, by name. On the engine it allocates nothing per sentence.
#ifndef BITTERN_TRAIN_INFERENCE_H_
#define BITTERN_TRAIN_INFERENCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/decode.h"
#include "model/config.h"
#include "model/inputs.h"
#include "train/checkpoint.h"
#include "train/step_runner.h"

namespace bittern {

enum class Decoding {
  kBio,     // the best sequence in which I-x stands only after B-x or I-x
  kArgMax,  // each word on its own
};
std::string_view Name(Decoding decoding);  // "bio", "argmax"
// Fails on any other name; `field` is the place that the message names.
Decoding ParseDecoding(std::string_view name, std::string_view field);

class Inference {
 public:
  // `device` as MakeStepRunner's.
  Inference(const Config& config, const Labels& labels, Decoding decoding,
            const std::string& device = kCpu);

  const StepRunner& runner() const { return *runner_; }

  void Load(CheckpointReader& checkpoint);
  void CopyParameters(const Graph& graph, const TensorValues& values);

  // [CLS] and at most tokens - 1 words. The results below are of the latest run.
  void Run(std::span<const uint16_t> ids);

  // kNoLabel without the task.
  int intent() const { return intent_; }
  // Of the intent answered; 0 without the task.
  double intent_probability();
  // Of the words behind [CLS]; empty without the task.
  std::span<const int16_t> tags() const { return std::span(tags_).first(answered_tags_); }
  // The loss without smoothing, in float64, weighted as in training for one sentence. Labels as in
  // EncodedSentence; nothing to learn from: 0.
  double Loss(std::span<const int16_t> tags, int intent);

 private:
  Config config_;
  std::unique_ptr<StepRunner> runner_;
  InputWriter writer_;
  std::optional<BioDecoder> bio_;
  TensorId intent_logits_, slot_logits_;
  StepInputs inputs_;
  int intent_ = kNoLabel;
  std::vector<float> intent_values_;  // [intents]: the logits of the whole sentence
  std::vector<int16_t> tags_;         // [tokens]
  size_t answered_tags_ = 0;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_INFERENCE_H_
