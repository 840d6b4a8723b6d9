// SPDX-License-Identifier: Apache-2.0
// The readers of one file, or of the three files of one split. data/source.h chooses among them.
//
// Every reader follows the same rules:
//   - Text is UTF-8. A byte order mark at the start of a file is skipped.
//   - Words are separated by white space (base/text.h). A label has none at its ends.
//   - A line, a record, a word and a label have a largest length.
//   - A sentence has words. Unless DataFields::unlabelled, it has a label of some task.
// Errors are `file:line: what`. If a byte is wrong, they name its position in the line.
//
// The readers read open files from the first line. A result has at least one sentence.
#ifndef BITTERN_DATA_READERS_H_
#define BITTERN_DATA_READERS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "data/dataset.h"

namespace bittern {

// The columns of a table, or the fields of JSON lines, that are read.
struct DataFields {
  std::string text = {};  // holds the sentence; empty: "text"
  // Declared classes. Each must occur in every split. The field "intent" of JSON lines is a class
  // without being declared.
  std::vector<std::string> classes = {};
  bool unlabelled = false;  // sentences need no label, because the task learns from their text

  std::string_view text_field() const { return text.empty() ? "text" : std::string_view(text); }
  // True if nothing was declared, so that every field of JSON lines must be known.
  bool empty() const { return text.empty() && classes.empty(); }
};

// Three files with one sentence a line in each: words, BIO tags, intent (ATIS, SNIPS).
Split ReadSequences(LineReader& words, LineReader& tags, LineReader& intents);

// One object a line: "tokens", an array of words, or "text", a string; "tags", an array with one
// tag for each word; "intent" and the declared classes: a string, a whole number, true or false. A
// field that is null counts as missing. Fields that are not declared are ignored if any is
// declared, and are errors otherwise.
Split ReadJsonLines(LineReader& lines, const DataFields& fields = {});

// A table whose first record names the columns, by RFC 4180: a field in quotes may hold separators,
// line ends and doubled quotes. `separator`: ',' or a tab. In a table with tabs, a quote within a
// field that does not begin with one is text. Records of empty fields alone are skipped. An empty
// class is a missing one.
Split ReadTable(LineReader& lines, char separator, const DataFields& fields = {});

// The largest plain text, because it is kept in memory.
inline constexpr size_t kMaxPlainTextBytes = size_t{1} << 30;

// A running text, kept as it is but for the byte order mark and \r\n, which becomes \n. `bytes`:
// the content of the file `path`.
Split ReadPlainText(std::string bytes, const std::string& path);

}  // namespace bittern

#endif  // BITTERN_DATA_READERS_H_
