// SPDX-License-Identifier: Apache-2.0
// Recognises files by their first bytes: files that are not what a reader expects, because they are
// compressed, are stand-ins for others, or hold text in another encoding.
#ifndef BITTERN_BASE_CONTENT_H_
#define BITTERN_BASE_CONTENT_H_

#include <string_view>

namespace bittern {

// Fails if `start`, the first bytes of the file `path`, belongs to a compressed file, a Git LFS
// pointer or a known binary format. The message says what to do.
void CheckContent(std::string_view start, std::string_view path);
// The same for a file of text. It may not be in UTF-16 either.
void CheckTextContent(std::string_view start, std::string_view path);

// The endings of compressed files: ".gz", ...
inline constexpr std::string_view kCompressedEndings[] = {".gz", ".bz2", ".xz", ".zst", ".zip"};

}  // namespace bittern

#endif  // BITTERN_BASE_CONTENT_H_
