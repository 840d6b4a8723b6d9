// SPDX-License-Identifier: Apache-2.0
// The random bits of dropout come from a counter-based generator. So a mask is never stored, and a
// recomputed activation uses the same mask.
//
// One block of 64 bits serves one token of four features: block = (f / 4) * 128 + t. Element (f, t)
// takes its 16 bits with number f % 4. The mask does not depend on the token count, so padding has
// no effect. The element is kept if its 16 bits are below the threshold.
//
// The block function applies the round of the Speck64 cipher (Beaulieu et al. 2013) kDropoutRounds
// times. A round is an addition, two rotations and two exclusive ors, which are cheap in SIMD and
// in FPGA logic. In place of a key schedule, a round uses one of the two key words in turn, plus
// the round's number. The result is random enough for statistics, but not secret. A stream is one
// place of dropout in one step. It has a 64-bit key, and keys may be consecutive numbers.
#ifndef BITTERN_BASE_DROPOUT_BITS_H_
#define BITTERN_BASE_DROPOUT_BITS_H_

#include <array>
#include <bit>
#include <cstdint>

namespace bittern {

inline constexpr int kDropoutRounds = 10;
inline constexpr int64_t kDropoutMaxTokens = 128;

struct DropoutMask {
  std::array<uint32_t, 2> key{};
  uint32_t threshold = 65536;  // keep probability * 65536, 1 .. 65536

  // The factor of kept elements: 1 / (the exact probability that the threshold gives).
  float Scale() const { return 65536.0f / static_cast<float>(threshold); }
};

// The 64 bits of a block, as two words.
inline std::array<uint32_t, 2> DropoutBlock(const std::array<uint32_t, 2>& key, uint32_t block) {
  uint32_t x = 0, y = block;
  for (uint32_t round = 0; round < kDropoutRounds; ++round) {
    x = (std::rotr(x, 8) + y) ^ (key[round % 2] + round);
    y = std::rotl(y, 3) ^ x;
  }
  return {x, y};
}

inline bool DropoutKeeps(const DropoutMask& mask, int64_t feature, int64_t token) {
  const auto block = static_cast<uint32_t>(feature / 4 * kDropoutMaxTokens + token);
  const auto part = static_cast<uint32_t>(feature % 4);
  const uint32_t word = DropoutBlock(mask.key, block)[part / 2];
  return (word >> (16 * (part % 2)) & 0xFFFF) < mask.threshold;
}

}  // namespace bittern

#endif  // BITTERN_BASE_DROPOUT_BITS_H_
