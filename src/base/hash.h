// FNV-1a, 64 bits: notices that something changed by accident. It does not protect against forgery.
#ifndef BITTERN_BASE_HASH_H_
#define BITTERN_BASE_HASH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bittern {

class Fnv1a {
 public:
  void Add(const void* bytes, size_t size) {
    const auto* from = static_cast<const unsigned char*>(bytes);
    for (size_t i = 0; i < size; ++i) hash_ = (hash_ ^ from[i]) * 0x100000001b3;
  }
  void Add(std::string_view text) { Add(text.data(), text.size()); }
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
  uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace bittern

#endif  // BITTERN_BASE_HASH_H_
