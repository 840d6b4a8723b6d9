// SPDX-License-Identifier: Apache-2.0
#include "data/corpus_generator.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/testing/errors.h"
#include "base/testing/temporary_directory.h"
#include "data/encode.h"
#include "data/source.h"
#include "data/testing/splits.h"

namespace bittern {
namespace {

// Everything in a split as text.
std::vector<std::string> Lines(const Split& split) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < split.size(); ++i) {
    std::string line;
    if (split[i].intent >= 0) line = split.intents()[split[i].intent];
    for (size_t w = 0; w < split[i].words.size(); ++w) {
      line.append(" ").append(split.words()[split[i].words[w]]);
      if (!split[i].tags.empty()) line.append("/").append(split.tags()[split[i].tags[w]]);
    }
    lines.push_back(line);
  }
  return lines;
}

TEST(GenerateCorpus, DeterministicInTheSeed) {
  const Corpus one = GenerateCorpus(1, {50, 20, 20});
  EXPECT_EQ(Lines(one.train), Lines(GenerateCorpus(1, {50, 20, 20}).train));
  EXPECT_NE(Lines(one.train), Lines(GenerateCorpus(2, {50, 20, 20}).train));
  // The size of one split leaves the others alone.
  EXPECT_EQ(Lines(one.test), Lines(GenerateCorpus(1, {10, 10, 20}).test));
  EXPECT_THROW(GenerateCorpus(1, {10, 0, 10}), Error);
}

TEST(GenerateCorpus, LooksLikeAtis) {
  const Corpus corpus = GenerateCorpus(1);
  EXPECT_EQ(corpus.train.size(), 4500u);
  EXPECT_EQ(corpus.valid.size(), 500u);
  EXPECT_EQ(corpus.test.size(), 900u);
  const StringTable& tags = corpus.train.tags();
  EXPECT_GE(corpus.train.intents().size(), 20u);
  EXPECT_LE(corpus.train.intents().size(), 26u);
  EXPECT_GE(tags.size(), 115u);
  EXPECT_LE(tags.size(), 130u);
  std::set<std::string> types;
  for (size_t i = 0; i < tags.size(); ++i) {
    if (tags[i] != "O") types.emplace(tags[i].substr(2));
  }
  EXPECT_GE(types.size(), 75u);
  EXPECT_LE(types.size(), 85u);
  EXPECT_LE(BuildVocabulary(corpus.train, kMaxTableSize).size(), 1000);
  const double mean = static_cast<double>(corpus.train.word_count()) / corpus.train.size();
  EXPECT_GT(mean, 10.5);
  EXPECT_LT(mean, 12.0);

  size_t flights = 0;
  for (const Split* split : {&corpus.train, &corpus.valid, &corpus.test}) {
    for (size_t i = 0; i < split->size(); ++i) {
      ASSERT_GE((*split)[i].words.size(), 5u);
      ASSERT_LE((*split)[i].words.size(), 35u);
      ASSERT_EQ((*split)[i].words.size(), (*split)[i].tags.size());
      flights += split->intents()[(*split)[i].intent] == "find_flight";
    }
  }
  EXPECT_NEAR(static_cast<double>(flights), 0.58 * 5900, 0.05 * 5900);
}

TEST(GenerateCorpus, TagsAreConsistent) {
  const Split train = GenerateCorpus(3).train;
  for (size_t i = 0; i < train.size(); ++i) {
    std::string_view before = "O";
    for (const int16_t id : train[i].tags) {
      const std::string_view tag = train.tags()[id];
      if (tag.starts_with("I-")) {
        ASSERT_NE(before, "O");
        ASSERT_EQ(tag.substr(2), before.substr(2));
      }
      before = tag;
    }
  }
}

TEST(GenerateCorpus, TestHasWhatTrainHasNot) {
  const Corpus corpus = GenerateCorpus(1);
  const Vocabulary vocabulary = BuildVocabulary(corpus.train, 1000);
  const EncodedSplit valid = EncodeWords(corpus.valid, vocabulary, 32);
  const EncodedSplit test = EncodeWords(corpus.test, vocabulary, 32);
  const auto unknown = [](const EncodedSplit& split) {
    return static_cast<double>(split.unknown_words()) / static_cast<double>(split.words());
  };
  EXPECT_GT(unknown(valid), 0.001);
  EXPECT_GT(unknown(test), unknown(valid));
  EXPECT_LT(unknown(test), 0.03);

  std::set<std::string> seen;
  for (const std::string& line : Lines(corpus.train)) seen.insert(line);
  EXPECT_GT(seen.size(), corpus.train.size() * 9 / 10);
  size_t repeated = 0;
  for (const std::string& line : Lines(corpus.test)) repeated += seen.count(line);
  EXPECT_LT(repeated, corpus.test.size() / 10);
}

TEST(WriteCorpus, BothLayoutsReadBack) {
  const Corpus corpus = GenerateCorpus(1, {40, 10, 10});
  const TemporaryDirectory directory;
  for (const Layout layout : {Layout::kSequences, Layout::kJsonLines}) {
    const std::string path = directory.Path(layout == Layout::kSequences ? "a/seq" : "a/json");
    WriteCorpus(corpus, path, layout);
    const Corpus read = ReadCorpus(path);
    EXPECT_EQ(Lines(read.train), Lines(corpus.train));
    EXPECT_EQ(Lines(read.valid), Lines(corpus.valid));
    EXPECT_EQ(Lines(read.test), Lines(corpus.test));
  }
}

TEST(WriteCorpus, RefusesToOverwrite) {
  const Corpus corpus = GenerateCorpus(1, {4, 4, 4});
  const TemporaryDirectory directory;
  directory.Put("test/label", "mine");
  EXPECT_TRUE(Mentions(ErrorOf([&] { WriteCorpus(corpus, directory.path(), Layout::kSequences); }),
                       {directory.Path("test/label") + ": exists already"}));
  EXPECT_FALSE(FileExists(directory.Path("train/seq.in")));
  EXPECT_EQ(ReadFile(directory.Path("test/label"), 10), "mine");
  WriteCorpus(corpus, directory.path(), Layout::kSequences, true);
  EXPECT_EQ(ReadSplit(directory.path(), "test").size(), 4u);
}

TEST(WriteCorpus, AbsentTasks) {
  Corpus corpus;
  for (Split* split : {&corpus.train, &corpus.valid, &corpus.test}) {
    AddSentence(split, "a", "", "x");
    AddSentence(split, "a", "B-y", "");
  }
  const TemporaryDirectory directory;
  EXPECT_TRUE(Mentions(ErrorOf([&] { WriteCorpus(corpus, directory.path(), Layout::kSequences); }),
                       {"train: sentence 1", "JSON lines"}));
  WriteCorpus(corpus, directory.path(), Layout::kJsonLines);
  EXPECT_EQ(Lines(ReadSplit(directory.path(), "test")), Lines(corpus.test));
}

}  // namespace
}  // namespace bittern
