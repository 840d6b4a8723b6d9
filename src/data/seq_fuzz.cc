// SPDX-License-Identifier: Apache-2.0
// Any bytes read as seq.in, seq.out and label (cut at the first two zero bytes) end in a split that
// can be encoded, or in an Error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "data/encode.h"
#include "data/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bittern;
  constexpr size_t kMaxLineBytes = 4096;  // within reach of the fuzzer
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const size_t first = std::min(bytes.find('\0'), size);
  const size_t second = std::min(bytes.find('\0', std::min(first + 1, size)), size);
  const auto part = [&](const char* name, size_t begin, size_t end) {
    begin = std::min(begin, end);
    return LineReader::FromMemory(name, bytes.substr(begin, end - begin), kMaxLineBytes);
  };
  try {
    LineReader words = part("seq.in", 0, first);
    LineReader tags = part("seq.out", first + 1, second);
    LineReader intents = part("label", second + 1, size);
    const Split split = ReadSequences(words, tags, intents);
    BITTERN_CHECK(!split.empty());
    const EncodedSplit encoded = EncodeWords(split, BuildVocabulary(split, 16), 8);
    BITTERN_CHECK(encoded.size() == split.size() && encoded.words() == split.word_count());
  } catch (const Error&) {
  }
  return 0;
}
