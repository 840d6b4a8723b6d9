// SPDX-License-Identifier: Apache-2.0
// The accelerator's multiplication and addition of IEEE binary32 numbers. They work on the bits, in
// integer arithmetic only. The logic in rtl/ gives the same bits.
//
// Each operation rounds once, to nearest, ties to even. Subnormal inputs count as zeros of their
// sign. A result is rounded to 24 bits as if exponents had no lower limit. If it is then below
// 2^-126, it becomes a zero of its sign. x86 does the same: it tests for tiny after rounding. Every
// NaN result is kNan.
#ifndef BITTERN_ACCELERATOR_ISA_ARITHMETIC_BINARY32_H_
#define BITTERN_ACCELERATOR_ISA_ARITHMETIC_BINARY32_H_

#include <bit>
#include <cstdint>

namespace bittern {

inline constexpr uint32_t kNan = 0x7FC00000;
inline constexpr uint32_t kInfinity = 0x7F800000;
inline constexpr uint32_t kOne = 0x3F800000;
inline constexpr uint32_t kSignBit = 0x80000000;

inline uint32_t FloatBits(float x) { return std::bit_cast<uint32_t>(x); }
inline float FloatOfBits(uint32_t bits) { return std::bit_cast<float>(bits); }

inline bool IsNan(uint32_t bits) { return (bits & ~kSignBit) > kInfinity; }
inline bool IsZero(uint32_t bits) { return (bits & kInfinity) == 0; }  // true for subnormals, too

uint32_t Multiply(uint32_t a, uint32_t b);
uint32_t Add(uint32_t a, uint32_t b);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_ARITHMETIC_BINARY32_H_
