// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/arithmetic/functions.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "accelerator/isa/arithmetic/binary32.h"

namespace bittern {

const FunctionEntry kFunctionTable[kFunctionEntries] = {
#include "accelerator/isa/arithmetic/function_table.inc"
};

namespace {

// The first entry of each function in the table.
constexpr uint32_t kExp2First = 0, kReciprocalFirst = 64, kRsqrtFirst = 128, kLog2First = 192,
                   kGeluPhiFirst = 256, kGeluGradFirst = 512, kTanhFirst = 768;

// The bits of numbers that limit the tables.
constexpr uint32_t kTwo = 0x40000000, kThree = 0x40400000;
constexpr uint32_t k2ToMinus5 = 0x3D000000, k8 = 0x41000000, k16 = 0x41800000, k126 = 0x42FC0000,
                   k128 = 0x43000000;

// The definition in integer arithmetic.

uint32_t FlushSubnormal(uint32_t z) { return IsZero(z) ? z & kSignBit : z; }

// Computes u in [-1, 1) from the bits below those of the entry's number. There are at most 23 of
// them. They are a fraction f in [0, 1), and u = 2 f - 1 = (2 + 2 f) - 3, without rounding.
uint32_t Centred(uint32_t left, int left_bits) {
  const uint32_t fraction = (left & ((1u << left_bits) - 1)) << (23 - left_bits);
  return Add(kTwo | fraction, kThree | kSignBit);
}

uint32_t Cubic(uint32_t entry, uint32_t u) {
  const FunctionEntry& c = kFunctionTable[entry];
  uint32_t r = FloatBits(c.c3);
  r = Add(Multiply(r, u), FloatBits(c.c2));
  r = Add(Multiply(r, u), FloatBits(c.c1));
  return Add(Multiply(r, u), FloatBits(c.c0));
}

// z 2^fraction_bits as an integer, rounded to zero; |z| 2^fraction_bits <= 2^31.
uint32_t Fixed(uint32_t z, int fraction_bits) {
  const uint32_t significand = (z & 0x7FFFFF) | 0x800000;
  const int shift = static_cast<int>(z >> 23 & 0xFF) - 127 - 23 + fraction_bits;
  uint32_t magnitude = 0;
  if (shift >= 0)
    magnitude = significand << shift;
  else if (shift > -24)
    magnitude = significand >> -shift;
  return (z & kSignBit) != 0 ? 0 - magnitude : magnitude;
}

// r 2^k, r normal and not negative: zero below the normal numbers.
uint32_t Scale(uint32_t r, int k) {
  return static_cast<int>(r >> 23) + k <= 0 ? 0 : r + (static_cast<uint32_t>(k) << 23);
}

uint32_t FloatOfInteger(int n) { return FloatBits(static_cast<float>(n)); }  // exact: |n| < 2^24

uint32_t Exp2(uint32_t z) {
  const bool negative = (z & kSignBit) != 0;
  const uint32_t magnitude = z & ~kSignBit;
  if (!negative && magnitude >= k128) return kInfinity;
  if (negative && magnitude > k126) return 0;
  const uint32_t t = Fixed(z, 24);
  const uint32_t r = Cubic(kExp2First + (t >> 18 & 63), Centred(t, 18));
  return Scale(r, static_cast<int32_t>(t) >> 24);
}

uint32_t Reciprocal(uint32_t z) {
  const uint32_t sign = z & kSignBit, magnitude = z & ~kSignBit;
  if (magnitude == 0) return sign | kInfinity;
  if (magnitude == kInfinity) return sign;
  const uint32_t r = Cubic(kReciprocalFirst + (z >> 17 & 63), Centred(z, 17));
  return sign | Scale(r, 127 - static_cast<int>(magnitude >> 23));
}

uint32_t Rsqrt(uint32_t z) {
  if ((z & ~kSignBit) == 0) return kInfinity;
  if ((z & kSignBit) != 0) return kNan;
  if (z == kInfinity) return 0;
  // The exponent's last bit is part of the entry's number: z = 4^q s, s in [1, 4).
  const uint32_t r = Cubic(kRsqrtFirst + (z >> 18 & 63), Centred(z, 18));
  const int q = (static_cast<int>(z >> 23) + 1) / 2 - 64;
  return Scale(r, -q);
}

uint32_t Log2(uint32_t z) {
  if ((z & ~kSignBit) == 0) return kSignBit | kInfinity;
  if ((z & kSignBit) != 0) return kNan;
  if (z == kInfinity) return kInfinity;
  const uint32_t r = Cubic(kLog2First + (z >> 17 & 63), Centred(z, 17));
  return Add(FloatOfInteger(static_cast<int>(z >> 23) - 127), r);
}

uint32_t Gelu(uint32_t first, uint32_t z) {
  const bool negative = (z & kSignBit) != 0;
  const uint32_t magnitude = z & ~kSignBit;
  if (!negative && magnitude >= k8) return kOne;
  if (negative && magnitude > k8) return 0;
  const uint32_t t = Fixed(z, 27);  // -2^30 .. 2^30 - 1: 256 entries of 2^23
  return Cubic(first + ((t >> 23) + 128) % 256, Centred(t, 23));
}

uint32_t Tanh(uint32_t z) {
  const uint32_t sign = z & kSignBit, magnitude = z & ~kSignBit;
  if (magnitude >= k16) return sign | kOne;
  if (magnitude < k2ToMinus5) {
    return sign | Cubic(kTanhFirst, Multiply(magnitude, 0x42000000));  // u = 32 |z|
  }
  // Four bits for the octave, from 1 at 2^-5, and four of the significand.
  const uint32_t entry = (magnitude >> 19) - ((k2ToMinus5 >> 19) - 16);
  return sign | Cubic(kTanhFirst + entry, Centred(magnitude, 19));
}

// The fast form has the same steps on vectors of floats. A function f is a class with
//   Address: computes entry and u for any z; for special cases any entry of the table will do
//   Finish: computes the result's bits from those of z and r, special cases included.
// All of it is inlined into the loops of EvaluateBlock, without branches.

#define BITTERN_INLINE __attribute__((always_inline)) static inline

// Selects by masks, because GCC does not vectorise a loop whose nested conditions become branches.
BITTERN_INLINE uint32_t Select(bool condition, uint32_t yes, uint32_t no) {
  const uint32_t mask = 0 - static_cast<uint32_t>(condition);
  return (yes & mask) | (no & ~mask);
}

BITTERN_INLINE float CentredFast(uint32_t left, int left_bits) {
  const uint32_t fraction = (left & ((1u << left_bits) - 1)) << (23 - left_bits);
  return FloatOfBits(kTwo | fraction) - 3.0f;
}

struct Address {
  uint32_t entry;
  float u;
};

struct Exp2Fast {
  static constexpr Function kFunction = Function::kExp2;
  // Takes z if it is in [-126, 128), else 0. As unsigned integers, the bits are in this order: 0 ..
  // infinity and NaN, then -0 .. -infinity and NaN.
  BITTERN_INLINE uint32_t Inside(uint32_t z) {
    return Select((z & ~kSignBit) < k128, Select(z <= (kSignBit | k126), z, 0), 0);
  }
  BITTERN_INLINE uint32_t Fixed24(uint32_t z) {
    return static_cast<uint32_t>(static_cast<int32_t>(FloatOfBits(Inside(z)) * 0x1p24f));
  }
  BITTERN_INLINE Address At(uint32_t z) {
    const uint32_t t = Fixed24(z);
    return {kExp2First + (t >> 18 & 63), CentredFast(t, 18)};
  }
  BITTERN_INLINE uint32_t Finish(uint32_t z, uint32_t r) {
    // The table gives 1 <= r <= 2, and the exponent is in -126 .. 127. Only r = 2 with 127 exceeds
    // an end, and the sum of its bits is the infinity.
    r += static_cast<uint32_t>(static_cast<int32_t>(Fixed24(z)) >> 24) << 23;
    r = Select(z <= (kSignBit | k126), r, 0);
    return Select(z - k128 < kSignBit - k128, kInfinity, r);
  }
};

struct ReciprocalFast {
  static constexpr Function kFunction = Function::kReciprocal;
  BITTERN_INLINE Address At(uint32_t z) {
    return {kReciprocalFirst + (z >> 17 & 63), CentredFast(z, 17)};
  }
  BITTERN_INLINE uint32_t Finish(uint32_t z, uint32_t r) {
    const uint32_t exponent = z >> 23 & 0xFF;
    // The factor is 2^(127 - exponent), and 0 for the exponent 254. There r <= 1, so the product
    // would be flushed.
    r = FloatBits(FloatOfBits(r) * FloatOfBits((254 - exponent) << 23));
    r = Select(exponent == 0, kInfinity, Select(exponent == 255, 0, r));
    return r | (z & kSignBit);
  }
};

struct RsqrtFast {
  static constexpr Function kFunction = Function::kRsqrt;
  BITTERN_INLINE Address At(uint32_t z) {
    return {kRsqrtFirst + (z >> 18 & 63), CentredFast(z, 18)};
  }
  BITTERN_INLINE uint32_t Finish(uint32_t z, uint32_t r) {
    r -= (((z >> 23) + 1) / 2 - 64) << 23;
    r = Select(z == kInfinity, 0, r);
    r = Select((z & kSignBit) != 0, kNan, r);
    return Select((z & kInfinity) == 0, kInfinity, r);
  }
};

struct Log2Fast {
  static constexpr Function kFunction = Function::kLog2;
  BITTERN_INLINE Address At(uint32_t z) {
    return {kLog2First + (z >> 17 & 63), CentredFast(z, 17)};
  }
  BITTERN_INLINE uint32_t Finish(uint32_t z, uint32_t r) {
    const auto exponent = static_cast<int32_t>(z >> 23 & 0xFF) - 127;
    r = FloatBits(static_cast<float>(exponent) + FloatOfBits(r));
    r = Select(z == kInfinity, kInfinity, r);
    r = Select((z & kSignBit) != 0, kNan, r);
    return Select((z & kInfinity) == 0, kSignBit | kInfinity, r);
  }
};

template <Function kWhich, uint32_t kFirst>
struct GeluFast {
  static constexpr Function kFunction = kWhich;
  BITTERN_INLINE Address At(uint32_t z) {
    const uint32_t inside = Select((z & ~kSignBit) < k8 + (z >> 31), z, 0);  // [-8, 8)
    const auto t = static_cast<uint32_t>(static_cast<int32_t>(FloatOfBits(inside) * 0x1p27f));
    return {kFirst + (((t >> 23) + 128) & 255), CentredFast(t, 23)};
  }
  BITTERN_INLINE uint32_t Finish(uint32_t z, uint32_t r) {
    const uint32_t saturated = Select((z & kSignBit) != 0, 0, kOne);
    return Select((z & ~kSignBit) < k8 + (z >> 31), r, saturated);
  }
};

struct TanhFast {
  static constexpr Function kFunction = Function::kTanh;
  BITTERN_INLINE Address At(uint32_t z) {
    const uint32_t magnitude = z & ~kSignBit;
    const uint32_t first = (k2ToMinus5 >> 19) - 16, last = (k16 >> 19) - first;
    const bool small = magnitude < k2ToMinus5;
    const uint32_t entry = Select(small, 0, (magnitude >> 19) - first);
    const float centred = CentredFast(magnitude, 19), scaled = FloatOfBits(magnitude) * 32.0f;
    const uint32_t u = Select(small, FloatBits(scaled), FloatBits(centred));
    return {kTanhFirst + Select(entry < last, entry, 0), FloatOfBits(u)};
  }
  BITTERN_INLINE uint32_t Finish(uint32_t z, uint32_t r) {
    return Select((z & ~kSignBit) < k16, r, kOne) | (z & kSignBit);
  }
};

using Float4 __attribute__((vector_size(16))) = float;

// Coefficients of four entries, transposed.
BITTERN_INLINE void LookUp4(const uint32_t* entry, float* c3, float* c2, float* c1, float* c0) {
  Float4 row[4];
  for (int i = 0; i < 4; ++i) std::memcpy(&row[i], &kFunctionTable[entry[i]], sizeof(Float4));
  const Float4 a = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
  const Float4 b = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
  const Float4 c = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
  const Float4 d = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
  const Float4 columns[4] = {
      __builtin_shufflevector(a, b, 0, 1, 4, 5), __builtin_shufflevector(a, b, 2, 3, 6, 7),
      __builtin_shufflevector(c, d, 0, 1, 4, 5), __builtin_shufflevector(c, d, 2, 3, 6, 7)};
  std::memcpy(c3, &columns[0], sizeof(Float4));
  std::memcpy(c2, &columns[1], sizeof(Float4));
  std::memcpy(c1, &columns[2], sizeof(Float4));
  std::memcpy(c0, &columns[3], sizeof(Float4));
}

template <class F, int kBlock>
BITTERN_INLINE void EvaluateBlock(const float* z, float* y) {
  uint32_t bits[kBlock], entry[kBlock], result[kBlock];
  float u[kBlock], c3[kBlock], c2[kBlock], c1[kBlock], c0[kBlock];
  std::memcpy(bits, z, sizeof(bits));
  // If GCC unrolls these loops first, it vectorises them worse or not at all.
#pragma GCC unroll 1
  for (int i = 0; i < kBlock; ++i) {
    const Address address = F::At(bits[i]);
    entry[i] = address.entry;
    u[i] = address.u;
  }
  for (int i = 0; i < kBlock; i += 4) LookUp4(entry + i, c3 + i, c2 + i, c1 + i, c0 + i);
#pragma GCC unroll 1
  for (int i = 0; i < kBlock; ++i) {
    const float r = ((c3[i] * u[i] + c2[i]) * u[i] + c1[i]) * u[i] + c0[i];
    const uint32_t finished = F::Finish(bits[i], FloatBits(r));
    result[i] = Select((bits[i] & ~kSignBit) > kInfinity, kNan, finished);
  }
  std::memcpy(y, result, sizeof(result));
}

template <class F>
BITTERN_INLINE void EvaluateAll(const float* z, int64_t n, float* y) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) EvaluateBlock<F, 16>(z + i, y + i);
  for (; i + 4 <= n; i += 4) EvaluateBlock<F, 4>(z + i, y + i);
  for (; i < n; ++i) {  // rare: token counts are multiples of 4
    y[i] = FloatOfBits(EvaluateBits(F::kFunction, FloatBits(z[i])));
  }
}

}  // namespace

