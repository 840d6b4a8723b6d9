// SPDX-License-Identifier: Apache-2.0
// Parses JSON from untrusted files.
#ifndef BITTERN_BASE_JSON_H_
#define BITTERN_BASE_JSON_H_

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace bittern {

// Parses a text that consists of one JSON value. The message of an Error starts with `where` and
// ends with `remedy`. Three things that the library accepts are Errors, too: a key that occurs
// twice in an object (the library takes the last), a zero byte (it takes it for the end), and more
// than `depth` nested arrays and objects.
nlohmann::json ParseStrictJson(std::string_view text, int depth, std::string_view where,
                               std::string_view remedy = "");

}  // namespace bittern

#endif  // BITTERN_BASE_JSON_H_
