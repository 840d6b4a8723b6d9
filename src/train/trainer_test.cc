// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <vector>

#include "base/random.h"
#include "base/testing/errors.h"
#include "train/memory_budget.h"
#include "train/predictor.h"
#include "train/schedule.h"
#include "train/testing/runs.h"

namespace bittern {
namespace {

struct Killed {};  // thrown from an observer, it ends a run as a kill would

class TrainerTest : public TrainTest {
 protected:
  TrainOptions Options(const std::string& name, bool resume = false) const {
    return {.out = Path(name), .resume = resume, .save_every = 7, .log_every = 20};
  }

  // Every file of a run; times are taken out of the metrics.
  std::string Files(const std::string& name) const {
    std::istringstream lines(Bytes(Path(name + "/metrics.jsonl")));
    std::string files, line;
    while (std::getline(lines, line)) {
      auto json = nlohmann::ordered_json::parse(line);
      EXPECT_EQ(json.erase("seconds"), 1u);
      files += json.dump() + '\n';
    }
    return files + Bytes(Path(name + "/best.safetensors")) +
           Bytes(Path(name + "/last.safetensors"));
  }

  std::string Uninterrupted(const Config& config, const SplitSource& data) {
    Trainer trainer(config, data, Options("whole"));
    EXPECT_EQ(trainer.Run(), TrainStatus::kFinished);
    return Files("whole");
  }

