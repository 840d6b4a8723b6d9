// A hash of text that is the same on every machine: FNV-1a with 64 bits
// (http://www.isthe.com/chongo/tech/comp/fnv). It is stored in files, so it must never change.
#ifndef BITTERN_BASE_HASH_H_
#define BITTERN_BASE_HASH_H_

#include <cstdint>
#include <string_view>

namespace bittern {

// The hash of no bytes.
inline constexpr uint64_t kFnvStart = 0xcbf29ce484222325;

// The hash of `text`, or of earlier text followed by `text` if `hash` is that of the earlier text.
constexpr uint64_t Fnv1a(std::string_view text, uint64_t hash = kFnvStart) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace bittern

#endif  // BITTERN_BASE_HASH_H_