const char* FunctionName(Function f) {
  static constexpr const char* kNames[kFunctions] = {"EXP2",     "RECIPROCAL", "RSQRT", "LOG2",
                                                     "GELU_PHI", "GELU_GRAD",  "TANH"};
  return kNames[static_cast<int>(f)];
}

uint32_t EvaluateBits(Function f, uint32_t z) {
  if (IsNan(z)) return kNan;
  z = FlushSubnormal(z);
  switch (f) {
    case Function::kExp2:
      return Exp2(z);
    case Function::kReciprocal:
      return Reciprocal(z);
    case Function::kRsqrt:
      return Rsqrt(z);
    case Function::kLog2:
      return Log2(z);
    case Function::kGeluPhi:
      return Gelu(kGeluPhiFirst, z);
    case Function::kGeluGrad:
      return Gelu(kGeluGradFirst, z);
    case Function::kTanh:
      return Tanh(z);
  }
  return kNan;
}

float Evaluate(Function f, float z) { return FloatOfBits(EvaluateBits(f, FloatBits(z))); }

// The loader chooses the clone before the sanitizers' runtime is initialised, so they get no
// clones.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
void Evaluate(Function f, const float* z, int64_t n, float* y) {
  switch (f) {
    case Function::kExp2:
      return EvaluateAll<Exp2Fast>(z, n, y);
    case Function::kReciprocal:
      return EvaluateAll<ReciprocalFast>(z, n, y);
    case Function::kRsqrt:
      return EvaluateAll<RsqrtFast>(z, n, y);
    case Function::kLog2:
      return EvaluateAll<Log2Fast>(z, n, y);
    case Function::kGeluPhi:
      return EvaluateAll<GeluFast<Function::kGeluPhi, kGeluPhiFirst>>(z, n, y);
    case Function::kGeluGrad:
      return EvaluateAll<GeluFast<Function::kGeluGrad, kGeluGradFirst>>(z, n, y);
    case Function::kTanh:
      return EvaluateAll<TanhFast>(z, n, y);
  }
}

}  // namespace bittern
