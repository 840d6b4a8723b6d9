// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/testing/errors.h"
#include "base/testing/temporary_directory.h"

namespace bittern {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.Path(name); }

  void Put(const std::string& name, std::string_view content) const {
    WriteFileAtomically(Path(name), [&](AtomicFile& file) { file.Write(content); });
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  const TemporaryDirectory directory_;
};

std::vector<std::string> Lines(LineReader reader) {
  std::vector<std::string> lines;
  std::string_view line;
  while (reader.Next(&line)) lines.emplace_back(line);
  return lines;
}

TEST_F(FileTest, ReadsBackWhatWasWritten) {
  std::string content;
  for (int i = 0; i < 100000; ++i) content += static_cast<char>(i * 7);
  Put("a", content);
  EXPECT_EQ(ReadFile(Path("a"), content.size()), content);
  Put("a", "");
  EXPECT_EQ(ReadFile(Path("a"), 0), "");
  EXPECT_EQ(Names(), std::vector<std::string>{"a"});
}

TEST_F(FileTest, ReadErrorsNameThePath) {
  Put("a", "12345");
  EXPECT_TRUE(Mentions(ErrorOf([&] { ReadFile(Path("a"), 4); }),
                       {Path("a") + ":", "5 bytes", "at most 4"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { ReadFile(Path("b"), 4); }), {Path("b"), "No such file"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { ReadFile(directory_.path(), 4); }), {"directory"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { ReadFile("/dev/zero", 40000); }), {"more than the 40000"}));
}

TEST_F(FileTest, LinesOfFileAndMemoryAgree) {
  const std::string long_line(50000, 'x');
  const struct {
    std::string content;
    std::vector<std::string> lines;
  } cases[] = {{"", {}},
               {"\n", {""}},
               {"a", {"a"}},
               {"a\n", {"a"}},
               {"a\nb", {"a", "b"}},
               {"a\r\n\r\nb\r\n", {"a", "", "b"}},
               {"\n\na\n", {"", "", "a"}},
               {"a\rb\n", {"a\rb"}},
               {long_line + "\n" + long_line + "y", {long_line, long_line + "y"}}};
  for (const auto& [content, lines] : cases) {
    Put("a", content);
    EXPECT_EQ(Lines(LineReader(Path("a"))), lines);
    EXPECT_EQ(Lines(LineReader::FromMemory("a", content)), lines);
  }
}

TEST_F(FileTest, LineEndsAtEveryPlaceInAChunk) {
  for (size_t length = 16380; length < 16390; ++length) {
    const std::string line(length, 'x');
    Put("a", line + "\r\n" + line + "\n");
    EXPECT_EQ(Lines(LineReader(Path("a"))), (std::vector<std::string>{line, line}));
  }
}

TEST_F(FileTest, RewindStartsOver) {
  Put("a", "1\n2\n3");
  for (const bool in_memory : {false, true}) {
    LineReader reader = in_memory ? LineReader::FromMemory("a", "1\n2\n3") : LineReader(Path("a"));
    std::string_view line;
    while (reader.Next(&line)) continue;
    EXPECT_EQ(reader.line_number(), 3u);
    reader.Rewind();
    ASSERT_TRUE(reader.Next(&line));
    EXPECT_EQ(line, "1");
    EXPECT_EQ(reader.Where(), reader.path() + ":1");
  }
}

TEST_F(FileTest, LongLineNamesItsPlace) {
  Put("a", "ok\n" + std::string(101, 'x') + "\nok\n");
  std::string_view line;
  LineReader reader(Path("a"), 100);
  ASSERT_TRUE(reader.Next(&line));
  EXPECT_TRUE(Mentions(ErrorOf([&] { reader.Next(&line); }), {Path("a") + ":2:", "100 bytes"}));
  EXPECT_EQ(Lines(LineReader::FromMemory("a", std::string(100, 'x'), 100)).size(), 1u);
  // Reading stops before a file without line ends has been read whole.
  LineReader endless("/dev/zero", 100000);
  EXPECT_TRUE(Mentions(ErrorOf([&] { endless.Next(&line); }), {"/dev/zero:1:"}));
}

