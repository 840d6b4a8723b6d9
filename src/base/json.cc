// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace bittern {
namespace {

using nlohmann::json;

// The library's messages start with "[json.exception.parse_error.101] ".
std::string_view Reason(const json::exception& error) {
  const std::string_view text = error.what();
  const size_t end = text.find("] ");
  return end == text.npos ? text : text.substr(end + 2);
}

}  // namespace

json ParseStrictJson(std::string_view text, int depth, std::string_view where,
                     std::string_view remedy) {
  if (const size_t zero = text.find('\0'); zero != text.npos) {
    Fail("{}: malformed JSON at byte {}: a zero byte{}", where, zero + 1, remedy);
  }
  int level = 0;
  std::vector<std::set<std::string>> keys;  // keys of the objects that are open
  const json::parser_callback_t check = [&](int, json::parse_event_t event, json& value) {
    switch (event) {
      case json::parse_event_t::object_start:
        keys.emplace_back();
        ++level;
        break;
      case json::parse_event_t::object_end:
        keys.pop_back();
        --level;
        break;
      case json::parse_event_t::array_start:
        ++level;
        break;
      case json::parse_event_t::array_end:
        --level;
        break;
      case json::parse_event_t::key:
        if (!keys.back().insert(value.get_ref<const std::string&>()).second) {
          Fail("{}: the key {} occurs twice{}", where, Quoted(value.get_ref<const std::string&>()),
               remedy);
        }
        break;
      case json::parse_event_t::value:
        break;
    }
    if (level > depth) {
      Fail("{}: JSON nested deeper than {} levels; expected less{}", where, depth, remedy);
    }
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const json::parse_error& error) {
    Fail("{}: malformed JSON at byte {}: {}{}", where, error.byte, Reason(error), remedy);
  } catch (const json::exception& error) {
    Fail("{}: malformed JSON: {}{}", where, Reason(error), remedy);
  }
}

}  // namespace bittern
