// SPDX-License-Identifier: Apache-2.0
#include "base/case.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "base/lower_case_table.h"

namespace bittern {
namespace {

constexpr uint32_t kCapitalSigma = 0x3A3;
constexpr uint32_t kFinalSigma = 0x3C2;

// The character at `i`, and `i` moved to the next one.
uint32_t Decode(std::string_view text, size_t& i) {
  const auto byte = [&] { return static_cast<uint8_t>(text[i++]); };
  const uint32_t lead = byte();
  if (lead < 0x80) return lead;
  const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  uint32_t character = lead & (0x3FU >> more);
  for (int k = 0; k < more && i < text.size(); ++k) character = character << 6 | (byte() & 0x3FU);
  return character;
}

void Encode(uint32_t character, std::string& text) {
  const auto add = [&](uint32_t byte) { text += static_cast<char>(byte); };
  const auto add_rest = [&](int shift) { add(0x80 | (character >> shift & 0x3F)); };
  if (character < 0x80) {
    add(character);
  } else if (character < 0x800) {
    add(0xC0 | character >> 6);
    add_rest(0);
  } else if (character < 0x10000) {
    add(0xE0 | character >> 12);
    add_rest(6);
    add_rest(0);
  } else {
    add(0xF0 | character >> 18);
    add_rest(12);
    add_rest(6);
    add_rest(0);
  }
}

uint32_t LowerOf(uint32_t character) {
  if (character < 0x80) return character >= 'A' && character <= 'Z' ? character + 32 : character;
  const CaseRun* const run = std::ranges::lower_bound(kLowerCase, character, {}, &CaseRun::last);
  if (run == std::end(kLowerCase) || character < run->first) return character;
  if ((character - run->first) % run->step != 0) return character;
  return static_cast<uint32_t>(static_cast<int32_t>(character) + run->difference);
}

// Letters with which a sigma forms a word, and the accents on them.
bool IsGreek(uint32_t character) {
  return (character >= 0x300 && character < 0x400 && character != 0x37E && character != 0x387) ||
         (character >= 0x1F00 && character < 0x2000);
}

}  // namespace

bool HasCapital(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const uint32_t character = Decode(text, i);
    if (LowerOf(character) != character) return true;
  }
  return false;
}

std::string LowerCase(std::string_view word) {
  std::string lower;
  lower.reserve(word.size());
  bool after_greek = false;
  for (size_t i = 0; i < word.size();) {
    const uint32_t character = Decode(word, i);
    size_t next = i;
    const bool before_greek = i < word.size() && IsGreek(Decode(word, next));
    const bool is_final = character == kCapitalSigma && after_greek && !before_greek;
    Encode(is_final ? kFinalSigma : LowerOf(character), lower);
    after_greek = IsGreek(character);
  }
  return lower;
}

}  // namespace bittern
