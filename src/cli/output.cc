#include "cli/output.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/error.h"

namespace bittern {
namespace {

// A path may have bytes that are not UTF-8, but JSON may not. They become U+FFFD.
std::string Text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

OutputFile::OutputFile(const std::string& path) {
  if (!path.empty()) file_.emplace(path);
}

void OutputFile::Write(std::string_view text) {
  if (file_) file_->Write(text);
}

void OutputFile::Commit() {
  if (file_) file_->Commit();
}

JsonOutput::JsonOutput(const std::string& path)
    : to_stdout_(path == "-"), file_(to_stdout_ ? "" : path) {}

void JsonOutput::Write(const Json& value) {
  const std::string text = Text(value, 2);
  if (to_stdout_) fmt::print("{}", text);
  file_.Write(text);
}

void JsonOutput::WriteLine(const Json& value) {
  const std::string text = Text(value, -1);
  if (to_stdout_) {
    fmt::print("{}", text);
    FlushStdout();
  }
  file_.Write(text);
}

void JsonOutput::Finish() { file_.Commit(); }

void FlushStdout() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    Fail("standard output: cannot write: {}", std::generic_category().message(errno));
  }
}

std::string Grouped(int64_t number) {
  std::string text = std::to_string(number);
  const size_t first = number < 0 ? 1 : 0;
  for (size_t i = text.size(); i > first + 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string Percent(std::optional<double> percent) {
  return percent ? fmt::format("{:.2f} %", *percent) : "-";
}

Json PercentJson(std::optional<double> percent) { return percent ? Json(*percent) : Json(nullptr); }

std::optional<int64_t> PeakResidentBytes() {
  constexpr char kStatus[] = "/proc/self/status";
  if (!FileExists(kStatus)) return std::nullopt;
  // getrusage is not used, because its figure includes the parent's memory at the fork.
  LineReader status(kStatus);
  for (std::string_view line; status.Next(&line);) {
    long long kilobytes = 0;
    if (std::sscanf(std::string(line).c_str(), "VmHWM: %lld kB", &kilobytes) == 1) {
      return kilobytes * 1024;
    }
  }
  return std::nullopt;
}

void TextTable::Print(std::FILE* file, int indent) const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows_) {
    std::string line(static_cast<size_t>(indent), ' ');
    for (size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? fmt::format("{:<{}}", row[i], widths[i])
                     : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print(file, "{}\n", line);
  }
}

}  // namespace bittern
