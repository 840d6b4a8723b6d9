// SPDX-License-Identifier: Apache-2.0
#include "base/dropout_bits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace bittern {
namespace {

constexpr int64_t kFeatures = 768, kTokens = 128;

using Key = std::array<uint32_t, 2>;

// The 16 bits of an element.
uint32_t Bits(const Key& key, int64_t f, int64_t t) {
  const auto words = DropoutBlock(key, static_cast<uint32_t>(f / 4 * kDropoutMaxTokens + t));
  return words[static_cast<size_t>(f % 4 / 2)] >> (16 * (f % 2)) & 0xFFFF;
}

// The distance of a count of fair coin tosses from its mean, in standard deviations.
double Deviations(int64_t ones, int64_t tosses) {
  const auto n = static_cast<double>(tosses);
  return (static_cast<double>(ones) - n / 2) / std::sqrt(n / 4);
}

// Compares every bit with the same bit of another mask. The 16 counts over a whole activation are
// all within 5 standard deviations of half. A fair source fails a count with a probability of about
// 1e-6.
void ExpectIndependent(const char* what,
                       const std::function<uint32_t(int64_t f, int64_t t)>& difference) {
  std::vector<int64_t> ones(16);
  for (int64_t f = 0; f < kFeatures; ++f) {
    for (int64_t t = 0; t < kTokens; ++t) {
      const uint32_t bits = difference(f, t);
      for (size_t bit = 0; bit < 16; ++bit) ones[bit] += bits >> bit & 1;
    }
  }
  for (size_t bit = 0; bit < 16; ++bit) {
    EXPECT_LT(std::abs(Deviations(ones[bit], kFeatures * kTokens)), 5) << what << ", bit " << bit;
  }
}

TEST(DropoutBits, BalancedAndIndependent) {
  for (const Key& key : {Key{0, 0}, Key{1, 0}, Key{0, 1}, Key{0x9E3779B9, 0x7F4A7C15}}) {
    ExpectIndependent("balance", [&](int64_t f, int64_t t) { return Bits(key, f, t); });
    for (const int64_t step : {1, 2, 3, 4, 8, 64}) {
      ExpectIndependent("features", [&](int64_t f, int64_t t) {
        return Bits(key, f, t) ^ Bits(key, f + step, t);
      });
      ExpectIndependent("tokens", [&](int64_t f, int64_t t) {
        return Bits(key, f, t) ^ Bits(key, f, (t + step) % kTokens);
      });
    }
    for (int bit = 0; bit < 64; bit += 3) {  // streams whose keys differ in one bit
      Key other = key;
      other[static_cast<size_t>(bit / 32)] ^= 1u << (bit % 32);
      ExpectIndependent("streams",
                        [&](int64_t f, int64_t t) { return Bits(key, f, t) ^ Bits(other, f, t); });
    }
    for (const uint32_t step : {1u, 2u, 3u, 10u}) {  // consecutive streams
      const Key other = {key[0] + step, key[1]};
      ExpectIndependent("streams",
                        [&](int64_t f, int64_t t) { return Bits(key, f, t) ^ Bits(other, f, t); });
    }
  }
}

// Flipping one bit of the counter flips every bit of the block half of the time.
TEST(DropoutBits, Avalanche) {
  constexpr uint32_t kBlocks = 20000;
  for (uint32_t flipped = 0; flipped < 17; ++flipped) {
    std::vector<int64_t> ones(64);
    for (uint32_t block = 0; block < kBlocks; ++block) {
      const auto a = DropoutBlock({3, 4}, block), b = DropoutBlock({3, 4}, block ^ 1u << flipped);
      for (size_t bit = 0; bit < 64; ++bit) {
        ones[bit] += (a[bit / 32] ^ b[bit / 32]) >> (bit % 32) & 1;
      }
    }
    for (size_t bit = 0; bit < 64; ++bit) {
      EXPECT_LT(std::abs(Deviations(ones[bit], kBlocks)), 6)
          << "input bit " << flipped << ", output bit " << bit;
    }
  }
}

TEST(DropoutBits, KeepsItsShare) {
  for (const uint32_t threshold : {1u, 6554u, 32768u, 58982u, 62259u, 65536u}) {
    const double share = threshold / 65536.0;
    // Rows and columns are counted, so that no feature and no token is favoured.
    double worst_row = 0, total = 0;
    for (int64_t f = 0; f < kFeatures; ++f) {
      int64_t kept = 0;
      for (int64_t t = 0; t < kTokens; ++t) kept += DropoutKeeps({{5, 6}, threshold}, f, t);
      const double spread = std::sqrt(kTokens * share * (1 - share)) + 1e-9;
      worst_row =
          std::max(worst_row, std::abs(static_cast<double>(kept) - kTokens * share) / spread);
      total += static_cast<double>(kept);
    }
    const double n = kFeatures * kTokens;
    EXPECT_LE(std::abs(total - n * share), 5 * std::sqrt(n * share * (1 - share)) + 1e-6);
    if (share > 0.05 && share < 1) {
      EXPECT_LT(worst_row, 6);
    }
    const DropoutMask mask = {{5, 6}, threshold};
    EXPECT_NEAR(mask.Scale() * share, 1, 1e-6);
  }
}

// Changing these numbers changes every trained model that used dropout.
TEST(DropoutBits, KnownAnswers) {
  EXPECT_EQ(DropoutBlock({0, 0}, 0), (Key{3873448520u, 2616620473u}));
}

}  // namespace
}  // namespace bittern
