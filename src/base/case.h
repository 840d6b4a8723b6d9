// SPDX-License-Identifier: Apache-2.0
// Upper and lower case of Unicode, by the simple mappings: one character becomes one character.
// They depend on no language. The text is well-formed UTF-8.
#ifndef BITTERN_BASE_CASE_H_
#define BITTERN_BASE_CASE_H_

#include <string>
#include <string_view>

namespace bittern {

// True if a character of the text has a lower case that is another character.
bool HasCapital(std::string_view text);

// The word in lower case. A capital sigma at the end of a word becomes a final sigma. A word
// without a capital stays as it is.
std::string LowerCase(std::string_view word);

}  // namespace bittern

#endif  // BITTERN_BASE_CASE_H_
