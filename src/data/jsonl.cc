// SPDX-License-Identifier: Apache-2.0
// ReadJsonLines of readers.h, in a separate file because the JSON library is slow to compile.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "data/readers.h"

namespace bittern {
namespace {

using nlohmann::json;

constexpr const char* kExpected =
    R"({"tokens": [...] or "text": "...", "tags": [...], "intent": "..."})";

json ParseObject(std::string_view line, const std::string& where) {
  constexpr int kDeepest = 2;  // the object and its arrays
  json object = ParseStrictJson(line, kDeepest, where);
  if (!object.is_object()) Fail("{}: found {}; expected {}", where, object.type_name(), kExpected);
  return object;
}

// The value of a field. A field that is null counts as missing.
const json* Get(const json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// Views into the array's strings.
std::vector<std::string_view> Strings(const json& array, const char* key,
                                      const std::string& where) {
  if (!array.is_array()) {
    Fail("{}: \"{}\" is of type {}; expected an array of strings", where, key, array.type_name());
  }
  std::vector<std::string_view> strings;
  strings.reserve(array.size());
  for (const json& element : array) {
    if (!element.is_string()) {
      Fail("{}: element {} of \"{}\" is of type {}; expected a string", where, strings.size() + 1,
           key, element.type_name());
    }
    strings.push_back(Trimmed(element.get_ref<const std::string&>()));
  }
  return strings;
}

// Adds the sentences of a file to a split.
class Reader {
 public:
  Reader(const DataFields& fields, Split& split) : fields_(fields), split_(split) {
    classes_ = fields.classes;
    if (std::ranges::count(classes_, kIntentField) == 0) classes_.push_back(kIntentField);
    known_ = {"tokens", std::string(fields.text_field()), "tags"};
    known_.insert(known_.end(), classes_.begin(), classes_.end());
    labels_.resize(classes_.size());
    found_.resize(classes_.size());
  }

  void Add(const json& object, const std::string& where) {
    for (const auto& [key, value] : object.items()) {
      constexpr size_t kMost = 1000;
      if (keys_.size() < kMost) keys_.insert(key);
      if (fields_.empty() && std::ranges::count(known_, key) == 0) {
        Fail("{}: unknown key {}{}; expected {}. --label {} makes it a class", where, Quoted(key),
             DidYouMean(key, known_), kExpected, Quoted(key));
      }
    }
    const std::vector<std::string_view> words = Words(object, where);
    std::vector<std::string_view> tags;
    if (const json* field = Get(object, "tags"); field != nullptr) {
      tags = Strings(*field, "tags", where);
      if (tags.size() != words.size()) {
        Fail("{}: {} tokens but {} tags; each token needs one tag", where, words.size(),
             tags.size());
      }
    }
    bool labelled = !tags.empty();
    for (size_t i = 0; i < classes_.size(); ++i) {
      labels_[i] = {classes_[i], Label(object, i, where)};
      found_[i] = found_[i] || !labels_[i].label.empty();
      labelled = labelled || !labels_[i].label.empty();
    }
    if (!labelled && !fields_.unlabelled) FailWithoutLabel(where);
    split_.Add(words, tags, labels_, where);
  }

  // Fails if a declared class never occurred.
  void Finish(const std::string& path) const {
    for (size_t i = 0; i < fields_.classes.size(); ++i) {
      if (found_[i]) continue;
      std::string found;
      for (const std::string& key : keys_) {
        constexpr size_t kMost = 200;  // bytes
        if (found.size() < kMost) found += (found.empty() ? "" : ", ") + Quoted(key, 30);
      }
      Fail("{}: no line has the field {}{}; the fields are {}. --label names another field", path,
           Quoted(classes_[i]), DidYouMean(classes_[i], {keys_.begin(), keys_.end()}), found);
    }
  }

 private:
  std::vector<std::string_view> Words(const json& object, const std::string& where) const {
    const json* const text = Get(object, fields_.text_field());
    const json* tokens = Get(object, "tokens");
    if (tokens != nullptr && text != nullptr) {
      if (fields_.text.empty()) {
        Fail(
            "{}: both \"tokens\" and \"text\"; leave one of them out, or choose the text with "
            "--text",
            where);
      }
      tokens = nullptr;
    }
    if (tokens != nullptr) {
      std::vector<std::string_view> words = Strings(*tokens, "tokens", where);
      if (words.empty()) Fail("{}: \"tokens\" is empty", where);
      return words;
    }
    if (text == nullptr) {
      Fail("{}: no \"tokens\" and no \"{}\"; expected {}", where, fields_.text_field(), kExpected);
    }
    if (!text->is_string()) {
      Fail("{}: \"{}\" is of type {}; expected a string", where, fields_.text_field(),
           text->type_name());
    }
    return SplitWords(text->get_ref<const std::string&>());
  }

  // The label of class `i`, a view into the object or into numbers_. Empty: none.
  std::string_view Label(const json& object, size_t i, const std::string& where) {
    const json* const field = Get(object, classes_[i]);
    if (field == nullptr) return {};
    if (field->is_number_integer() || field->is_boolean()) {
      numbers_.resize(classes_.size());
      return numbers_[i] = field->dump();
    }
    if (!field->is_string()) {
      Fail("{}: \"{}\" is of type {}; expected a string, a whole number, true or false", where,
           classes_[i], field->is_number() ? "fraction" : field->type_name());
    }
    const std::string_view label = Trimmed(field->get_ref<const std::string&>());
    if (label.empty()) {
      Fail("{}: \"{}\" is empty; leave the key out if the sentence has no {}", where, classes_[i],
           classes_[i]);
    }
    return label;
  }

  [[noreturn]] void FailWithoutLabel(const std::string& where) const {
    if (fields_.classes.empty()) {
      Fail("{}: neither \"tags\" nor \"intent\"; expected {}", where, kExpected);
    }
    Fail("{}: no label; expected the field \"{}\"", where, fields_.classes[0]);
  }

  const DataFields& fields_;
  Split& split_;
  std::vector<std::string> classes_;  // the declared ones, then the intent
  std::vector<std::string> known_;    // keys
  std::vector<FieldLabel> labels_;    // [class], of one sentence
  std::vector<std::string> numbers_;  // [class], labels that are numbers, as text
  std::vector<bool> found_;           // [class]
  std::set<std::string> keys_;        // that occurred
};

}  // namespace

Split ReadJsonLines(LineReader& lines, const DataFields& fields) {
  Split split;
  Reader reader(fields, split);
  std::string_view line;
  while (lines.Next(&line)) {
    const std::string where = lines.Where();
    CheckUtf8(line, where);
    if (Trimmed(line).empty()) Fail("{}: the line is empty; expected {}", where, kExpected);
    reader.Add(ParseObject(line, where), where);
  }
  if (split.empty()) Fail("{}: the file is empty; expected one object a line", lines.path());
  reader.Finish(lines.path());
  return split;
}

}  // namespace bittern
