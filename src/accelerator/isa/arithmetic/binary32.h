// The accelerator's multiplication and addition, on the bits of IEEE binary32 numbers and in
// integer arithmetic alone: what the logic in rtl/ must give, bit for bit.
//
// Round to nearest, ties to even, once an operation. Subnormal inputs are zeros of their sign. A
// result is rounded to 24 bits as if exponents had no lower end; one that is then below 2^-126 is a
// zero of its sign (so x86 does it: tiny after rounding). Every NaN result is kNan.
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
inline bool IsZero(uint32_t bits) { return (bits & kInfinity) == 0; }  // subnormals are

uint32_t Multiply(uint32_t a, uint32_t b);
uint32_t Add(uint32_t a, uint32_t b);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_ARITHMETIC_BINARY32_H_
