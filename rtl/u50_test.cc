// SPDX-License-Identifier: Apache-2.0
// The 2-encoder model's training step on the RTL of the u50, from a checkpoint of some hundred
// sentences of ATIS (where it is not at hand, of the generated corpus): one step, then a hundred.
//
// Minutes and hours of one processor, so slow tests; they print what they take.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "data/corpus_generator.h"
#include "data/dataset.h"
#include "data/source.h"
#include "data/testing/splits.h"
#include "rtl_device.h"
#include "step_testing.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

namespace bittern {
namespace {

constexpr int kUpdates = 300;  // of the engine, before

class RtlU50 : public testing::Test {
 protected:
  RtlU50() {
    const std::string atis = AtisDirectory();
    std::printf("data: %s\n", atis.empty() ? "generated (BITTERN_ATIS names ATIS)" : "ATIS");
    data_ = [directory = atis](const std::string& name) {
      if (!directory.empty()) return ReadSplit(directory, name);
      Corpus corpus = GenerateCorpus(1, {400, 20, 20});
      return name == "train" ? std::move(corpus.train) : std::move(corpus.valid);
    };
    directory_ = testing::TempDir() + "bittern-u50-" + std::to_string(getpid());
    std::filesystem::remove_all(directory_);
    Config config = LoadConfig("atis-2enc");
    TrainOptions options;
    options.out = directory_ + "/run";
    Trainer trainer(std::move(config), data_, std::move(options));
    int updates = 0;
    trainer.Run({.stop = [&] { return ++updates == kUpdates; }});
    path_ = trainer.last_path();
  }
  ~RtlU50() override { std::filesystem::remove_all(directory_); }

  // The checkpoint's parameters, and its run's next sentences.
  void Compare(size_t steps) {
    CheckpointReader checkpoint(path_);
    const Checkpoint& model = checkpoint.contents();
    Parameters parameters = InitialParameters(model.config);
    for (auto& [name, values] : parameters) values = checkpoint.ReadTensor(name);
    const EncodedSplit split = Encode(data_("train"), model.lexicon, model.config);
    std::vector<StepSentence> sentences;
    for (size_t i = 0; i < steps; ++i) {
      const EncodedSentence sentence = split[(kUpdates + i) % split.size()];
      const LabelSpan intent = sentence.labels[0], tags = sentence.labels[1];
      StepSentence step{.ids = {sentence.ids.begin(), sentence.ids.end()},
                        .tags = {kNoLabel},
                        .intent = intent.empty() ? kNoLabel : intent[0]};
      step.tags.insert(step.tags.end(), tags.begin(), tags.end());
      sentences.push_back(std::move(step));
    }
    const std::unique_ptr<RtlDevice> rtl = MakeRtlU50();
    const auto begin = std::chrono::steady_clock::now();
    // Every word of memory at the end; losses and cycles of each step.
    const int64_t cycles =
        CompareSteps(model.config, parameters, sentences, *rtl, {.memory_every = steps});
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%zu steps: %lld cycles; %.0f s, all that is compared included\n", steps,
                static_cast<long long>(cycles), seconds);
  }

 private:
  SplitSource data_;
  std::string directory_, path_;
};

TEST_F(RtlU50, OneStep) { Compare(1); }
TEST_F(RtlU50, HundredSteps) { Compare(100); }

}  // namespace
}  // namespace bittern
