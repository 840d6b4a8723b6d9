// SPDX-License-Identifier: Apache-2.0
// Helpers of the quick and the slow tests of the arithmetic.
#ifndef BITTERN_ACCELERATOR_ISA_ARITHMETIC_TESTING_NUMBERS_H_
#define BITTERN_ACCELERATOR_ISA_ARITHMETIC_TESTING_NUMBERS_H_

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "accelerator/isa/arithmetic/binary32.h"
#include "accelerator/isa/arithmetic/functions.h"

namespace bittern {

inline constexpr std::array kAllFunctions = {
    Function::kExp2,    Function::kReciprocal, Function::kRsqrt, Function::kLog2,
    Function::kGeluPhi, Function::kGeluGrad,   Function::kTanh};

// Mixes the bits of a counter into a random word (murmur3's last step).
inline uint64_t Mix(uint64_t x) {
  x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD;
  x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53;
  return x ^ x >> 33;
}

// The machine's float operations on bits, with every NaN replaced by kNan. They are noinline, so
// that the compiler neither computes them nor moves them out of a FlushToZero.
__attribute__((noinline)) inline uint32_t HostMultiply(uint32_t a, uint32_t b) {
  const uint32_t r = FloatBits(FloatOfBits(a) * FloatOfBits(b));
  return IsNan(r) ? kNan : r;
}
__attribute__((noinline)) inline uint32_t HostAdd(uint32_t a, uint32_t b) {
  const uint32_t r = FloatBits(FloatOfBits(a) + FloatOfBits(b));
  return IsNan(r) ? kNan : r;
}

// Compares both operations with the host's and returns true if they agree. The caller holds a
// FlushToZero.
inline bool AgreesWithHost(uint32_t a, uint32_t b) {
#if defined(__aarch64__)
  // AArch64 flushes before it rounds (accelerator/isa/arithmetic/flush_to_zero.h).
  if ((Multiply(a, b) & ~kSignBit) == 0x00800000) a = kOne;
#endif
  if (Multiply(a, b) == HostMultiply(a, b) && Add(a, b) == HostAdd(a, b)) return true;
  ADD_FAILURE() << std::hex << a << " and " << b << ": product " << Multiply(a, b)
                << ", the host's " << HostMultiply(a, b) << "; sum " << Add(a, b) << ", the host's "
                << HostAdd(a, b);
  return false;
}

// Numbers at the ends of every case, with both signs. The test takes all pairs.
inline std::vector<uint32_t> CornerNumbers() {
  std::vector<uint32_t> corners;
  for (const uint32_t exponent :
       {0u,   1u,   2u,   23u,  24u,  25u,  62u,  63u,  64u,  102u, 103u, 104u, 125u, 126u,
        127u, 128u, 129u, 150u, 151u, 152u, 190u, 191u, 192u, 229u, 230u, 253u, 254u, 255u}) {
    for (const uint32_t mantissa : {0u, 1u, 2u, 3u, 0x3FFFFFu, 0x400000u, 0x400001u, 0x555555u,
                                    0x7FFFFDu, 0x7FFFFEu, 0x7FFFFFu}) {
      corners.push_back(exponent << 23 | mantissa);
      corners.push_back(kSignBit | exponent << 23 | mantissa);
    }
  }
  return corners;
}

// Pair number i of a stream in which every kind of operation is frequent: numbers far apart,
// numbers close together (their sums cancel), and products around the least normal number and
// around the largest.
inline std::array<uint32_t, 2> RandomPair(uint64_t i) {
  const uint64_t random = Mix(i);
  const auto a = static_cast<uint32_t>(random);
  auto b = static_cast<uint32_t>(random >> 32);
  const uint32_t exponent = a >> 23 & 0xFF, nudge = b >> 23 & 7;
  const auto with_exponent = [&](uint32_t e) { return (b & 0x807FFFFF) | (e & 0xFF) << 23; };
  switch (i % 4) {
    case 0:
      break;
    case 1:
      b = with_exponent(exponent + nudge - 3);
      break;
    case 2:
      b = with_exponent(127 - exponent + nudge - 3);  // product 2^-127 +- 3
      break;
    case 3:
      b = with_exponent(127 + 254 - exponent + nudge - 3);
      break;
  }
  return {a, b};
}

inline double GeluPhiOf(double x) {
  return 1 / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

inline double ReferenceOf(Function f, double z) {
  switch (f) {
    case Function::kExp2:
      return std::exp2(z);
    case Function::kReciprocal:
      return 1 / z;
    case Function::kRsqrt:
      return z == 0 ? INFINITY : 1 / std::sqrt(z);
    case Function::kLog2:
      return std::log2(z);
    case Function::kGeluPhi:
      return GeluPhiOf(z);
    case Function::kGeluGrad: {
      if (std::isinf(z)) return z > 0 ? 1 : 0;
      const double slope = 2 * std::sqrt(2 / M_PI) * (1 + 3 * 0.044715 * z * z);
      return GeluPhiOf(z) + z * GeluPhiOf(z) * GeluPhiOf(-z) * slope;
    }
    case Function::kTanh:
      return std::tanh(z);
  }
  return NAN;
}

// The distance of binary32 neighbours at x, |x| >= 2^-126: x's own power of two, 23 places down.
inline double UlpOf(double x) {
  return std::bit_cast<double>((std::bit_cast<uint64_t>(x) & uint64_t{0x7FF} << 52) -
                               (uint64_t{23} << 52));
}

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_ARITHMETIC_TESTING_NUMBERS_H_
