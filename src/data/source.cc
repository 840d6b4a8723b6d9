// SPDX-License-Identifier: Apache-2.0
#include "data/source.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/content.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace bittern {
namespace {

constexpr std::string_view kSequenceFiles[] = {"seq.in", "seq.out", "label"};
constexpr std::string_view kEndings[] = {".jsonl", ".csv", ".tsv", ".txt"};

std::string SequencePath(const std::string& directory, std::string_view name,
                         std::string_view file) {
  return JoinPath(JoinPath(directory, name), file);
}

// The files of a split that exist.
struct Found {
  std::vector<std::string> sequences;  // of kSequenceFiles
  std::vector<std::string> files;      // with one of kEndings

  bool empty() const { return sequences.empty() && files.empty(); }
  size_t layouts() const { return files.size() + (sequences.empty() ? 0 : 1); }
};

Found Find(const std::string& directory, std::string_view name) {
  Found found;
  for (const std::string_view file : kSequenceFiles) {
    const std::string path = SequencePath(directory, name, file);
    if (FileExists(path)) found.sequences.push_back(path);
  }
  for (const std::string_view ending : kEndings) {
    const std::string path = JoinPath(directory, fmt::format("{}{}", name, ending));
    if (FileExists(path)) found.files.push_back(path);
  }
  return found;
}

std::string SequencesText(const std::string& directory, std::string_view name) {
  return JoinPath(directory, name) + "/{seq.in,seq.out,label}";
}

// A path that exists and that was probably meant, with the remedy. Empty: none.
std::string NearMiss(const std::string& directory, const std::string& name) {
  for (const std::string_view compressed : kCompressedEndings) {
    std::vector<std::string> paths = {SequencePath(directory, name, kSequenceFiles[0])};
    for (const std::string_view ending : kEndings) {
      paths.push_back(JoinPath(directory, fmt::format("{}{}", name, ending)));
    }
    for (const std::string& path : paths) {
      if (FileExists(path + std::string(compressed))) {
        return fmt::format("; {}{} is compressed: decompress it", path, compressed);
      }
    }
  }
  if (name == "valid") {
    for (const std::string_view other : {"dev", "validation", "val", "eval"}) {
      const Found found = Find(directory, other);
      if (found.empty()) continue;
      const std::string path =
          found.files.empty() ? JoinPath(directory, other) : found.files.front();
      const std::string ending = std::filesystem::path(path).extension().string();
      return fmt::format("; {} is there: rename it to {}", path,
                         JoinPath(directory, name + ending));
    }
  }
  return "";
}

// The only file of data in a directory without splits. Empty: none, or several.
std::string OnlyFile(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string path = entry.path().string();
    if (std::ranges::count(kEndings, entry.path().extension().string()) > 0 && FileExists(path)) {
      paths.push_back(path);
    }
  }
  return paths.size() == 1 ? paths[0] : "";
}

[[noreturn]] void FailWithoutSplit(const std::string& directory, const std::string& name) {
  if (!DirectoryExists(directory)) {
    Fail(
        "{}: no such file or directory; expected a directory with train, valid and test, or a "
        "file that ends in .jsonl, .csv, .tsv or .txt",
        directory);
  }
  std::string hint = NearMiss(directory, name);
  const bool no_splits = Find(directory, "train").empty() && Find(directory, "valid").empty() &&
                         Find(directory, "test").empty();
  if (const std::string file = OnlyFile(directory); hint.empty() && no_splits && !file.empty()) {
    hint = fmt::format("; to read {} alone, give that file", file);
  }
  Fail("{}: no {} split: expected {} or {}.{{jsonl,csv,tsv,txt}}{}", directory, name,
       SequencesText(directory, name), JoinPath(directory, name), hint);
}

Split ReadSequenceFiles(const std::string& directory, const std::string& name,
                        const DataFields& fields) {
  for (const std::string_view file : kSequenceFiles) {
    if (const std::string path = SequencePath(directory, name, file); !FileExists(path)) {
      Fail("{}: missing; the layout needs seq.in, seq.out and label (for one task alone, use {})",
           path, JoinPath(directory, name + ".jsonl"));
    }
  }
  if (!fields.text.empty()) {
    Fail("{}: --text names a column or a field, but these files have none; remove --text",
         SequencesText(directory, name));
  }
  for (const std::string& field : fields.classes) {
    if (field == kIntentField) continue;
    Fail("{}: no class {}; these files have the class {} alone", SequencesText(directory, name),
         Quoted(field), kIntentField);
  }
  LineReader words(SequencePath(directory, name, kSequenceFiles[0]));
  LineReader tags(SequencePath(directory, name, kSequenceFiles[1]));
  LineReader intents(SequencePath(directory, name, kSequenceFiles[2]));
  return ReadSequences(words, tags, intents);
}

}  // namespace

Split ReadDataFile(const std::string& path, const DataFields& fields) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
  if (ending == ".txt") {
    if (!fields.empty()) {
      Fail(
          "{}: a running text has no columns; remove --text and --label, or give a table or JSON "
          "lines",
          path);
    }
    return ReadPlainText(ReadFile(path, kMaxPlainTextBytes), path);
  }
  if (ending != ".jsonl" && ending != ".csv" && ending != ".tsv") {
    const bool compressed = std::ranges::count(kCompressedEndings, ending) > 0;
    Fail("{}: a file of data ends in .jsonl, .csv, .tsv or .txt{}", path,
         compressed          ? "; decompress this one"
         : ending == ".json" ? "; .jsonl has one object a line"
                             : "");
  }
  LineReader lines(path);
  return ending == ".jsonl" ? ReadJsonLines(lines, fields)
                            : ReadTable(lines, ending == ".csv" ? ',' : '\t', fields);
}

Split ReadSplit(const std::string& directory, const std::string& name, const DataFields& fields) {
  const Found found = Find(directory, name);
  if (found.empty()) FailWithoutSplit(directory, name);
  if (found.layouts() > 1) {
    Fail("{}: both {} and {} are there; remove one of the two", directory, found.files[0],
         found.files.size() > 1 ? found.files[1] : SequencesText(directory, name));
  }
  return found.files.empty() ? ReadSequenceFiles(directory, name, fields)
                             : ReadDataFile(found.files[0], fields);
}

bool HasSplit(const std::string& directory, const std::string& name) {
  return DirectoryExists(JoinPath(directory, name)) || !Find(directory, name).empty();
}

Corpus ReadCorpus(const std::string& directory, const DataFields& fields) {
  return {ReadSplit(directory, "train", fields), ReadSplit(directory, "valid", fields),
          ReadSplit(directory, "test", fields)};
}

}  // namespace bittern
