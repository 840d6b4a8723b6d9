// SPDX-License-Identifier: Apache-2.0
#include "train/inference.h"

#include <numeric>

#include "base/testing/errors.h"
#include "cpu/executor.h"
#include "model/initial_values.h"
#include "model/training_step.h"
#include "train/evaluator.h"
#include "train/memory_budget.h"
#include "train/predictor.h"
#include "train/testing/runs.h"

namespace bittern {
namespace {

// A run over the small corpus.
class InferenceTest : public TrainTest {
 protected:
  std::string Train(Config config, const SplitSource& data = GeneratedData()) {
    Trainer trainer(std::move(config), data, {.out = Path("run")});
    trainer.Run();
    return trainer.last_path();
  }
  EncodedSplit Test(const CheckpointReader& reader) {
    return Encode(GeneratedData()("test"), reader.contents().lexicon, reader.contents().config);
  }
};

// Inference's loss comes from its logits, a training step's from its cross-entropy operations.
TEST_F(InferenceTest, LossIsThatOfATrainingStep) {
  for (const SlotLoss slot_loss : {SlotLoss::kMean, SlotLoss::kSum}) {
    Config config = NanoConfig();
    config.training.slot_loss = slot_loss;
    config.training.slot_weight = 0.3;
    config.training.dropout = 0;
    config.training.intent_weight = 0.7;
    const Split text = GeneratedData()("train");
    const Lexicon lexicon = BuildLexicon(config, text);
    SetLabels(lexicon.labels, config);
    const EncodedSplit train = Encode(text, lexicon, config);

    Executor step(BuildStep(config, {.kind = StepKind::kGradients}), kColumnGroup);
    const TensorValues values = [&](TensorId id) { return step.Values(id); };
    SetInitialValues(config, step.graph(), values);
    InputWriter writer(config, step.graph(), [&](TensorId id) { return step.Integers(id); });
    Inference inference(config, lexicon.labels, {});
    inference.CopyParameters(step.graph(), values);
    StepInputs inputs;
    for (size_t i = 0; i < train.size(); ++i) {
      const EncodedSentence sentence = train[i];
      writer.Write(sentence.ids, sentence.labels, false, inputs);
      step.Run(inputs);
      const auto slots = step.Values(step.graph().Find("loss.slot")).first(sentence.ids.size());
      const double expected =
          std::accumulate(slots.begin(), slots.end(),
                          static_cast<double>(step.Values(step.graph().Find("loss.intent"))[0]));
      inference.Run(sentence.ids);
      EXPECT_NEAR(inference.Loss(sentence.labels), expected, 1e-5 * expected);
    }
  }
}

TEST_F(InferenceTest, EvaluationIsTheSameForAnyNumberOfThreads) {
  CheckpointReader reader(Train(NanoConfig()));
  const EncodedSplit test = Test(reader);
  const auto evaluate = [&](int threads, Decoding decoding) {
    Evaluator evaluator(reader.contents().config, reader.contents().lexicon.labels,
                        {.decoding = decoding}, threads);
    evaluator.Load(reader);
    return evaluator.Evaluate(test);
  };
  const Evaluation one = evaluate(1, Decoding::kBio), three = evaluate(3, Decoding::kBio);
  EXPECT_EQ(one, three);
  EXPECT_EQ(one.figures.back().key, "sentence_accuracy");
  EXPECT_EQ(one.figures.back().counted, test.size());
  EXPECT_EQ(evaluate(1, Decoding::kArgMax).loss, one.loss);
}

TEST_F(InferenceTest, PredictsWhatItLearnt) {
  const SplitSource data = [](const std::string& name) {
    Split split;
    const std::vector<std::string_view> go = {"from", "new", "york", "to", "rome"},
                                        stay = {"rooms", "in", "rome"};
    for (int i = 0; i < 40; ++i) {
      split.Add(go, std::vector<std::string_view>{"O", "B-from", "I-from", "O", "B-to"}, "go",
                name);
      split.Add(stay, std::vector<std::string_view>{"O", "O", "B-place"}, "stay", name);
    }
    return split;
  };
  Config config = NanoConfig();
  config.training.epochs = 10;
  config.training.dropout = 0;
  Predictor predictor(Train(config, data));

  const Prediction prediction = predictor.Predict("From  New York\tto Rome", "line 1");
  EXPECT_EQ(prediction.words, (std::vector<std::string>{"From", "New", "York", "to", "Rome"}));
  const auto json = ToJson(prediction);
  EXPECT_EQ(json.at("intent"), "go");
  const double probability = json.at("intent_probability");
  EXPECT_GT(probability, 0.9);
  EXPECT_LE(probability, 1);
  EXPECT_EQ(json.at("tags").dump(), R"(["O","B-from","I-from","O","B-to"])");
  ASSERT_EQ(json.at("slots").size(), 2u);
  EXPECT_EQ(json.at("slots")[0].dump(), R"({"type":"from","text":"New York","first":1,"last":2})");
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"tokens", "tags", "intent", "intent_probability",
                                            "slots", "tasks"}));
  EXPECT_EQ(json.at("tasks").at("intent").at("label"), "go");
  EXPECT_EQ(json.at("tasks").at("intent").at("probability"), probability);
  EXPECT_EQ(json.at("tasks").at("intent").at("top")[0].at("probability"), probability);
  EXPECT_EQ(prediction.unknown_words, 0);
  EXPECT_EQ(ToJson(predictor.Predict("rooms in rome", "")).at("intent"), "stay");

  // [CLS] and 15 words fit.
  std::string text = "paris";
  for (int i = 0; i < 19; ++i) text += " rome";
  const Prediction cut = predictor.Predict(text, "");
  EXPECT_EQ(cut.cut_off_words, 5);
  EXPECT_EQ(cut.unknown_words, 1);
  EXPECT_EQ(ToJson(cut).at("tags").size(), 20u);
  EXPECT_EQ(ToJson(cut).at("tags").back(), "O");

  EXPECT_TRUE(Mentions(ErrorOf([&] { predictor.Predict(" \t ", "line 3"); }), {"line 3", "words"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { predictor.Predict("a \xff", "line 4"); }),
                       {"line 4: invalid UTF-8 at byte 3"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { predictor.Predict("a\x01", "x"); }), {"control character"}));
}

