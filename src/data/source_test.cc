// SPDX-License-Identifier: Apache-2.0
#include "data/source.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/errors.h"
#include "base/testing/temporary_directory.h"
#include "data/testing/splits.h"

namespace bittern {
namespace {

using Strings = std::vector<std::string>;

Strings Words(const Split& split, size_t index) {
  Strings words;
  for (const uint32_t id : split[index].words) words.emplace_back(split.words()[id]);
  return words;
}

TEST(ReadSplit, FindsTheLayout) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(Mentions(ErrorOf([&] { ReadSplit(directory.path(), "train"); }),
                       {directory.Path("train") + "/{seq.in,seq.out,label}",
                        directory.Path("train.{jsonl,csv,tsv,txt}")}));

  directory.Put("train/seq.in", "a b\n");
  directory.Put("train/seq.out", "O O\n");
  EXPECT_TRUE(Mentions(ErrorOf([&] { ReadSplit(directory.path(), "train"); }),
                       {directory.Path("train/label") + ": missing"}));
  directory.Put("train/label", "x\n");
  EXPECT_EQ(Words(ReadSplit(directory.path(), "train"), 0), (Strings{"a", "b"}));

  directory.Put("valid.jsonl", R"({"tokens": ["c"], "intent": "x"})");
  EXPECT_EQ(Words(ReadSplit(directory.path(), "valid"), 0), Strings{"c"});

  directory.Put("train.jsonl", R"({"tokens": ["c"], "intent": "x"})");
  EXPECT_TRUE(Mentions(ErrorOf([&] { ReadSplit(directory.path(), "train"); }),
                       {"both", directory.Path("train.jsonl"), directory.Path("train")}));
}

TEST(ReadSplit, ReadsEveryLayout) {
  const TemporaryDirectory directory;
  directory.Put("a.jsonl", R"({"text": "x y", "topic": "t"})");
  directory.Put("b.csv", "text,topic\nx y,t\n");
  directory.Put("c.tsv", "text\ttopic\nx y\tt\n");
  for (const char* name : {"a", "b", "c"}) {
    const Split split = ReadSplit(directory.path(), name, {.classes = {"topic"}});
    EXPECT_EQ(Words(split, 0), (Strings{"x", "y"})) << name;
    EXPECT_EQ(split.FindField("topic")->labels()[0], "t") << name;
    EXPECT_TRUE(HasSplit(directory.path(), name));
  }
  directory.Put("d.txt", "x y\n");
  EXPECT_EQ(ReadSplit(directory.path(), "d").text(), "x y\n");
  EXPECT_FALSE(HasSplit(directory.path(), "e"));
  EXPECT_EQ(ReadDataFile(directory.Path("b.csv"), {.classes = {"topic"}}).size(), 1u);
}

TEST(ReadSplit, SaysWhatIsThereInstead) {
  const struct {
    const char *path, *split;
    std::vector<std::string> parts;
  } cases[] = {
      {"dev/seq.in", "valid", {"dev is there: rename it to ", "/valid"}},
      {"validation/seq.in", "valid", {"validation is there: rename it to ", "/valid"}},
      {"dev.csv", "valid", {"dev.csv is there: rename it to ", "/valid.csv"}},
      {"val.txt", "valid", {"val.txt is there: rename it to ", "/valid.txt"}},
      {"train.jsonl.gz", "train", {"train.jsonl.gz is compressed: decompress it"}},
      {"test/seq.in.zst", "test", {"seq.in.zst is compressed: decompress it"}},
      {"reviews.csv", "train", {"to read ", "reviews.csv alone, give that file"}},
  };
  for (const auto& [path, split, parts] : cases) {
    const TemporaryDirectory directory;
    directory.Put(path, "a\n");
    const std::string error = ErrorOf([&, s = split] { ReadSplit(directory.path(), s); });
    for (const std::string& part : parts) EXPECT_TRUE(Mentions(error, {part})) << path;
  }
  const TemporaryDirectory directory;
  EXPECT_TRUE(Mentions(ErrorOf([&] { ReadSplit(directory.Path("none"), "train"); }),
                       {directory.Path("none"), "no such file or directory", "expected"}));
}

TEST(ReadSplit, DeclaredFieldsThatALayoutLacks) {
  const TemporaryDirectory directory;
  directory.Put("a/seq.in", "x\n");
  directory.Put("a/seq.out", "O\n");
  directory.Put("a/label", "t\n");
  directory.Put("b.txt", "x\n");
  const auto error = [&](const char* name, const DataFields& fields) {
    return ErrorOf([&] { ReadSplit(directory.path(), name, fields); });
  };
  EXPECT_EQ(error("a", {.classes = {"intent"}}), "no error");
  EXPECT_TRUE(Mentions(error("a", {.classes = {"topic"}}), {"no class 'topic'", "intent alone"}));
  EXPECT_TRUE(Mentions(error("a", {.text = "words"}), {"--text", "remove"}));
  EXPECT_TRUE(Mentions(error("b", {.classes = {"topic"}}), {"b.txt", "running text", "--label"}));
}

TEST(ReadDataFile, FilesOfOtherKinds) {
  const TemporaryDirectory directory;
  const struct {
    const char *name, *content, *part;
  } cases[] = {
      {"a.json", "[]", ".jsonl has one object a line"},
      {"a.csv.gz", "", "decompress this one"},
      {"a.md", "", "ends in .jsonl, .csv, .tsv or .txt"},
      {"a.csv", "\x1F\x8B\x08", "compressed by gzip; decompress it with gunzip"},
      {"b.csv", "PK\x03\x04", "ZIP archive"},
      {"c.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "`git lfs pull`"},
      {"d.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "`git lfs pull`"},
      {"e.tsv", "\xFF\xFEt", "UTF-16"},
  };
  for (const auto& [name, content, part] : cases) {
    directory.Put(name, content);
    EXPECT_TRUE(
        Mentions(ErrorOf([&, n = name] { ReadDataFile(directory.Path(n)); }), {name, part}));
  }
}

TEST(ReadCorpus, Atis) {
  const std::string atis = AtisDirectory();
  if (atis.empty()) GTEST_SKIP() << "ATIS is not here: set BITTERN_ATIS or run scripts/fetch-atis";
  const Corpus corpus = ReadCorpus(atis);
  const struct {
    const Split* split;
    size_t sentences, words, vocabulary, intents, tags;
  } expected[] = {{&corpus.train, 4478, 50497, 867, 21, 120},
                  {&corpus.valid, 500, 5703, 463, 16, 96},
                  {&corpus.test, 893, 9164, 448, 20, 101}};
  for (const auto& [split, sentences, words, vocabulary, intents, tags] : expected) {
    EXPECT_EQ(split->size(), sentences);
    EXPECT_EQ(split->word_count(), words);
    EXPECT_EQ(split->words().size(), vocabulary);
    EXPECT_EQ(split->intents().size(), intents);
    EXPECT_EQ(split->tags().size(), tags);
  }
}

}  // namespace
}  // namespace bittern
