// SPDX-License-Identifier: Apache-2.0
// For tests: a directory for files that the test removes at its end.
#ifndef BITTERN_BASE_TESTING_TEMPORARY_DIRECTORY_H_
#define BITTERN_BASE_TESTING_TEMPORARY_DIRECTORY_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"

namespace bittern {

// An empty directory, which lives as long as the object. No two objects share one.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    path_ = (std::filesystem::temp_directory_path() / "bittern_test_XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "cannot make " << path_;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return JoinPath(path_, name); }

  // Writes `content` as the file `name`, and makes the directory that the file is in.
  void Put(const std::string& name, std::string_view content) const {
    MakeDirectories(std::filesystem::path(Path(name)).parent_path().string());
    WriteFileAtomically(Path(name), [&](AtomicFile& file) { file.Write(content); });
  }

 private:
  std::string path_;
};

}  // namespace bittern

#endif  // BITTERN_BASE_TESTING_TEMPORARY_DIRECTORY_H_
