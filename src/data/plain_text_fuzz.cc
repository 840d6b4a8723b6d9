// SPDX-License-Identifier: Apache-2.0
// Any bytes read as a running text end in a split of valid text without byte order mark, or in an
// Error.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/text.h"
#include "data/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bittern;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    const Split split = ReadPlainText(bytes, "fuzz.txt");
    const std::string& text = split.text();
    BITTERN_CHECK(!text.empty() && text.size() <= size);
    BITTERN_CHECK(FirstInvalidUtf8(text) == std::string::npos);
    BITTERN_CHECK(text.find("\r\n") == std::string::npos || bytes.find("\r\r\n") != bytes.npos);
  } catch (const Error&) {
  }
  return 0;
}
