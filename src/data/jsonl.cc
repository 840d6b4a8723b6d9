// ReadJsonLines of dataset.h, in a separate file because the JSON library is slow to compile.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "data/dataset.h"

namespace bittern {
namespace {

using nlohmann::json;

constexpr const char* kExpected = R"({"tokens": [...], "tags": [...], "intent": "..."})";

json ParseObject(std::string_view line, const std::string& where) {
  constexpr int kDeepest = 2;  // the object and its arrays
  json object = ParseStrictJson(line, kDeepest, where);
  if (!object.is_object()) Fail("{}: found {}; expected {}", where, object.type_name(), kExpected);
  return object;
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
    strings.push_back(element.get_ref<const std::string&>());
  }
  return strings;
}

void AddSentence(const json& object, const std::string& where, Split* split) {
  static const std::vector<std::string> kKeys = {"tokens", "tags", "intent"};
  for (const auto& [key, value] : object.items()) {
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
      Fail("{}: unknown key {}{}; expected {}", where, Quoted(key), DidYouMean(key, kKeys),
           kExpected);
    }
  }
  if (!object.contains("tokens")) Fail("{}: no \"tokens\"; expected {}", where, kExpected);
  if (!object.contains("tags") && !object.contains("intent")) {
    Fail("{}: neither \"tags\" nor \"intent\"; expected {}", where, kExpected);
  }

  const std::vector<std::string_view> words = Strings(object["tokens"], "tokens", where);
  if (words.empty()) Fail("{}: \"tokens\" is empty", where);
  std::vector<std::string_view> tags;
  if (object.contains("tags")) {
    tags = Strings(object["tags"], "tags", where);
    if (tags.size() != words.size()) {
      Fail("{}: {} tokens but {} tags; each token needs one tag", where, words.size(), tags.size());
    }
  }
  std::string_view intent;
  if (object.contains("intent")) {
    if (!object["intent"].is_string()) {
      Fail("{}: \"intent\" is of type {}; expected a string", where, object["intent"].type_name());
    }
    intent = object["intent"].get_ref<const std::string&>();
    if (intent.empty()) Fail("{}: \"intent\" is empty; leave the key out if there is none", where);
  }
  split->Add(words, tags, intent, where);
}

}  // namespace

Split ReadJsonLines(LineReader& lines) {
  Split split;
  std::string_view line;
  while (lines.Next(&line)) {
    const std::string where = lines.Where();
    if (const size_t bad = FirstInvalidUtf8(line); bad != line.npos) {
      Fail("{}: invalid UTF-8 at byte {} of the line", where, bad + 1);
    }
    if (line.find_first_not_of(" \t") == line.npos) {
      Fail("{}: the line is empty; expected {}", where, kExpected);
    }
    AddSentence(ParseObject(line, where), where, &split);
  }
  if (split.empty()) Fail("{}: the file is empty; expected one object a line", lines.path());
  return split;
}

}  // namespace bittern
