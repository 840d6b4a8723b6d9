// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: Philox4x32-10.
//
// Every number is a pure function of (seed, stream, index). So a mask can be computed again instead
// of being stored, threads need no shared state, and a checkpoint contains no generator. Integers
// and uniform numbers have the same bits on every machine. Normal() uses libm's log and cos, whose
// last bit may differ between C libraries.
//
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#ifndef BITTERN_BASE_RANDOM_H_
#define BITTERN_BASE_RANDOM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace bittern {

using PhiloxBlock = std::array<uint32_t, 4>;

// Ten rounds of Philox4x32 on a 128-bit counter (word 0 is the lowest) under a 64-bit key.
PhiloxBlock Philox4x32(PhiloxBlock counter, std::array<uint32_t, 2> key);

// Block `block` of a stream: the words 4·block … 4·block + 3 that RandomU32 and Random give.
PhiloxBlock RandomBlock(uint64_t seed, uint64_t stream, uint64_t block);

// Word `index` of a stream.
uint32_t RandomU32(uint64_t seed, uint64_t stream, uint64_t index);

// The words 2·index (low half) and 2·index + 1 (high half) of a stream.
uint64_t RandomU64(uint64_t seed, uint64_t stream, uint64_t index);

// Draws the words of one stream in order.
class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  uint32_t NextU32();  // one word
  uint64_t NextU64();  // two words, the low half first

  // [0, 1), a multiple of 2⁻⁵³; two words.
  double Uniform();

  // 0 … n - 1 without bias (Lemire's method: one word, rarely more). Needs n ≥ 1.
  uint32_t UniformInt(uint32_t n);

  // Mean 0, standard deviation 1 (Box-Muller, the cosine half); four words.
  double Normal();

  // Fisher-Yates from the last element down. Needs at most 2³² elements.
  template <typename T>
  void Shuffle(std::span<T> items) {
    for (size_t i = items.size(); i > 1; --i) {
      using std::swap;
      swap(items[i - 1], items[UniformInt(static_cast<uint32_t>(i))]);
    }
  }

 private:
  uint64_t seed_;
  uint64_t stream_;
  uint64_t position_ = 0;  // words drawn so far
  PhiloxBlock block_{};    // the block that holds word position_, after its first word is drawn
};

}  // namespace bittern

#endif  // BITTERN_BASE_RANDOM_H_
