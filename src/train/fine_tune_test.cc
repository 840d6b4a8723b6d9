// SPDX-License-Identifier: Apache-2.0
#include "train/fine_tune.h"

#include <algorithm>

#include "base/testing/errors.h"
#include "train/evaluator.h"
#include "train/testing/runs.h"

namespace bittern {
namespace {

// Requests that the generated corpus does not have: a new intent, a new slot, new words.
SplitSource NewRequests() {
  return [](const std::string& name) {
    Split split;
    const std::vector<std::string_view> instruments = {"violin", "cello", "harp", "drum", "flute"};
    for (size_t i = 0; i < 50; ++i) {
      const std::string_view instrument = instruments[i % instruments.size()];
      const std::vector<std::string_view> words = {"carry", "my", instrument, "please"};
      split.Add(words, std::vector<std::string_view>{"O", "O", "B-instrument", "O"},
                "carry_instrument", name);
    }
    return split;
  };
}

class FineTuneTest : public TrainTest {
 protected:
  static Evaluation Evaluate(const std::string& checkpoint, const Split& split) {
    CheckpointReader reader(checkpoint);
    const Config& config = reader.contents().config;
    const Lexicon& lexicon = reader.contents().lexicon;
    Evaluator evaluator(config, lexicon.labels, {}, 1);
    evaluator.Load(reader);
    return evaluator.Evaluate(Encode(split, lexicon, config));
  }
};

TEST_F(FineTuneTest, ConfigurationTakesTheModelAndTheTraining) {
  Checkpoint checkpoint;
  checkpoint.config = NanoConfig();
  checkpoint.config.model.encoders = 3;
  checkpoint.config.fine_tuning.epochs = 9;
  const Config own = FineTuningConfig(checkpoint);
  EXPECT_EQ(own.model, checkpoint.config.model);
  EXPECT_EQ(own.training.epochs, 9);
  Config given = LoadConfig("atis-2enc");
  given.fine_tuning.epochs = 11;
  given.order = Order::kBtt;
  const Config other = FineTuningConfig(checkpoint, &given);
  EXPECT_EQ(other.model, checkpoint.config.model);
  EXPECT_EQ(other.training.epochs, 11);
  EXPECT_EQ(other.order, Order::kBtt);
}

TEST_F(FineTuneTest, OldParametersStayAndHeadsGrow) {
  Config config = NanoConfig();
  config.model.vocabulary = 1000;
  config.model.embedding = AutomaticEmbedding(1000, 32, 4, "x");
  Trainer old(config, GeneratedData(), {.out = Path("old")});
  old.Run();
  CheckpointReader before(old.last_path());
  const Checkpoint& checkpoint = before.contents();
  Trainer trainer(FineTuningConfig(checkpoint), NewRequests(),
                  {.out = Path("new"), .from = old.last_path()});
  ASSERT_EQ(trainer.data().labels.size(), 2u);
  for (const LabelCount& task : trainer.data().labels) EXPECT_EQ(task.added, 1) << task.name;
  EXPECT_GE(trainer.data().new_words, 5);
  CheckpointReader after(trainer.last_path());  // written at the start
  EXPECT_EQ(after.contents().state.updates, 0);

  const auto& old_tags = checkpoint.lexicon.labels[1].names();
  const auto& new_tags = after.contents().lexicon.labels[1].names();
  ASSERT_EQ(new_tags.size(), old_tags.size() + 1);
  EXPECT_TRUE(std::equal(old_tags.begin(), old_tags.end(), new_tags.begin()));
  EXPECT_EQ(new_tags.back(), "B-instrument");
  for (const char* name : {"embedding.word.core.1", "encoder.0.feed_forward.inner.core.2",
                           "slot.map.bias", "embedding.position"}) {
    EXPECT_EQ(after.ReadTensor(name), before.ReadTensor(name)) << name;
  }
  for (const std::string name : {"slot.head.weight", "intent.head.weight", "slot.head.bias"}) {
    const std::vector<float> was = before.ReadTensor(name), is = after.ReadTensor(name);
    ASSERT_EQ(is.size(), was.size() + (name.ends_with(".bias") ? 1 : 32));
    EXPECT_TRUE(std::equal(was.begin(), was.end(), is.begin())) << name;
  }
  const std::vector<float> bias = after.ReadTensor("slot.head.bias");
  EXPECT_EQ(bias.back(), *std::min_element(bias.begin(), bias.end() - 1));
}

// A dense model: a tensor model this narrow learns too little that it could forget.
TEST_F(FineTuneTest, LearnsTheNewAndKeepsTheOld) {
  Config config = LoadConfig("nano");
  config.model.vocabulary = 1000;
  SetFormat(Format::kDense, config.model);
  config.training.epochs = 8;
  config.training.slot_loss = SlotLoss::kSum;
  config.training.slot_weight = 2.0 / 11;
  config.fine_tuning = config.training;
  config.fine_tuning.epochs = 30;
  config.fine_tuning.learning_rate = 0.01;
  const SplitSource data = GeneratedData({1500, 100, 300});
  Trainer old(config, data, {.out = Path("old")});
  old.Run();
  const double before = *Evaluate(old.last_path(), data("test")).Percent("span_f1");
  ASSERT_GT(before, 60);

  CheckpointReader reader(old.last_path());
  Trainer trainer(FineTuningConfig(reader.contents()), NewRequests(),
                  {.out = Path("new"), .from = old.last_path()});
  trainer.Run();
  const Evaluation learnt = Evaluate(trainer.best_path(), NewRequests()("test"));
  EXPECT_EQ(*learnt.Percent("intent_accuracy"), 100);
  EXPECT_EQ(*learnt.Percent("span_f1"), 100);
  const double after = *Evaluate(trainer.best_path(), data("test")).Percent("span_f1");
  EXPECT_GT(after, before - 2);
}

TEST_F(FineTuneTest, ResumesToTheSameBits) {
  Trainer old(NanoConfig(), GeneratedData(), {.out = Path("old")});
  old.Run();
  CheckpointReader reader(old.last_path());
  const Config config = FineTuningConfig(reader.contents());
  const TrainOptions whole = {.out = Path("whole"), .from = old.last_path()};
  Trainer(config, NewRequests(), whole).Run();
  TrainOptions stopped = whole;
  stopped.out = Path("stopped");
  Trainer(config, NewRequests(), stopped).Run({.stop = [] { return true; }});
  stopped.resume = true;
  Trainer(config, NewRequests(), stopped).Run();
  EXPECT_EQ(Bytes(Path("stopped/last.safetensors")), Bytes(Path("whole/last.safetensors")));
}

TEST_F(FineTuneTest, ATaskThatIsNewIsAdded) {
  const SplitSource intents_alone = [](const std::string& name) {
    Split split;
    const std::vector<std::string_view> words = {"carry", "it"};
    split.Add(words, {}, "carry", name);
    return split;
  };
  Trainer old(NanoConfig(), intents_alone, {.out = Path("old")});
  EXPECT_EQ(old.config().model.tags, 0);
  Config config = FineTuningConfig(CheckpointReader(old.last_path()).contents());
  config.training.epochs = 1;
  Trainer trainer(config, NewRequests(), {.out = Path("new"), .from = old.last_path()});
  EXPECT_EQ(trainer.config().model.tags, 2);
  EXPECT_EQ(trainer.config().model.intents, 2);
  EXPECT_EQ(trainer.Run(), TrainStatus::kFinished);
}

}  // namespace
}  // namespace bittern