TEST_F(InferenceTest, CapitalsAreKeptWhereTheVocabularyHasThem) {
  const SplitSource data = [](const std::string& name) {
    Split split;
    const std::vector<std::string_view> words = {"Rome", "now"};
    split.Add(words, {}, "go", name);
    return split;
  };
  Predictor predictor(Train(NanoConfig(), data));
  EXPECT_EQ(predictor.Predict("Rome now", "").unknown_words, 0);
  EXPECT_EQ(predictor.Predict("rome Now", "").unknown_words, 2);
  EXPECT_FALSE(ToJson(predictor.Predict("Rome", "")).contains("tags"));
}

TEST(ParseDecoding, KnowsItsNames) {
  EXPECT_EQ(ParseDecoding("bio", "--decode"), Decoding::kBio);
  EXPECT_EQ(ParseDecoding("argmax", "--decode"), Decoding::kArgMax);
  EXPECT_TRUE(Mentions(ErrorOf([] { ParseDecoding("argmx", "--decode"); }),
                       {"--decode: found 'argmx'", "did you mean 'argmax'"}));
}

TEST(ChooseRecompute, TakesTheFastestThatFits) {
  const Config config = LoadConfig("atis-2enc-plain");
  EXPECT_EQ(ChooseRecompute(config, {}), Recompute::kElementwise);
  int64_t least = StepBytes(config, Recompute::kElementwise);
  EXPECT_EQ(ChooseRecompute(config, least), Recompute::kElementwise);
  for (const Recompute recompute : kRecomputes) {
    const int64_t bytes = StepBytes(config, recompute);
    const Recompute chosen = ChooseRecompute(config, bytes);
    EXPECT_LE(static_cast<int>(chosen), static_cast<int>(recompute)) << Name(recompute);
    EXPECT_LE(StepBytes(config, chosen), bytes) << Name(recompute);
    least = std::min(least, bytes);
  }
  EXPECT_LT(least, StepBytes(config, Recompute::kElementwise));
  EXPECT_TRUE(Mentions(ErrorOf([&] { ChooseRecompute(config, least - 1); }),
                       {fmt::format("budget of {} bytes", least - 1), "atis-2enc-plain",
                        fmt::format("{} bytes", least)}));
}

TEST(StepBytes, OfThePapersModelsFitTheStatedMemory) {
  EXPECT_LE(StepBytes(LoadConfig("atis-2enc"), Recompute::kElementwise), 4'000'000);
  EXPECT_LE(StepBytes(LoadConfig("atis-2enc"), Recompute::kHalf), 2'600'000);
  EXPECT_LE(StepBytes(LoadConfig("atis-6enc"), Recompute::kHalf), 4'500'000);
  EXPECT_LE(StepBytes(LoadConfig("atis-6enc"), Recompute::kEncoder), 4'500'000);
}

TEST(StepBytes, IsWhatTheExecutorTakes) {
  const Config config = LoadConfig("nano");
  for (const Recompute recompute : kRecomputes) {
    const Executor executor(BuildStep(config, {.recompute = recompute}), kColumnGroup);
    EXPECT_EQ(StepBytes(config, recompute), executor.arena_bytes());
  }
}

}  // namespace
}  // namespace bittern