TEST_F(FileTest, NothingIsLeftWithoutCommit) {
  Put("a", "old");
  {
    AtomicFile file(Path("a"));
    file.Write("new");
  }
  EXPECT_THROW(WriteFileAtomically(Path("a"),
                                   [](AtomicFile& file) {
                                     file.Write(std::string(100000, 'x'));
                                     Fail("given up");
                                   }),
               Error);
  EXPECT_EQ(ReadFile(Path("a"), 100), "old");
  EXPECT_EQ(Names(), std::vector<std::string>{"a"});
}

TEST_F(FileTest, LeftoverOfAKilledWriterIsOverwritten) {
  const pid_t child = fork();
  if (child == 0) {
    AtomicFile file(Path("a"));
    file.Write(std::string(100000, 'x'));
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  EXPECT_EQ(Names(), std::vector<std::string>{"a.tmp"});
  Put("a", "new");
  EXPECT_EQ(ReadFile(Path("a"), 100), "new");
  EXPECT_EQ(Names(), std::vector<std::string>{"a"});
}

TEST_F(FileTest, SecondWriterIsRefused) {
  AtomicFile first(Path("a"));
  first.Write("first");
  EXPECT_TRUE(Mentions(ErrorOf([&] { AtomicFile second(Path("a")); }), {"another process"}));
  first.Commit();
  EXPECT_EQ(ReadFile(Path("a"), 100), "first");
}

// The limit on a file's size simulates a full disk: write() fails after some bytes.
TEST_F(FileTest, FullDiskKeepsTheOldFile) {
  Put("a", "old");
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{50000, 50000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message = ErrorOf([&] { Put("a", std::string(100000, 'x')); });
    const bool as_expected = message.find(Path("a") + ": cannot write: ") != std::string::npos;
    _exit(as_expected ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(ReadFile(Path("a"), 100), "old");
  EXPECT_EQ(Names(), std::vector<std::string>{"a"});
}

TEST_F(FileTest, WriteErrorsNameThePath) {
  EXPECT_TRUE(Mentions(ErrorOf([&] { Put("no/such", "x"); }), {Path("no/such"), "No such file"}));
  EXPECT_TRUE(
      Mentions(ErrorOf([&] { AtomicFile file(directory_.path()); }), {"not a regular file"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { AtomicFile file("/dev/full"); }), {"not a regular file"}));
  if (geteuid() != 0) {
    chmod(directory_.path().c_str(), 0500);
    EXPECT_TRUE(Mentions(ErrorOf([&] { Put("a", "x"); }), {"Permission denied"}));
    chmod(directory_.path().c_str(), 0700);
  }
}

TEST_F(FileTest, NewFilesFollowTheUmask) {
  const mode_t before = umask(027);
  Put("a", "x");
  umask(before);
  struct stat status;
  ASSERT_EQ(stat(Path("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST_F(FileTest, Directories) {
  MakeDirectories(Path("x/y/z"));
  MakeDirectories(Path("x/y/z/"));
  EXPECT_TRUE(DirectoryExists(Path("x/y/z")));
  EXPECT_FALSE(FileExists(Path("x/y/z")));
  Put("file", "");
  EXPECT_TRUE(FileExists(Path("file")));
  EXPECT_TRUE(Mentions(ErrorOf([&] { MakeDirectories(Path("file/x")); }), {Path("file/x")}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { MakeDirectories(Path("file")); }), {Path("file")}));
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
}

TEST(LineReader, SkipsAByteOrderMark) {
  const auto lines = [](const std::string& bytes) {
    LineReader reader = LineReader::FromMemory("x", bytes);
    std::vector<std::string> result;
    for (int pass = 0; pass < 2; ++pass) {
      for (std::string_view line; reader.Next(&line);) result.emplace_back(line);
    }
    return result;
  };
  using Lines = std::vector<std::string>;
  EXPECT_EQ(lines("\xEF\xBB\xBF"
                  "a\nb"),
            (Lines{"a", "b"}));
  EXPECT_EQ(lines("\xEF\xBB\xBF\n"), Lines{""});
  EXPECT_EQ(lines("\xEF\xBB\xBF"), Lines{});
  EXPECT_TRUE(Mentions(ErrorOf([&] { lines("\x1F\x8B\x08"); }), {"x: ", "gzip"}));
}

}  // namespace
}  // namespace bittern
