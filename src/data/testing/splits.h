// For tests: small splits, a directory that cleans up after itself, and where ATIS is.
#ifndef BITTERN_DATA_TESTING_SPLITS_H_
#define BITTERN_DATA_TESTING_SPLITS_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/environment.h"
#include "base/file.h"
#include "data/dataset.h"

namespace bittern {

// An empty directory for the life of the object.
class TestDirectory {
 public:
  TestDirectory() {
    path_ = (std::filesystem::temp_directory_path() / "bittern_test_XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "cannot make " << path_;
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return JoinPath(path_, name); }

  // Writes `content` as the file `name`, making its directory.
  void Put(const std::string& name, std::string_view content) const {
    MakeDirectories(std::filesystem::path(Path(name)).parent_path().string());
    WriteFileAtomically(Path(name), [&](AtomicFile& file) { file.Write(content); });
  }

 private:
  std::string path_;
};

// Appends a sentence given as lines of words and tags; empty tags or intent: none.
inline void AddSentence(Split* split, std::string_view words, std::string_view tags,
                        std::string_view intent) {
  split->Add(SplitWords(words), SplitWords(tags), intent, "test");
}

// $BITTERN_ATIS, else data/atis; empty if neither holds the data.
inline std::string AtisDirectory() {
  const std::string_view set = EnvironmentText("BITTERN_ATIS");
  const std::string directory(set.empty() ? "data/atis" : set);
  return FileExists(JoinPath(directory, "train/seq.in")) ? directory : "";
}

}  // namespace bittern

#endif  // BITTERN_DATA_TESTING_SPLITS_H_
