// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/testing/errors.h"

namespace bittern {
namespace {

using namespace std::string_literals;

TEST(ParseStrictJson, TakesOneValue) {
  EXPECT_EQ(ParseStrictJson(" 7 ", 0, "here"), 7);
  const std::string text = R"({"a": [1, {"a": "\u00e9"}], "b": null})";
  EXPECT_EQ(ParseStrictJson(text, 3, "here"), nlohmann::json::parse(text));
}

TEST(ParseStrictJson, RefusesTheRest) {
  const struct {
    std::string text;
    std::string_view message;
  } cases[] = {
      {"", "here: malformed JSON at byte 1: "},
      {"{", "here: malformed JSON at byte 2: "},
      {"{} {}", "here: malformed JSON at byte 4: "},
      {"{}\0 junk"s, "here: malformed JSON at byte 3: a zero byte"},
      {"{\"a\xff\": 1}", "here: malformed JSON at byte 4: "},
      {"[1e999]", "here: malformed JSON: "},
      {R"({"a": 1, "b": {"a": 2}, "a": 3})", "here: the key 'a' occurs twice"},
      {R"([{"a": {"x": 1, "x": 1}}])", "here: the key 'x' occurs twice"},
      {"[[[[]]]]", "here: JSON nested deeper than 3 levels"},
      {R"({"a": [{"b": {}}]})", "here: JSON nested deeper than 3 levels"},
      {std::string(1000000, '['), "here: JSON nested deeper than 3 levels"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_TRUE(Mentions(ErrorOf([&] { ParseStrictJson(text, 3, "here", "; correct it"); }),
                         {message, "; correct it"}))
        << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace bittern
