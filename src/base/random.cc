// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace bittern {
namespace {

constexpr int kRounds = 10;
constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;  // golden ratio
constexpr uint32_t kWeyl1 = 0xBB67AE85;  // √3 - 1

uint32_t Low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t High(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

}  // namespace

PhiloxBlock Philox4x32(PhiloxBlock counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = uint64_t{kMultiplier0} * counter[0];
    const uint64_t product1 = uint64_t{kMultiplier1} * counter[2];
    counter = {High(product1) ^ counter[1] ^ key[0], Low(product1),
               High(product0) ^ counter[3] ^ key[1], Low(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

PhiloxBlock RandomBlock(uint64_t seed, uint64_t stream, uint64_t block) {
  return Philox4x32({Low(block), High(block), Low(stream), High(stream)}, {Low(seed), High(seed)});
}

uint32_t RandomU32(uint64_t seed, uint64_t stream, uint64_t index) {
  return RandomBlock(seed, stream, index / 4)[index % 4];
}

uint64_t RandomU64(uint64_t seed, uint64_t stream, uint64_t index) {
  const PhiloxBlock block = RandomBlock(seed, stream, index / 2);
  const size_t word = 2 * (index % 2);
  return block[word] | uint64_t{block[word + 1]} << 32;
}

uint32_t Random::NextU32() {
  const size_t word = position_ % 4;
  if (word == 0) block_ = RandomBlock(seed_, stream_, position_ / 4);
  ++position_;
  return block_[word];
}

uint64_t Random::NextU64() {
  const uint64_t low = NextU32();
  return low | uint64_t{NextU32()} << 32;
}

double Random::Uniform() { return static_cast<double>(NextU64() >> 11) * 0x1p-53; }

uint32_t Random::UniformInt(uint32_t n) {
  BITTERN_CHECK(n > 0);
  uint64_t product = uint64_t{NextU32()} * n;
  if (Low(product) < n) {
    // 2³² mod n of the low halves would be counted once too often.
    const uint32_t surplus = -n % n;
    while (Low(product) < surplus) product = uint64_t{NextU32()} * n;
  }
  return High(product);
}

double Random::Normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * Uniform());
}

}  // namespace bittern
