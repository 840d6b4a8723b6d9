// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/testing/errors.h"

namespace bittern {
namespace {

constexpr size_t kNone = std::string_view::npos;

TEST(Utf8, WellFormed) {
  EXPECT_EQ(FirstInvalidUtf8(""), kNone);
  EXPECT_EQ(FirstInvalidUtf8("plain"), kNone);
  EXPECT_EQ(FirstInvalidUtf8("z\xC3\xBCrich \xE2\x82\xAC \xF0\x9F\x9B\xAB"), kNone);
  EXPECT_EQ(FirstInvalidUtf8("\xED\x9F\xBF\xEE\x80\x80"), kNone);  // either side of the surrogates
  EXPECT_EQ(FirstInvalidUtf8("\xF4\x8F\xBF\xBF"), kNone);          // U+10FFFF
}

TEST(Utf8, IllFormed) {
  EXPECT_EQ(FirstInvalidUtf8("ab\x80"), 2u);     // continuation without a lead
  EXPECT_EQ(FirstInvalidUtf8("a\xC3"), 1u);      // cut short
  EXPECT_EQ(FirstInvalidUtf8("a\xE2\x82"), 1u);  // cut short
  EXPECT_EQ(FirstInvalidUtf8("\xE2\x82\xAC\xE2x\xAC"), 3u);
  EXPECT_EQ(FirstInvalidUtf8("\xC0\xAF"), 0u);          // overlong
  EXPECT_EQ(FirstInvalidUtf8("\xE0\x9F\xBF"), 0u);      // overlong
  EXPECT_EQ(FirstInvalidUtf8("\xF0\x8F\xBF\xBF"), 0u);  // overlong
  EXPECT_EQ(FirstInvalidUtf8("\xED\xA0\x80"), 0u);      // surrogate
  EXPECT_EQ(FirstInvalidUtf8("\xF4\x90\x80\x80"), 0u);  // past U+10FFFF
  EXPECT_EQ(FirstInvalidUtf8("\xFF"), 0u);
}

TEST(ControlCharacters, Found) {
  EXPECT_EQ(FirstControlCharacter("z\xC3\xBCrich \xC2\xA0"), kNone);
  EXPECT_EQ(FirstControlCharacter("a\tb"), 1u);
  EXPECT_EQ(FirstControlCharacter(std::string_view("a\0b", 3)), 1u);
  EXPECT_EQ(FirstControlCharacter("ab\x7F"), 2u);
  EXPECT_EQ(FirstControlCharacter("ab\xC2\x85"), 2u);
}

TEST(Quoted, EscapesAndCuts) {
  EXPECT_EQ(Quoted("boston"), "'boston'");
  EXPECT_EQ(Quoted("a\nb\xFF\xC3\xBC"), "'a\\x0ab\\xff\xC3\xBC'");
  EXPECT_EQ(Quoted("abcdef", 3), "'abc...'");
  EXPECT_EQ(Quoted("ab\xC3\xBC", 3), "'ab...'");  // never half a character
}

TEST(ParseBytes, Units) {
  EXPECT_EQ(ParseBytes("0", "x"), 0u);
  EXPECT_EQ(ParseBytes("4096", "x"), 4096u);
  EXPECT_EQ(ParseBytes("64kB", "x"), 64000u);
  EXPECT_EQ(ParseBytes("3MB", "x"), 3000000u);
  EXPECT_EQ(ParseBytes("3 mb", "x"), 3000000u);
  EXPECT_EQ(ParseBytes("2.6MB", "x"), 2600000u);
  EXPECT_EQ(ParseBytes("1.5 MiB", "x"), 1572864u);
  EXPECT_EQ(ParseBytes("2GiB", "x"), uint64_t{2} << 30);
}

TEST(ParseBytes, ErrorsNameTheTextAndTheOption) {
  for (const char* text : {"", "MB", "-1MB", "3MW", "three", "nan", "inf", "1e6", "3MB!", " 3MB",
                           "0x10", "99999999999999999999GB"}) {
    EXPECT_TRUE(
        Mentions(ErrorOf([&] { ParseBytes(text, "--memory"); }), {"--memory: ", Quoted(text)}));
  }
}

TEST(FormatBytes, ThreeDigits) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1000), "1.00 kB");
  EXPECT_EQ(FormatBytes(12345), "12.3 kB");
  EXPECT_EQ(FormatBytes(999499), "999 kB");
  EXPECT_EQ(FormatBytes(999500), "1.00 MB");
  EXPECT_EQ(FormatBytes(1222692), "1.22 MB");
  EXPECT_EQ(FormatBytes(3500000000), "3.50 GB");
}

TEST(DidYouMean, SuggestsOnlyWhatIsClose) {
  const std::vector<std::string> keys = {"tokens", "tags", "intent"};
  EXPECT_EQ(DidYouMean("token", keys), "; did you mean 'tokens'?");
  EXPECT_EQ(DidYouMean("intnet", keys), "; did you mean 'intent'?");
  EXPECT_EQ(DidYouMean("tgas", keys), "; did you mean 'tags'?");
  EXPECT_EQ(DidYouMean("words", keys), "");
  EXPECT_EQ(DidYouMean("", keys), "");
  EXPECT_EQ(DidYouMean("token", {}), "");
  EXPECT_EQ(DidYouMean(std::string(1 << 20, 't'), keys), "");
}

TEST(WhiteSpace, IsUnicodes) {
  // White_Space of Unicode's PropList, and U+FEFF.
  const std::vector<uint32_t> spaces = {0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x20,   0x85,
                                        0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
                                        0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028,
                                        0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF};
  const auto utf8 = [](uint32_t c) {
    if (c < 0x80) return std::string(1, static_cast<char>(c));
    if (c < 0x800) {
      return std::string{static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    }
    return std::string{static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
                       static_cast<char>(0x80 | (c & 0x3F))};
  };
  for (uint32_t c = 0; c < 0x10000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;  // surrogates
    const std::string text = utf8(c);
    const bool is_space = std::find(spaces.begin(), spaces.end(), c) != spaces.end();
    ASSERT_EQ(WhiteSpaceLength(text, 0), is_space ? text.size() : 0) << std::hex << c;
  }
}

TEST(WhiteSpace, TrimmedAndSplit) {
  using Words = std::vector<std::string_view>;
  const std::string mark(kByteOrderMark);
  EXPECT_EQ(Trimmed(" \t a b\xC2\xA0\n"), "a b");
  EXPECT_EQ(Trimmed(mark + "z\xC3\xBC" + mark), "z\xC3\xBC");
  EXPECT_EQ(Trimmed(" \xE3\x80\x80"), "");
  EXPECT_EQ(Trimmed(""), "");
  EXPECT_EQ(SplitWords("a\xE2\x80\x89"
                       "b  c"),
            (Words{"a", "b", "c"}));
  EXPECT_EQ(SplitWords("\xE2\x80"), Words{"\xE2\x80"});  // cut off: no white space
  EXPECT_EQ(SplitWords(" "), Words());
}

}  // namespace
}  // namespace bittern
