// SPDX-License-Identifier: Apache-2.0
// A hash of text that is the same on every machine: FNV-1a with 64 bits
// (http://www.isthe.com/chongo/tech/comp/fnv). It is stored in files, so it must never change.
#ifndef BITTERN_BASE_HASH_H_
#define BITTERN_BASE_HASH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bittern {

// The hash of no bytes.
inline constexpr uint64_t kFnvStart = 0xcbf29ce484222325;

// The hash of `text`, or of earlier text followed by `text` if `hash` is that of the earlier text.
constexpr uint64_t Fnv1a(std::string_view text, uint64_t hash = kFnvStart) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// The same hash of numbers and lists, in the order in which they are added.
class Hasher {
 public:
  void Add(const void* bytes, size_t size) {
    hash_ = Fnv1a({static_cast<const char*>(bytes), size}, hash_);
  }
  void Add(uint64_t number) { Add(&number, sizeof number); }
  // Lists: their length, then their elements.
  void Add(const std::vector<std::string>& texts) {
    Add(texts.size());
    for (const std::string& text : texts) {
      Add(text.size());
      Add(text.data(), text.size());
    }
  }
  template <typename T>
  void Add(std::span<const T> numbers) {
    Add(numbers.size());
    Add(numbers.data(), numbers.size_bytes());
  }
  uint64_t hash() const { return hash_; }

 private:
  uint64_t hash_ = kFnvStart;
};

}  // namespace bittern

#endif  // BITTERN_BASE_HASH_H_
