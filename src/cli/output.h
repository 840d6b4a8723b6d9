// The output of commands, for people and for scripts.
#ifndef BITTERN_CLI_OUTPUT_H_
#define BITTERN_CLI_OUTPUT_H_

#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace bittern {

// Keys stay in the order in which they were set.
using Json = nlohmann::ordered_json;

// A file that a command writes. It is opened at once, so that a bad path is found before the work
// begins. It appears under its name when it is complete. A command commits all its files at its
// end, so a command that fails leaves no file.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);  // empty: no file

  explicit operator bool() const { return file_.has_value(); }
  void Write(std::string_view text);
  void Commit();

 private:
  std::optional<AtomicFile> file_;
};

// The target of --json: a file, or standard output if the path is `-`.
class JsonOutput {
 public:
  explicit JsonOutput(const std::string& path);  // empty: no output

  // Whether standard output carries only JSON.
  bool owns_stdout() const { return to_stdout_; }
  explicit operator bool() const { return to_stdout_ || file_; }

  void Write(const Json& value);      // indented
  void WriteLine(const Json& value);  // on one line, at once
  void Finish();

 private:
  bool to_stdout_;
  OutputFile file_;
};

// Writes what is buffered for standard output. Fails if not all of it could be written.
void FlushStdout();

// 18,874,368.
std::string Grouped(int64_t number);

// "97.31 %"; "-" if there is nothing to count.
std::string Percent(std::optional<double> percent);
Json PercentJson(std::optional<double> percent);

// The peak of this process's resident memory, if the system reports it.
std::optional<int64_t> PeakResidentBytes();

// Columns of text, separated by two blanks. The first is aligned left, the others right.
class TextTable {
 public:
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void Print(std::FILE* file, int indent) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace bittern

#endif  // BITTERN_CLI_OUTPUT_H_
