// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/arithmetic/binary32.h"

#include <algorithm>

namespace bittern {
namespace {

int Exponent(uint32_t bits) { return static_cast<int>(bits >> 23 & 0xFF); }
bool IsInfinity(uint32_t bits) { return (bits & ~kSignBit) == kInfinity; }
uint64_t Significand(uint32_t bits) { return (bits & 0x7FFFFF) | 0x800000; }

// Rounds value * 2^(exponent - 63) to binary32. `exponent` includes the bias. `value` is not zero,
// and its low bit is set if lower bits were lost. If its first bit is bit 63, `exponent` is the
// biased exponent of the result before rounding.
uint32_t Round(uint32_t sign, int exponent, uint64_t value) {
  const int zeros = std::countl_zero(value);
  exponent -= zeros;
  value <<= zeros;
  uint64_t kept = value >> 40;  // 24 bits
  const uint64_t rest = value & ((uint64_t{1} << 40) - 1), half = uint64_t{1} << 39;
  kept += rest > half || (rest == half && (kept & 1) != 0);
  if (kept == 0x1000000) {
    kept >>= 1;
    ++exponent;
  }
  if (exponent >= 255) return sign | kInfinity;
  if (exponent <= 0) return sign;
  return sign | static_cast<uint32_t>(exponent) << 23 | (static_cast<uint32_t>(kept) & 0x7FFFFF);
}

}  // namespace

uint32_t Multiply(uint32_t a, uint32_t b) {
  const uint32_t sign = (a ^ b) & kSignBit;
  if (IsNan(a) || IsNan(b)) return kNan;
  if (IsInfinity(a) || IsInfinity(b)) return IsZero(a) || IsZero(b) ? kNan : sign | kInfinity;
  if (IsZero(a) || IsZero(b)) return sign;
  // The product of two significands with 1.23 bits has 2.46 bits. Its first place is bit 47, which
  // counts one exponent more.
  return Round(sign, Exponent(a) + Exponent(b) - 127 + 1, Significand(a) * Significand(b) << 16);
}

uint32_t Add(uint32_t a, uint32_t b) {
  if (IsNan(a) || IsNan(b)) return kNan;
  if (IsInfinity(a)) return IsInfinity(b) && a != b ? kNan : a;
  if (IsInfinity(b)) return b;
  if (IsZero(a) && IsZero(b)) return a & b & kSignBit;
  if (IsZero(a)) return b;
  if (IsZero(b)) return a;
  if ((a & ~kSignBit) < (b & ~kSignBit)) std::swap(a, b);
  // Bit 63 takes the carry. The larger operand has 39 free bits below its last one. They hold the
  // first bits that the smaller operand loses. The lowest of them is set if any further bit is
  // lost.
  const uint64_t large = Significand(a) << 39, small = Significand(b) << 39;
  const int shift = std::min(Exponent(a) - Exponent(b), 63);
  const uint64_t lost = small & ((uint64_t{1} << shift) - 1);
  const uint64_t aligned = small >> shift | (lost != 0 ? 1 : 0);
  const uint64_t sum = ((a ^ b) & kSignBit) == 0 ? large + aligned : large - aligned;
  return sum == 0 ? 0 : Round(a & kSignBit, Exponent(a) + 1, sum);
}

}  // namespace bittern
