// SPDX-License-Identifier: Apache-2.0
#include "base/case.h"

#include <gtest/gtest.h>

#include <string>

#include "base/lower_case_table.h"
#include "base/text.h"

namespace bittern {
namespace {

TEST(Case, CapitalsOfEveryScript) {
  const struct {
    const char *word, *lower;
  } cases[] = {
      {"BoSTON", "boston"},
      {"ZÜRICH", "zürich"},
      {"ÀÖØÞ×", "àöøþ×"},  // the sign between them has
                           // no case
      {"ŠŁŹ", "šłź"},      // runs of every other character
      {"Ÿ", "ÿ"},
      {"İI", "ii"},
      {"МОСКВА", "москва"},
      {"ΌΣΟ", "όσο"},
      {"ẞ", "ß"},
      {"Ǆǅ", "ǆǆ"},  // upper case and title case
      {"K", "k"},    // the Kelvin sign
      {"ԱՐԵՒ", "արեւ"},
      {"Ⅷ", "ⅷ"},
      {"Ａ", "ａ"},
      {"𐐀", "𐐨"},  // four bytes
      {"Ꭰ", "ꭰ"},
  };
  for (const auto& [word, lower] : cases) {
    EXPECT_TRUE(HasCapital(word)) << word;
    EXPECT_EQ(LowerCase(word), lower);
    EXPECT_FALSE(HasCapital(lower)) << lower;
    EXPECT_EQ(LowerCase(lower), lower);
  }
  EXPECT_FALSE(HasCapital(""));
  EXPECT_FALSE(HasCapital("東京 ß 1 ª ħ"));
}

TEST(Case, FinalSigma) {
  EXPECT_EQ(LowerCase("ΛΌΓΟΣ"), "λόγος");
  EXPECT_EQ(LowerCase("ΛΌΓΟΣ,"), "λόγος,");
  EXPECT_EQ(LowerCase("ΣΑΣ"), "σας");
  EXPECT_EQ(LowerCase("Σ"), "σ");
  EXPECT_EQ(LowerCase("λόγος"), "λόγος");
}

// A word in lower case never has a capital: a text without capitals is what look-ups find.
TEST(Case, TableIsOrderedAndItsLowerCasesAreStable) {
  uint32_t before = 0, characters = 0;
  for (const CaseRun& run : kLowerCase) {
    EXPECT_GT(run.first, before);
    EXPECT_EQ((run.last - run.first) % run.step, 0U);
    for (uint32_t c = run.first; c <= run.last; c += run.step) {
      ++characters;
      const uint32_t lower = static_cast<uint32_t>(static_cast<int32_t>(c) + run.difference);
      for (const CaseRun& other : kLowerCase) {
        EXPECT_FALSE(lower >= other.first && lower <= other.last &&
                     (lower - other.first) % other.step == 0)
            << std::hex << c;
      }
    }
    before = run.last;
  }
  EXPECT_GE(characters, 1400U);
}

// Well-formed text stays well-formed.
TEST(Case, KeepsTextWellFormed) {
  for (uint32_t c = 0x80; c < 0x20000; c += 7) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    if (c < 0x800) {
      text = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    } else if (c < 0x10000) {
      text = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
              static_cast<char>(0x80 | (c & 0x3F))};
    } else {
      text = {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3F)),
              static_cast<char>(0x80 | (c >> 6 & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    }
    const std::string lower = LowerCase(text);
    EXPECT_EQ(FirstInvalidUtf8(lower), std::string::npos) << std::hex << c;
    EXPECT_EQ(lower == text, !HasCapital(text)) << std::hex << c;
  }
}

}  // namespace
}  // namespace bittern