  // Kills the run after each of `updates` (counted from each resumption) until it ends.
  void RunWithKills(const Config& config, const SplitSource& data,
                    const std::vector<int>& updates) {
    for (size_t i = 0;; ++i) {
      const bool started = FileExists(Path("killed/last.safetensors"));
      Trainer trainer(config, data, Options("killed", true));
      EXPECT_EQ(trainer.resumed(), started);
      int left = i < updates.size() ? updates[i] : -1;
      try {
        trainer.Run({.on_update = [&](const Progress&) {
          if (--left == 0) throw Killed();
        }});
        EXPECT_EQ(trainer.state().epoch, config.training.epochs);
        return;
      } catch (const Killed&) {
      }
    }
  }
};

TEST_F(TrainerTest, LearnsAndReports) {
  Config config = NanoConfig();
  config.training.epochs = 6;
  Trainer trainer(config, GeneratedData({300, 50, 1}), {.out = Path("run")});
  EXPECT_EQ(trainer.data().train_sentences, 300u);
  EXPECT_EQ(trainer.data().words, 64);
  const Split train = GeneratedData({300, 50, 1})("train");
  EXPECT_EQ(trainer.data().words_without_row, static_cast<int>(train.words().size()) - 61);
  ASSERT_EQ(trainer.data().labels.size(), 2u);
  EXPECT_EQ(trainer.data().labels[1].name, "tags");
  EXPECT_EQ(trainer.data().labels[1].count, trainer.config().model.tags);
  std::vector<EpochReport> reports;
  Progress last;
  trainer.Run({.on_update = [&](const Progress& progress) { last = progress; },
               .on_epoch = [&](const EpochReport& report) { reports.push_back(report); }});
  ASSERT_EQ(reports.size(), 6u);
  EXPECT_LT(reports.back().loss, 0.8 * reports.front().loss);
  EXPECT_LT(reports.back().valid.loss, reports.front().valid.loss);
  const Evaluation& valid = reports.back().valid;
  EXPECT_GT(*valid.Percent("token_accuracy"), 50);
  EXPECT_EQ(valid.best, (*valid.Percent("span_f1") + *valid.Percent("intent_accuracy")) / 2);
  EXPECT_EQ(last.epoch, 6);
  EXPECT_EQ(last.sentences_done, 300);
  EXPECT_EQ(last.updates, 1800);

  // best.safetensors is of the first epoch that had the largest figure.
  const auto best = std::ranges::max_element(
      reports, {}, [](const EpochReport& report) { return report.valid.best; });
  const CheckpointReader reader(trainer.best_path());
  EXPECT_EQ(reader.contents().state.epoch, best->epoch);
  EXPECT_EQ(reader.contents().state.best, best->valid.best);
}

TEST_F(TrainerTest, ResumesToTheSameBitsFromAnyUpdate) {
  const Config config = NanoConfig();
  const std::string whole = Uninterrupted(config, GeneratedData());
  // In the first steps, at a save, at the last update of an epoch, and at random.
  std::vector<int> kills = {1, 7, 8, 60};
  Random random(5);
  for (int i = 0; i < 8; ++i) kills.push_back(1 + static_cast<int>(random.UniformInt(15)));
  RunWithKills(config, GeneratedData(), kills);
  EXPECT_EQ(Files("killed"), whole);
}

TEST_F(TrainerTest, ResumesWithOptimizerStateBatchesAndPartialBatch) {
  for (const Optimizer optimizer : {Optimizer::kAdamW, Optimizer::kMomentum}) {
    Config config = NanoConfig();
    config.training.optimizer = optimizer;
    config.training.learning_rate = 0.003;
    config.training.schedule = Schedule::kCosine;
    config.training.warmup_epochs = 0.5;
    config.training.batch = 8;  // of 60: the last batch has 4
    config.training.clip = 1;
    config.training.clip_scope = ClipScope::kGlobal;
    const std::string whole = Uninterrupted(config, MixedData());
    RunWithKills(config, MixedData(), {1, 2, 5, 3});
    EXPECT_EQ(Files("killed"), whole) << Name(optimizer);
    std::filesystem::remove_all(Path("whole"));
    std::filesystem::remove_all(Path("killed"));
  }
}

// The files of a killed run may be of three generations: best newer than metrics, metrics newer
// than last.
TEST_F(TrainerTest, ResumesBetweenTheWritesOfAnEpochsEnd) {
  const Config config = NanoConfig();
  const std::string whole = Uninterrupted(config, GeneratedData());
  const auto kill_at = [&](int64_t update) {
    Trainer trainer(config, GeneratedData(), Options("killed", true));
    EXPECT_THROW(trainer.Run({.on_update =
                                  [&](const Progress& progress) {
                                    if (progress.updates == update) throw Killed();
                                  }}),
                 Killed);
  };
  kill_at(59);
  const std::string last_before = Bytes(Path("killed/last.safetensors"));
  const std::string metrics_before = Bytes(Path("killed/metrics.jsonl"));
  kill_at(61);
  ASSERT_NE(Bytes(Path("killed/last.safetensors")), last_before);
  ASSERT_TRUE(FileExists(Path("killed/best.safetensors")));
  // Killed after best: metrics and last are the old ones.
  WriteBytes(Path("killed/last.safetensors"), last_before);
  WriteBytes(Path("killed/metrics.jsonl"), metrics_before);
  kill_at(61);
  // Killed while the epoch's line was written.
  WriteBytes(Path("killed/last.safetensors"), last_before);
  const std::string metrics = Bytes(Path("killed/metrics.jsonl"));
  WriteBytes(Path("killed/metrics.jsonl"), metrics.substr(0, metrics.size() - 20));
  RunWithKills(config, GeneratedData(), {});
  EXPECT_EQ(Files("killed"), whole);
}

TEST_F(TrainerTest, StopSavesAndResumes) {
  Config config = NanoConfig();
  config.training.batch = 8;
  const std::string whole = Uninterrupted(config, GeneratedData());
  int stops = 0;
  while (true) {
    Trainer trainer(config, GeneratedData(), Options("killed", stops > 0));
    int updates = 0;
    const TrainStatus status = trainer.Run({.stop = [&] { return ++updates == 3; }});
    if (status == TrainStatus::kFinished) break;
    ++stops;
    const CheckpointReader last(trainer.last_path());
    EXPECT_EQ(last.contents().state, trainer.state());
    EXPECT_EQ(trainer.state().updates, 3 * stops);
  }
  EXPECT_EQ(stops, 5);  // 8 updates an epoch; the one after update 15 ends the run
  EXPECT_EQ(Files("killed"), whole);
}

TEST_F(TrainerTest, AFinishedRunStaysAsItIs) {
  const std::string whole = Uninterrupted(NanoConfig(), GeneratedData());
  Trainer trainer(NanoConfig(), GeneratedData(), Options("whole", true));
  EXPECT_EQ(trainer.Run(), TrainStatus::kFinished);
  EXPECT_EQ(Files("whole"), whole);
}

TEST_F(TrainerTest, ThreadsChangeNothing) {
  const std::string whole = Uninterrupted(NanoConfig(), GeneratedData());
  TrainOptions options = Options("killed");
  options.threads = 3;
  Trainer(NanoConfig(), GeneratedData(), options).Run();
  EXPECT_EQ(Files("killed"), whole);
}

TEST_F(TrainerTest, SeedsChangeEverything) {
  const auto last = [&](uint64_t seed) {
    Config config = NanoConfig();
    config.training.seed = seed;
    config.training.epochs = 1;
    Trainer trainer(config, GeneratedData(), Options(fmt::format("seed-{}", seed)));
    trainer.Run();
    return CheckpointReader(trainer.last_path()).ReadTensor("slot.head.weight");
  };
  EXPECT_NE(last(1), last(2));
}

TEST_F(TrainerTest, PaddingChangesNoNumberByMuch) {
  Config config = NanoConfig();
  const auto loss = [&](bool pad) {
    TrainOptions options = Options(pad ? "pad" : "exact");
    options.pad = pad;
    double result = 0;
    Trainer(config, GeneratedData(), options).Run({.on_epoch = [&](const EpochReport& report) {
      result = report.loss;
    }});
    return result;
  };
  EXPECT_NEAR(loss(true), loss(false), 1e-4);
}

// Without learning, equal sentences differ by their masks alone.
TEST_F(TrainerTest, EveryStepHasAMaskOfItsOwnAndItsLossIsLogged) {
  const SplitSource data = [](const std::string& name) {
    Split split;
    const std::vector<std::string_view> words = {"from", "here"};
    for (int i = 0; i < 10; ++i) split.Add(words, {}, i == 0 ? "come" : "go", name);
    return split;
  };
  Config config = NanoConfig();
  config.training.learning_rate = 0;
  config.training.word_dropout = config.training.rare_word_dropout = 0;
  TrainOptions options = Options("run");
  options.log_every = 3;
  std::set<double> losses;
  std::vector<EpochReport> reports;
  double before = 0;
  Trainer(config, data, options)
      .Run({.on_update =
                [&](const Progress& progress) {
                  const double sum = progress.loss * static_cast<double>(progress.sentences_done);
                  losses.insert(
                      std::round(1e6 * (sum - (progress.sentences_done > 1 ? before : 0))));
                  before = sum;
                },
            .on_epoch = [&](const EpochReport& report) { reports.push_back(report); }});
  EXPECT_EQ(losses.size(), 20u);
  EXPECT_EQ(reports[0].valid.best, reports[1].valid.best);
  EXPECT_TRUE(reports[0].best);
  EXPECT_FALSE(reports[1].best);  // of equal ones the earlier

  // Three lines and the epoch's, which has the tenth sentence too: each starts afresh.
  std::istringstream lines(Bytes(Path("run/metrics.jsonl")));
  std::string line;
  std::vector<double> logged;
  while (std::getline(lines, line)) logged.push_back(nlohmann::json::parse(line).at("loss"));
  ASSERT_EQ(logged.size(), 8u);
  for (size_t epoch = 0; epoch < 2; ++epoch) {
    const double* of = &logged[4 * epoch];
    EXPECT_EQ(of[3], reports[epoch].loss);
    const double tenth = 10 * of[3] - 3 * (of[0] + of[1] + of[2]);
    EXPECT_TRUE(losses.contains(std::round(1e6 * tenth)));
  }
}

TEST_F(TrainerTest, OneTaskAloneTrains) {
  for (const bool tags : {false, true}) {
    const SplitSource data = [&](const std::string& name) {
      Split split;
      const std::vector<std::string_view> words = {"from", "here", "to", "there"};
      const std::vector<std::string_view> labels = {"O", "B-from", "O", "B-to"};
      for (int i = 0; i < 10; ++i) {
        split.Add(words, tags ? labels : std::vector<std::string_view>(), tags ? "" : "go", name);
      }
      return split;
    };
    Trainer trainer(NanoConfig(), data, Options(tags ? "tags" : "intents"));
    EXPECT_EQ(trainer.config().model.intents, tags ? 0 : 1);
    EXPECT_EQ(trainer.config().model.tags, tags ? 3 : 0);
    double figure = -1;
    trainer.Run({.on_epoch = [&](const EpochReport& report) { figure = report.valid.best; }});
    EXPECT_GE(figure, 0);
  }
}

// Sentences of two words. The first decides their topic, and one in four is out of scope.
SplitSource Topics(bool trains_out_of_scope) {
  return [=](const std::string& name) {
    Split split;
    for (int i = 0; i < 40; ++i) {
      const bool out_of_scope = i % 4 == 3;
      if (out_of_scope && name == "train" && !trains_out_of_scope) continue;
      const std::string first = out_of_scope ? fmt::format("odd{}", i % 3)
                                : i % 4 == 0 ? "sun"
                                             : "sea";
      const std::string second = fmt::format("w{}", i % 5);
      const std::vector<std::string_view> words = {first, second};
      const std::string_view topic = out_of_scope ? std::string_view("oos") : first;
      const std::vector<FieldLabel> classes = {{"topic", topic},
                                               {"mood", i % 2 == 0 ? "good" : "bad"}};
      split.Add(words, {}, classes, name);
    }
    return split;
  };
}

TEST_F(TrainerTest, FieldsTrainAndRejectWhatIsOutOfScope) {
  for (const bool trained : {false, true}) {
    Config config = NanoConfig();
    config.model.classes = {{.name = "topic"}, {.name = "mood"}};
    SetFormat(Format::kDense, config.model);
    config.training.optimizer = Optimizer::kAdamW;
    config.training.learning_rate = 0.01;
    config.training.epochs = 8;
    config.training.dropout = config.training.word_dropout = 0;
    config.training.rare_word_dropout = 0;
    const std::string name = trained ? "with" : "without";
    Trainer trainer(config, Topics(trained), Options(name));
    EXPECT_EQ(trainer.config().model.classes[0].labels, trained ? 3 : 2);
    std::optional<EpochReport> best;
    trainer.Run({.on_epoch = [&](const EpochReport& report) {
      if (report.best) best = report;
    }});
    ASSERT_TRUE(best.has_value());
    EXPECT_EQ(best->valid.Percent("in_scope_accuracy", "topic"), 100);
    if (trained) {
      EXPECT_EQ(best->valid.Percent("out_of_scope_recall", "topic"), 100);
    }
    EXPECT_TRUE(best->valid.Percent("accuracy", "mood").has_value());

    // The checkpoint keeps the threshold, and evaluation and prediction obey it.
    CheckpointReader reader(trainer.best_path());
    const Config& read = reader.contents().config;
    const Lexicon& lexicon = reader.contents().lexicon;
    const Thresholds& thresholds = reader.contents().thresholds;
    ASSERT_TRUE(thresholds[2].has_value());
    EXPECT_FALSE(thresholds[3].has_value());
    EXPECT_EQ(best->valid.Percent("threshold", "topic"), 100 * *thresholds[2]);
    Evaluator evaluator(read, lexicon.labels, {}, 2);
    evaluator.Load(reader);
    EXPECT_EQ(evaluator.Evaluate(Encode(Topics(trained)("valid"), lexicon, read)), best->valid);
    Predictor predictor(trainer.best_path());
    const auto answer = ToJson(predictor.Predict("sun w0", "")).at("tasks");
    EXPECT_EQ(answer.at("topic").at("label"), "sun");
    EXPECT_TRUE(answer.at("mood").at("probability").is_number());
    if (trained) {
      EXPECT_TRUE(
          ToJson(predictor.Predict("odd0 w3", "")).at("tasks").at("topic").at("label").is_null());
    }
  }
}

TEST_F(TrainerTest, FieldsResumeToTheSameBits) {
  Config config = NanoConfig();
  config.model.classes = {{.name = "mood"}, {.name = "topic"}};
  const std::string whole = Uninterrupted(config, Topics(true));
  EXPECT_TRUE(Mentions(whole, {"\"tasks\":{\"mood\":{\"accuracy\":", "\"threshold\":"}));
  RunWithKills(config, Topics(true), {5, 23, 40, 3});
  EXPECT_TRUE(Files("killed") == whole);
}

TEST_F(TrainerTest, ANotFiniteLossStopsAndKeepsTheLastGoodState) {
  Config config = NanoConfig();
  config.training.learning_rate = 1e6;
  Trainer trainer(config, GeneratedData(), Options("run"));
  const std::string message = ErrorOf([&] { trainer.Run(); });
  const TrainingState& state = trainer.state();
  ASSERT_LT(state.place, 60);
  std::vector<uint32_t> order(60);
  ShuffledOrder(config.training.seed, 0, order);
  const uint32_t index = order[static_cast<size_t>(state.place)];
  const Split train = GeneratedData()("train");
  const std::string first(train.words()[train[index].words[0]]);
  EXPECT_TRUE(Mentions(message, {fmt::format("epoch 1, update {}, at sentence {} of train ('",
                                             state.updates + 1, index + 1),
                                 trainer.last_path(), "learning_rate"}));
  EXPECT_TRUE(message.find("('" + first) != message.npos || message.find("('[UNK]") != message.npos)
      << message;
  CheckpointReader last(trainer.last_path());
  EXPECT_EQ(last.contents().state.updates, state.updates / 7 * 7);
  EXPECT_LT(last.contents().state.updates, state.updates);
  for (const Tensor& tensor :
       trainer.runner().graph().tensors) {  // reading refuses what is not finite
    if (tensor.kind != TensorKind::kParameter) continue;
    EXPECT_FALSE(last.ReadTensor(tensor.name).empty());
  }
}

TEST_F(TrainerTest, AParameterThatIsNotFiniteStopsAfterItsUpdate) {
  Config config = NanoConfig();
  // The head alone, 1e18 times as large after every update; the loss stays a number until then.
  config.training.learning_rate = config.training.decay = 1e6;
  config.training.schedule = Schedule::kConstant;
  config.training.rates = {{"*", 0}, {"intent.head.weight", 1e6}};
  TrainOptions options = Options("run");
  options.save_every = 1;
  Trainer trainer(config, GeneratedData(), options);
  const std::string message = ErrorOf([&] { trainer.Run(); });
  EXPECT_TRUE(Mentions(message, {fmt::format("epoch 1, after update {}: ", trainer.state().updates),
                                 " holds ", trainer.last_path()}));
  EXPECT_EQ(message.find("sentence"), message.npos) << message;
  EXPECT_EQ(CheckpointReader(trainer.last_path()).contents().state.updates,
            trainer.state().updates - 1);
}

TEST_F(TrainerTest, RefusesToStartOverARun) {
  Uninterrupted(NanoConfig(), GeneratedData());
  const std::string before = Files("whole");
  EXPECT_TRUE(Mentions(ErrorOf([&] { Trainer(NanoConfig(), GeneratedData(), Options("whole")); }),
                       {Path("whole") + ": this directory already holds a run"}));
  EXPECT_EQ(Files("whole"), before);
}

// Two are started at once: the other one gets as far as its first checkpoint, or to its end, while
// this one reads its data.
TEST_F(TrainerTest, RefusesARunThatWasStartedMeanwhile) {
  for (const bool ended : {false, true}) {
    const std::string name = ended ? "ended" : "running";
    Config other_config = NanoConfig();
    other_config.training.seed = 2;
    std::unique_ptr<Trainer> other;
    std::string last;
    const SplitSource data = [&](const std::string& split) {
      if (last.empty()) {
        other = std::make_unique<Trainer>(other_config, GeneratedData(), Options(name));
        if (ended) other.reset();
        last = Bytes(Path(name + "/last.safetensors"));
      }
      return GeneratedData()(split);
    };
    EXPECT_TRUE(Mentions(ErrorOf([&] { Trainer(NanoConfig(), data, Options(name)); }),
                         {Path(name), ended ? "already holds a run" : "another process"}));
    EXPECT_EQ(Bytes(Path(name + "/last.safetensors")), last);
  }
}

TEST_F(TrainerTest, RefusesToResumeWhatIsNotTheSame) {
  Uninterrupted(NanoConfig(), GeneratedData());
  const auto message = [&](const Config& config, const SplitSource& data, TrainOptions options) {
    options.out = Path("whole");
    options.resume = true;
    return ErrorOf([&] { Trainer(config, data, options); });
  };
  Config config = NanoConfig();
  config.training.learning_rate = 0.25;
  EXPECT_TRUE(Mentions(message(config, GeneratedData(), {}),
                       {"learning_rate = 0.05", "[training]", "learning_rate = 0.25"}));
  config = NanoConfig();
  config.order = Order::kBtt;
  EXPECT_TRUE(Mentions(message(config, GeneratedData(), {}), {"optimal", "btt"}));
  config = NanoConfig();
  config.name = "renamed";
  EXPECT_EQ(message(config, GeneratedData(), {}), "no error");
  EXPECT_TRUE(Mentions(message(NanoConfig(), GeneratedData({60, 20, 20}, 2), {}),
                       {"the sentences of train or valid"}));
  EXPECT_TRUE(Mentions(message(NanoConfig(), GeneratedData({60, 19, 20}), {}), {"sentences"}));
  EXPECT_TRUE(Mentions(message(NanoConfig(), GeneratedData(), {.pad = true}),
                       {"it was started without padding to all tokens"}));
  EXPECT_EQ(message(NanoConfig(), GeneratedData(), {.memory = int64_t{1} << 30}), "no error");
  // A byte less than the run takes; its configuration has the data's numbers of labels.
  const Config trained = CheckpointReader(Path("whole/last.safetensors")).contents().config;
  const int64_t less = StepBytes(trained, Recompute::kElementwise) - 1;
  EXPECT_TRUE(Mentions(message(NanoConfig(), GeneratedData(), {.memory = less}),
                       {"it recomputes elementwise, but the budget given now asks for",
                        std::string(Name(ChooseRecompute(trained, less)))}));
}

TEST_F(TrainerTest, RefusesASecondProcess) {
  Trainer first(NanoConfig(), GeneratedData(), Options("run"));
  EXPECT_TRUE(
      Mentions(ErrorOf([&] { Trainer(NanoConfig(), GeneratedData(), Options("run", true)); }),
               {"metrics.jsonl", "another process"}));
}

TEST_F(TrainerTest, ADirectoryThatCannotBeWrittenIsAnError) {
  WriteBytes(Path("file"), "");
  EXPECT_TRUE(
      Mentions(ErrorOf([&] { Trainer(NanoConfig(), GeneratedData(), Options("file/out")); }),
               {Path("file")}));
}

TEST_F(TrainerTest, MoreTextThanACheckpointTakesLeavesNothingBehind) {
  const SplitSource data = [](const std::string& name) {
    Split split;
    const std::vector<std::string_view> words = {"here"};
    for (int i = 0; i < 4200; ++i) split.Add(words, {}, fmt::format("{:0>999}", i), name);
    return split;
  };
  EXPECT_TRUE(Mentions(ErrorOf([&] { Trainer(NanoConfig(), data, Options("run")); }),
                       {"last.safetensors: not written", "4194304", "labels"}));
  EXPECT_FALSE(DirectoryExists(Path("run")));
}

// Nothing of an attempt that failed stands in the way of the next one.
TEST_F(TrainerTest, AStartThatCannotSaveLeavesNoRun) {
  MakeDirectories(Path("run/last.safetensors.tmp"));
  EXPECT_TRUE(Mentions(ErrorOf([&] { Trainer(NanoConfig(), GeneratedData(), Options("run")); }),
                       {"last.safetensors"}));
  std::filesystem::remove(Path("run/last.safetensors.tmp"));
  EXPECT_TRUE(std::filesystem::is_empty(Path("run")));
  EXPECT_EQ(ErrorOf([&] { Trainer(NanoConfig(), GeneratedData(), Options("run")); }), "no error");
}

TEST_F(TrainerTest, BudgetTooSmallLeavesNothingBehind) {
  TrainOptions options = Options("run");
  options.memory = 1000;
  EXPECT_TRUE(Mentions(ErrorOf([&] { Trainer(NanoConfig(), GeneratedData(), options); }),
                       {"budget of 1000 bytes", "smallest"}));
  EXPECT_FALSE(DirectoryExists(Path("run")));
}

}  // namespace
}  // namespace bittern
