// Training through a simulated accelerator: the same run as on the engine, but for rounding.

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "base/testing/errors.h"
#include "train/testing/runs.h"

namespace bittern {
namespace {

constexpr char kSimulator[] = "sim:nano";

class DeviceTraining : public TrainTest {
 protected:
  TrainOptions Options(const std::string& name, const std::string& device) const {
    return {.out = Path(name), .resume = true, .device = device, .save_every = 7, .log_every = 1};
  }

  // Goes on with the run `name` on `device`, for `updates` or to its end.
  void Run(const std::string& name, const std::string& device, int updates = -1) {
    Trainer trainer(NanoConfig(), GeneratedData(), Options(name, device));
    trainer.Run({.stop = [&] { return --updates == 0; }});
  }

  void Copy(const std::string& from, const std::string& to) {
    std::filesystem::copy(Path(from), Path(to), std::filesystem::copy_options::recursive);
  }

  std::vector<double> Losses(const std::string& name) const {
    std::istringstream lines(Bytes(Path(name + "/metrics.jsonl")));
    std::vector<double> losses;
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json["kind"] == "progress") losses.push_back(json["loss"]);
    }
    return losses;
  }

  std::string Checkpoints(const std::string& name) const {
    return Bytes(Path(name + "/best.safetensors")) + Bytes(Path(name + "/last.safetensors"));
  }
};

void ExpectClose(const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_NEAR(a[i], b[i], tolerance * std::fabs(b[i])) << "sentence " << i;
  }
}

// Dropout and word dropout are on: their masks are the same.
TEST_F(DeviceTraining, LosesAsTheEngineDoes) {
  Run("cpu", kCpu);
  Run("sim", kSimulator);
  ASSERT_EQ(Losses("cpu").size(), 120u);
  ExpectClose(Losses("sim"), Losses("cpu"), 1e-3);
}

TEST_F(DeviceTraining, ResumesToTheSameBits) {
  Run("whole", kSimulator);
  for (const int updates : {1, 6, 60, 20}) Run("parts", kSimulator, updates);
  Run("parts", kSimulator);
  EXPECT_EQ(Checkpoints("parts"), Checkpoints("whole"));
}

TEST_F(DeviceTraining, ResumesOnAnotherDevice) {
  Run("cpu", kCpu);
  Run("a", kCpu, 40);
  Copy("a", "b");
  Run("a", kSimulator);
  ExpectClose(Losses("a"), Losses("cpu"), 1e-3);
  // The same bits whenever it is done, in one go or in two with the engine's bits at the start.
  Run("b", kSimulator, 30);
  Run("b", kSimulator);
  EXPECT_EQ(Checkpoints("b"), Checkpoints("a"));

  Run("c", kSimulator, 40);
  Run("c", kCpu);
  ExpectClose(Losses("c"), Losses("cpu"), 1e-3);
}

// Figures and losses of a trained model, by the engine and by a program for inference.
TEST_F(DeviceTraining, EvaluatesAsTheEngineDoes) {
  Run("cpu", kCpu);
  CheckpointReader checkpoint(Path("cpu/last.safetensors"));
  const Checkpoint& model = checkpoint.contents();
  const EncodedSplit split = Encode(GeneratedData()("test"), model.lexicon, model.config);
  std::vector<Evaluation> results;
  for (const auto& [device, threads] :
       {std::pair(kCpu, 1), std::pair(kSimulator, 1), std::pair(kSimulator, 2)}) {
    Evaluator evaluator(model.config, model.lexicon.labels, {}, threads, device);
    evaluator.Load(checkpoint);
    results.push_back(evaluator.Evaluate(split));
  }
  EXPECT_NEAR(results[1].loss, results[0].loss, 1e-5 * results[0].loss);
  for (const char* key : {"token_accuracy", "intent_accuracy"}) {
    EXPECT_NEAR(*results[1].Percent(key), *results[0].Percent(key), 0.5) << key;
  }
  EXPECT_EQ(results[2].loss, results[1].loss);
}

TEST_F(DeviceTraining, RefusesBeforeItWrites) {
  const auto refuse = [&](Config config, TrainOptions options,
                          std::initializer_list<std::string_view> parts) {
    EXPECT_TRUE(Mentions(
        ErrorOf([&] { Trainer(std::move(config), GeneratedData(), std::move(options)); }), parts));
    EXPECT_FALSE(FileExists(Path("run")));
  };
  Config momentum = NanoConfig();
  momentum.training.optimizer = Optimizer::kMomentum;
  refuse(momentum, Options("run", kSimulator), {"training.optimizer"});
  refuse(LoadConfig("atis-2enc"), Options("run", kSimulator), {"32 tokens", "16 lanes"});
  TrainOptions budget = Options("run", kSimulator);
  budget.memory = 1 << 20;
  refuse(NanoConfig(), budget, {"a memory budget only applies to the device cpu"});
}

}  // namespace
}  // namespace bittern
