// JSON from files that others may have written.
#ifndef BITTERN_BASE_JSON_H_
#define BITTERN_BASE_JSON_H_

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace bittern {

// Parses a text that is one JSON value and nothing else. An Error, opened by `where` and closed by
// `remedy`, is also what the library would let pass: a key that stands twice in an object (it takes
// the last), a zero byte (it takes that for the end), and more than `depth` arrays and objects
// inside of one another.
nlohmann::json ParseStrictJson(std::string_view text, int depth, std::string_view where,
                               std::string_view remedy = "");

}  // namespace bittern

#endif  // BITTERN_BASE_JSON_H_
