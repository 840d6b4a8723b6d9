// SPDX-License-Identifier: Apache-2.0
// ReadTable of readers.h: CSV and TSV.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "data/readers.h"

namespace bittern {
namespace {

// Cuts a table into records and these into fields.
class RecordReader {
 public:
  RecordReader(LineReader& lines, char separator) : lines_(lines), separator_(separator) {}

  // Reads the next record that has a field with text. Returns false at the end of the file.
  bool Next() {
    do {
      if (!NextLine()) return false;
      where_ = lines_.Where();
      Parse();
    } while (std::ranges::all_of(fields_, [](const std::string& f) { return Trimmed(f).empty(); }));
    return true;
  }

  const std::vector<std::string>& fields() const { return fields_; }
  const std::string& Where() const { return where_; }  // "path:line" of the record's first line

 private:
  bool NextLine() {
    if (!lines_.Next(&line_)) return false;
    CheckUtf8(line_, lines_.Where());
    at_ = 0;
    return true;
  }

  void Parse() {
    fields_.clear();
    while (true) {
      std::string& field = fields_.emplace_back();
      if (at_ < line_.size() && line_[at_] == '"') {
        Quoted(field);
      } else {
        Plain(field);
      }
      if (at_ == line_.size()) return;
      ++at_;  // the separator
    }
  }

  void Plain(std::string& field) {
    const size_t end = std::min(line_.find(separator_, at_), line_.size());
    field = line_.substr(at_, end - at_);
    if (separator_ == ',' && field.find('"') != std::string_view::npos) {
      FailQuote("a quote within the field", field);
    }
    at_ = end;
  }

  // The quote that opens the field is at at_.
  void Quoted(std::string& field) {
    ++at_;
    while (true) {
      const size_t quote = line_.find('"', at_);
      field += line_.substr(at_, std::min(quote, line_.size()) - at_);
      if (field.size() > LineReader::kMaxLineBytes) {
        Fail("{}: a field is longer than {} bytes; the quote that ends it may be missing", where_,
             LineReader::kMaxLineBytes);
      }
      if (quote == std::string_view::npos) {
        field += '\n';
        if (!NextLine()) {
          Fail("{}: the file ends within a field in quotes; the quote that ends it is missing",
               where_);
        }
        continue;
      }
      at_ = quote + 1;
      if (at_ == line_.size() || line_[at_] != '"') break;
      field += '"';
      ++at_;
    }
    if (at_ < line_.size() && line_[at_] != separator_) {
      FailQuote("text after the quote that ends the field", field);
    }
  }

  [[noreturn]] void FailQuote(const char* what, std::string_view field) const {
    Fail(
        "{}: column {}: {} {}; a field with quotes stands in quotes, and each quote in it is "
        "doubled",
        where_, fields_.size(), what, bittern::Quoted(field));
  }

  LineReader& lines_;
  const char separator_;
  std::string_view line_;
  size_t at_ = 0;  // in line_: the next byte that is not read
  std::vector<std::string> fields_;
  std::string where_;
};

// The columns of a table, found by their names.
class Columns {
 public:
  Columns(const std::vector<std::string>& header, std::string where) : where_(std::move(where)) {
    for (const std::string& name : header) names_.emplace_back(Trimmed(name));
  }

  size_t size() const { return names_.size(); }
  bool Has(std::string_view name) const { return std::ranges::count(names_, name) > 0; }

  // `option`: with which another column is named.
  size_t Find(std::string_view name, std::string_view option) const {
    const auto found = std::ranges::find(names_, name);
    if (found == names_.end()) {
      Fail("{}: no column {}{}; {}. {} names another column", where_, Quoted(name),
           DidYouMean(name, names_), Found(), option);
    }
    if (std::ranges::count(names_, name) > 1) {
      Fail("{}: two columns have the name {}; rename one of them", where_, Quoted(name));
    }
    return static_cast<size_t>(found - names_.begin());
  }

  [[noreturn]] void FailWithoutClass() const {
    Fail("{}: no column is declared as a class; name one with --label. {}", where_, Found());
  }

 private:
  // "the columns are 'id', 'text'"; the first of them, if they are many.
  std::string Found() const {
    constexpr size_t kMost = 8;
    if (names_.size() == 1 && names_[0].find_first_of(";\t|,") != std::string_view::npos) {
      return fmt::format(
          "the only column is {}, so the separator may be another one: expected a "
          "comma in .csv and a tab in .tsv",
          Quoted(names_[0]));
    }
    std::string text = "the columns are ";
    for (size_t i = 0; i < std::min(names_.size(), kMost); ++i) {
      text += fmt::format("{}{}", i == 0 ? "" : ", ", Quoted(names_[i], 30));
    }
    return names_.size() > kMost ? text + fmt::format(" and {} more", names_.size() - kMost) : text;
  }

  std::vector<std::string> names_;
  std::string where_;
};

}  // namespace

Split ReadTable(LineReader& lines, char separator, const DataFields& fields) {
  RecordReader records(lines, separator);
  if (!records.Next()) {
    Fail("{}: the file is empty; expected a line with the names of the columns", lines.path());
  }
  const Columns columns(records.fields(), records.Where());
  const size_t text = columns.Find(fields.text_field(), "--text");
  std::vector<std::string> names = fields.classes;
  if (names.empty() && columns.Has(kIntentField)) names = {kIntentField};
  if (names.empty() && !fields.unlabelled) columns.FailWithoutClass();
  std::vector<size_t> places;
  places.reserve(names.size());
  for (const std::string& name : names) places.push_back(columns.Find(name, "--label"));

  Split split;
  std::vector<bool> found(names.size());
  std::vector<FieldLabel> labels(names.size());
  while (records.Next()) {
    const std::vector<std::string>& record = records.fields();
    if (record.size() != columns.size()) {
      Fail(
          "{}: {} fields, but the header has {}; a field with a separator or a line end stands in "
          "quotes",
          records.Where(), record.size(), columns.size());
    }
    bool labelled = false;
    for (size_t i = 0; i < names.size(); ++i) {
      labels[i] = {names[i], Trimmed(record[places[i]])};
      found[i] = found[i] || !labels[i].label.empty();
      labelled = labelled || !labels[i].label.empty();
    }
    if (!labelled && !fields.unlabelled) {
      Fail("{}: column {} is empty; expected a label", records.Where(), Quoted(names[0]));
    }
    split.Add(SplitWords(record[text]), {}, labels, records.Where());
  }
  if (split.empty()) Fail("{}: no records after the header", lines.path());
  for (size_t i = 0; i < names.size(); ++i) {
    if (!found[i]) {
      Fail("{}: column {} is empty in every record; expected labels", lines.path(),
           Quoted(names[i]));
    }
  }
  return split;
}

}  // namespace bittern
