// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "base/error.h"

namespace bittern {
namespace {

constexpr size_t kNone = std::string_view::npos;

uint8_t Byte(std::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Length of the well-formed UTF-8 sequence at `i`, or 0 for malformed bytes.
size_t SequenceLength(std::string_view text, size_t i) {
  const uint8_t lead = Byte(text, i);
  if (lead < 0x80) return 1;
  size_t length;
  uint8_t second_low = 0x80, second_high = 0xBF;  // narrower after some leads
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3;
    if (lead == 0xE0) second_low = 0xA0;   // overlong
    if (lead == 0xED) second_high = 0x9F;  // surrogates
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) second_low = 0x90;   // overlong
    if (lead == 0xF4) second_high = 0x8F;  // past U+10FFFF
  } else {
    return 0;
  }
  if (text.size() - i < length) return 0;
  if (Byte(text, i + 1) < second_low || Byte(text, i + 1) > second_high) return 0;
  for (size_t k = 2; k < length; ++k) {
    if ((Byte(text, i + k) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// True if the character at `i` of well-formed text is in U+0000 … U+001F or U+007F … U+009F.
bool IsControl(std::string_view text, size_t i) {
  const uint8_t byte = Byte(text, i);
  return byte < 0x20 || byte == 0x7F || (byte == 0xC2 && Byte(text, i + 1) < 0xA0);
}

// The white space that takes two or three bytes, without the block U+2000 to U+200A.
constexpr std::string_view kWideSpaces[] = {"\xC2\x85",      // U+0085, next line
                                            "\xC2\xA0",      // U+00A0, no-break space
                                            "\xE1\x9A\x80",  // U+1680
                                            "\xE2\x80\xA8",  // U+2028, line separator
                                            "\xE2\x80\xA9",  // U+2029, paragraph separator
                                            "\xE2\x80\xAF",  // U+202F
                                            "\xE2\x81\x9F",  // U+205F
                                            "\xE3\x80\x80",  // U+3000, ideographic space
                                            kByteOrderMark};

// Optimal string alignment: insert, delete, replace, or swap two neighbours.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

struct Unit {
  std::string_view name;
  double bytes;
};
constexpr Unit kUnits[] = {{"", 1},     {"b", 1},        {"kb", 1e3},     {"mb", 1e6},
                           {"gb", 1e9}, {"kib", 0x1p10}, {"mib", 0x1p20}, {"gib", 0x1p30}};

}  // namespace

size_t FirstInvalidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = SequenceLength(text, i);
    if (length == 0) return i;
    i += length;
  }
  return kNone;
}

void CheckUtf8(std::string_view line, std::string_view where) {
  if (const size_t bad = FirstInvalidUtf8(line); bad != kNone) {
    Fail(
        "{}: invalid UTF-8 at byte {} of the line; convert the text to UTF-8, for example with "
        "iconv",
        where, bad + 1);
  }
}

size_t WhiteSpaceLength(std::string_view text, size_t i) {
  const uint8_t lead = Byte(text, i);
  if (lead == ' ' || (lead >= '\t' && lead <= '\r')) return 1;
  if (lead < 0xC2 || lead > 0xEF) return 0;
  for (const std::string_view space : kWideSpaces) {
    if (text.substr(i, space.size()) == space) return space.size();
  }
  const bool in_block = text.substr(i, 2) == "\xE2\x80" && text.size() - i >= 3;
  return in_block && Byte(text, i + 2) <= 0x8A ? 3 : 0;  // U+2000 to U+200A
}

std::string_view Trimmed(std::string_view text) {
  size_t first = kNone, end = 0;
  for (size_t i = 0; i < text.size();) {
    if (const size_t space = WhiteSpaceLength(text, i); space > 0) {
      i += space;
      continue;
    }
    first = std::min(first, i);
    end = ++i;
  }
  return first == kNone ? std::string_view() : text.substr(first, end - first);
}

std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> words;
  size_t begin = 0;  // of the word that `i` is in, or of the next one
  for (size_t i = 0; i < text.size();) {
    const size_t space = WhiteSpaceLength(text, i);
    if (space > 0 && begin < i) words.push_back(text.substr(begin, i - begin));
    i += std::max<size_t>(space, 1);
    if (space > 0) begin = i;
  }
  if (begin < text.size()) words.push_back(text.substr(begin));
  return words;
}

size_t FirstControlCharacter(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsControl(text, i)) return i;
  }
  return kNone;
}

std::string Quoted(std::string_view text, size_t max_bytes) {
  std::string quoted = "'";
  for (size_t i = 0; i < text.size();) {
    const size_t length = SequenceLength(text, i);
    if (i + std::max<size_t>(length, 1) > max_bytes) {
      quoted += "...";
      break;
    }
    if (length == 0) {
      quoted += fmt::format("\\x{:02x}", Byte(text, i));
      ++i;
      continue;
    }
    if (IsControl(text, i)) {
      for (size_t k = 0; k < length; ++k) quoted += fmt::format("\\x{:02x}", Byte(text, i + k));
    } else {
      quoted += text.substr(i, length);
    }
    i += length;
  }
  return quoted + "'";
}

uint64_t ParseBytes(std::string_view text, std::string_view what) {
  constexpr const char* kExpected = "a size such as 4096, 64kB, 3MB or 1.5MiB";
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  // from_chars also reads "-1", "inf" and "nan".
  const bool is_number = error == std::errc() && text[0] >= '0' && text[0] <= '9';
  if (!is_number) Fail("{}: found {}; expected {}", what, Quoted(text), kExpected);
  std::string unit(end, text.data() + text.size());
  unit.erase(0, unit.find_first_not_of(' '));
  std::transform(unit.begin(), unit.end(), unit.begin(), Lower);
  const Unit* found = std::find_if(std::begin(kUnits), std::end(kUnits),
                                   [&](const Unit& known) { return known.name == unit; });
  if (found == std::end(kUnits)) {
    Fail("{}: unknown unit in {}; expected {}", what, Quoted(text), kExpected);
  }
  const double bytes = std::floor(number * found->bytes);
  if (bytes > 0x1p53) Fail("{}: {} is too large", what, Quoted(text));
  return static_cast<uint64_t>(bytes);
}

std::string FormatBytes(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* larger : {"kB", "MB", "GB", "TB"}) {
    // 999.5 and above would print as 1000 or more.
    if (*unit != '\0' && value < 999.5) break;
    value /= 1000;
    unit = larger;
  }
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, unit);
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr size_t kLongestName = 64;  // the distance is quadratic and the name untrusted
  if (name.empty() || name.size() > kLongestName) return "";
  const std::string* best = nullptr;
  size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (best == nullptr || distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  if (best == nullptr || best_distance * 3 > std::max(name.size(), best->size())) return "";
  return fmt::format("; did you mean '{}'?", *best);
}

}  // namespace bittern
