// SPDX-License-Identifier: Apache-2.0
#include "base/content.h"

#include "base/error.h"

namespace bittern {
namespace {

struct Content {
  std::string_view start;
  std::string_view name;
  std::string_view remedy;
};

using namespace std::string_view_literals;  // some starts have zero bytes

constexpr Content kContents[] = {
    {"\x1F\x8B"sv, "compressed by gzip", "decompress it with gunzip"},
    {"BZh91AY&SY"sv, "compressed by bzip2", "decompress it with bunzip2"},
    {"\xFD\x37zXZ\0"sv, "compressed by xz", "decompress it with unxz"},
    {"\x28\xB5\x2F\xFD"sv, "compressed by zstd", "decompress it with unzstd"},
    {"PK\x03\x04"sv, "a ZIP archive or an office document", "unpack it, or export it as CSV"},
    {"PAR1\x15"sv, "a Parquet file", "export it as CSV or JSON lines"},
    {"version https://git-lfs.github.com/spec/"sv, "a Git LFS pointer and not the file itself",
     "get the file with `git lfs pull`"},
};

constexpr Content kEncodings[] = {
    {"\xFF\xFE"sv, "in UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"},
    {"\xFE\xFF"sv, "in UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"},
};

template <size_t size>
void CheckAgainst(const Content (&contents)[size], std::string_view start, std::string_view path) {
  for (const Content& content : contents) {
    if (start.starts_with(content.start)) {
      Fail("{}: the file is {}; {}", path, content.name, content.remedy);
    }
  }
}

}  // namespace

void CheckContent(std::string_view start, std::string_view path) {
  CheckAgainst(kContents, start, path);
}

void CheckTextContent(std::string_view start, std::string_view path) {
  CheckContent(start, path);
  CheckAgainst(kEncodings, start, path);
}

}  // namespace bittern
