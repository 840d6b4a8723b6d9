// SPDX-License-Identifier: Apache-2.0
// Text helpers for reading input and for messages: UTF-8, white space, sizes in bytes, quoting,
// suggestions.
#ifndef BITTERN_BASE_TEXT_H_
#define BITTERN_BASE_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bittern {

// Offset of the first byte that is not part of well-formed UTF-8 (RFC 3629: no overlong forms, no
// surrogates, nothing past U+10FFFF); npos if the whole text is well-formed.
size_t FirstInvalidUtf8(std::string_view text);

// The character of byte order marks, U+FEFF.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Number of bytes of the white space character at `i` of well-formed UTF-8; 0 if it is another
// character. White space is Unicode's, and U+FEFF, which joined files have at their seams.
size_t WhiteSpaceLength(std::string_view text, size_t i);

// `text` without white space at its ends.
std::string_view Trimmed(std::string_view text);

// Cuts text into words at white space. The words are views into `text`.
std::vector<std::string_view> SplitWords(std::string_view text);

// Fails unless `line` is well-formed UTF-8. The message begins with `where`, the place of the line.
void CheckUtf8(std::string_view line, std::string_view where);

// Offset of the first control character (U+0000 … U+001F, U+007F … U+009F) of well-formed UTF-8;
// npos if it has none.
size_t FirstControlCharacter(std::string_view text);

// `text` in single quotes for a message: control characters and bad bytes as \xNN, cut after
// `max_bytes` with "...".
std::string Quoted(std::string_view text, size_t max_bytes = 60);

// A size such as 4096, "3MB", "1.5 MiB", "64kB": B, kB, MB, GB are powers of 1000, KiB, MiB, GiB
// powers of 1024, in any case of letters. Fractions of a byte are dropped. `what` names the option
// or field in the Error.
uint64_t ParseBytes(std::string_view text, std::string_view what);

// "512 B", "12.3 kB", "1.22 MB", "3.50 GB": powers of 1000, three digits.
std::string FormatBytes(uint64_t bytes);

// The candidate closest to `name`, as "; did you mean 'candidate'?", to be appended to a message.
// Empty if none is close (edits, a swap of neighbours being one, at most a third of the length).
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace bittern

#endif  // BITTERN_BASE_TEXT_H_
