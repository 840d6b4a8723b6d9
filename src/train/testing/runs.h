// For tests: a small model, small parts of the generated corpus, and a directory to train in.
#ifndef BITTERN_TRAIN_TESTING_RUNS_H_
#define BITTERN_TRAIN_TESTING_RUNS_H_

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "base/file.h"
#include "data/corpus_generator.h"
#include "train/trainer.h"

namespace bittern {

// All kinds of dropout are on, so that a lost or repeated random number changes the result.
inline Config NanoConfig() {
  Config config = LoadConfig("nano");
  config.training.epochs = 2;
  config.training.dropout = 0.1;
  config.training.word_dropout = 0.05;
  config.training.rare_word_dropout = 0.25;
  config.fine_tuning = config.training;
  return config;
}

inline SplitSource GeneratedData(CorpusSizes sizes = {60, 20, 20}, uint64_t seed = 1) {
  return [=](const std::string& name) {
    Corpus corpus = GenerateCorpus(seed, sizes);
    if (name == "train") return std::move(corpus.train);
    return std::move(name == "valid" ? corpus.valid : corpus.test);
  };
}

// The generated training sentences, where one in three lacks its intent and one in three its tags.
inline SplitSource MixedData() {
  return [](const std::string& name) {
    const Split all = GeneratedData()(name);
    Split mixed;
    for (size_t i = 0; i < all.size(); ++i) {
      std::vector<std::string_view> words, tags;
      for (const uint32_t word : all[i].words) words.push_back(all.words()[word]);
      for (const int16_t tag : all[i].tags) {
        if (i % 3 != 1) tags.push_back(all.tags()[static_cast<size_t>(tag)]);
      }
      const auto intent = static_cast<size_t>(all[i].intent);
      mixed.Add(words, tags, i % 3 == 2 ? "" : all.intents()[intent], "test");
    }
    return mixed;
  };
}

// Gives each test a directory, which is removed at the end of the test.
class TrainTest : public testing::Test {
 protected:
  TrainTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = fmt::format("{}bittern-{}-{}-{}", testing::TempDir(), info->test_suite_name(),
                             info->name(), getpid());
    std::filesystem::remove_all(directory_);
    MakeDirectories(directory_);
  }
  ~TrainTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }
  static std::string Bytes(const std::string& path) { return ReadFile(path, 100 << 20); }
  static void WriteBytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  std::string directory_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_TESTING_RUNS_H_
