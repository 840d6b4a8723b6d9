// SPDX-License-Identifier: Apache-2.0
// Any bytes read as a table end in a split that can be encoded, or in an Error.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "data/encode.h"
#include "data/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bittern;
  constexpr size_t kMaxLineBytes = 4096;  // within reach of the fuzzer
  std::string text(reinterpret_cast<const char*>(data), size);
  const char separator = size % 2 == 0 ? ',' : '\t';
  // A sound header is hard to hit upon: half of the inputs start after one.
  if (size % 4 < 2) text.insert(0, separator == ',' ? "text,topic\n" : "text\ttopic\n");
  try {
    LineReader lines = LineReader::FromMemory("fuzz.csv", text, kMaxLineBytes);
    const Split split = ReadTable(lines, separator, {.classes = {"topic"}});
    BITTERN_CHECK(!split.empty() && split.FindField("topic") != nullptr);
    const EncodedSplit encoded = EncodeWords(split, BuildVocabulary(split, 16), 8);
    BITTERN_CHECK(encoded.size() == split.size() && encoded.words() == split.word_count());
  } catch (const Error&) {
  }
  return 0;
}
