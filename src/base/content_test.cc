// SPDX-License-Identifier: Apache-2.0
#include "base/content.h"

#include <gtest/gtest.h>

#include <string_view>

#include "base/testing/errors.h"

namespace bittern {
namespace {

using namespace std::string_view_literals;

TEST(Content, NamesWhatItFoundAndWhatToDo) {
  const struct {
    std::string_view start, found, remedy;
  } cases[] = {
      {"\x1F\x8B\x08\0"sv, "gzip", "gunzip"},
      {"BZh91AY&SY\x12"sv, "bzip2", "bunzip2"},
      {"\xFD\x37zXZ\0\0"sv, "xz", "unxz"},
      {"\x28\xB5\x2F\xFD\x04"sv, "zstd", "unzstd"},
      {"PK\x03\x04\x14"sv, "ZIP", "CSV"},
      {"PAR1\x15\x04"sv, "Parquet", "CSV"},
      {"version https://git-lfs.github.com/spec/v1\noid"sv, "Git LFS pointer", "git lfs pull"},
  };
  for (const auto& [start, found, remedy] : cases) {
    for (const auto check : {CheckContent, CheckTextContent}) {
      EXPECT_TRUE(Mentions(ErrorOf([&, s = start] { check(s, "x"); }), {"x: ", found, remedy}));
    }
  }
  for (const std::string_view start : {"\xFF\xFEt\0"sv, "\xFE\xFF\0t"sv}) {
    EXPECT_TRUE(Mentions(ErrorOf([&] { CheckTextContent(start, "x"); }), {"UTF-16", "iconv"}));
    EXPECT_EQ(ErrorOf([&] { CheckContent(start, "x"); }), "no error");
  }
  for (const std::string_view start : {""sv, "BZhang is a name"sv, "PAR1, note"sv, "version 1"sv}) {
    EXPECT_EQ(ErrorOf([&] { CheckTextContent(start, "x"); }), "no error");
  }
}

}  // namespace
}  // namespace bittern
