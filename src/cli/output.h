// What a command hands to people and to scripts.
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

// A file that a command leaves. It is opened at once, so that a path that cannot be written is
// known before the work begins, and appears under its name when it is whole. A command commits all
// of its files at its end: none is left of one that failed.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);  // empty: nothing is wanted

  explicit operator bool() const { return file_.has_value(); }
  void Write(std::string_view text);
  void Commit();

 private:
  std::optional<AtomicFile> file_;
};

// The target of --json: a file, or with `-` standard output.
class JsonOutput {
 public:
  explicit JsonOutput(const std::string& path);  // empty: nothing is wanted

  // Whether standard output is for JSON alone.
  bool owns_stdout() const { return to_stdout_; }
  explicit operator bool() const { return to_stdout_ || file_; }

  void Write(const Json& value);      // indented
  void WriteLine(const Json& value);  // on one line, at once
  void Finish();

 private:
  bool to_stdout_;
  OutputFile file_;
};

// Hands on what is buffered; an Error if standard output did not take all of it.
void FlushStdout();

// 18,874,368.
std::string Grouped(int64_t number);

// "97.31 %"; "-" where there is nothing to count.
std::string Percent(std::optional<double> percent);
Json PercentJson(std::optional<double> percent);

// The most memory that this process has had resident so far, where the system says it.
std::optional<int64_t> PeakResidentBytes();

// Columns of text: the first flush left, the others flush right, two blanks between.
class TextTable {
 public:
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void Print(std::FILE* file, int indent) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace bittern

#endif  // BITTERN_CLI_OUTPUT_H_
