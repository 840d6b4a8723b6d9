// ReadJsonLines of dataset.h. Apart from it because the JSON library is slow to compile.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "data/dataset.h"

namespace bittern {
namespace {

using nlohmann::json;

constexpr const char* kExpected = R"({"tokens": [...], "tags": [...], "intent": "..."})";

// Parses one object; a key that stands twice is an error, where the library would take the last.
json ParseObject(std::string_view line, const std::string& where) {
  std::set<std::string> keys;
  const json::parser_callback_t check = [&](int depth, json::parse_event_t event, json& value) {
    // The library counts an object's own keys as depth 1.
    if (event == json::parse_event_t::key && depth == 1 &&
        !keys.insert(value.get<std::string>()).second) {
      Fail("{}: the key {} stands twice", where, Quoted(value.get<std::string>()));
    }
    return true;
  };
  // The library's messages open with "[json.exception.parse_error.101] ".
  const auto reason = [](const json::exception& error) {
    const std::string_view text = error.what();
    return text.substr(std::min(text.find("] "), text.size() - 2) + 2);
  };
  json object;
  try {
    object = json::parse(line, check);
  } catch (const json::parse_error& error) {
    Fail("{}: malformed JSON at byte {} of the line: {}", where, error.byte, reason(error));
  } catch (const json::exception& error) {
    Fail("{}: malformed JSON: {}", where, reason(error));
  }
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
    // The library takes it for the end of the text and would not look at what follows.
    if (const size_t zero = line.find('\0'); zero != line.npos) {
      Fail("{}: malformed JSON at byte {} of the line: a zero byte", where, zero + 1);
    }
    AddSentence(ParseObject(line, where), where, &split);
  }
  if (split.empty()) Fail("{}: the file is empty; expected one object a line", lines.path());
  return split;
}

}  // namespace bittern
