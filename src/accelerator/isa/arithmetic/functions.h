// SPDX-License-Identifier: Apache-2.0
// The accelerator's functions of one argument. docs/arithmetic.md defines them completely.
//
// Each is a table look-up and a cubic. Bits of z choose an entry (c3, c2, c1, c0) of one table of
// 1024. The remaining bits form u in [-1, 1) exactly. Then r = ((c3 u + c2) u + c1) u + c0 with the
// operations of accelerator/isa/arithmetic/binary32.h. At the end r is scaled by a power of two or
// takes a sign, exactly. Subnormal z counts as zero. NaN gives NaN, and every NaN is kNan.
#ifndef BITTERN_ACCELERATOR_ISA_ARITHMETIC_FUNCTIONS_H_
#define BITTERN_ACCELERATOR_ISA_ARITHMETIC_FUNCTIONS_H_

#include <cstdint>

namespace bittern {

enum class Function {
  kExp2,        // 2^z; 0 for z < -126, infinity for z >= 128
  kReciprocal,  // 1/z; an infinity of its sign for +-0
  kRsqrt,       // 1/sqrt(z); +infinity for +-0, NaN for z < 0
  kLog2,        // log2(z); -infinity for +-0, NaN for z < 0
  kGeluPhi,     // (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) / 2, so that gelu(z) = z * phi
  kGeluGrad,    // d/dz gelu(z)
  kTanh,        // tanh(z)
};
inline constexpr int kFunctions = 7;

struct FunctionEntry {
  float c3, c2, c1, c0;
};
inline constexpr int kFunctionEntries = 1024;
extern const FunctionEntry kFunctionTable[kFunctionEntries];

const char* FunctionName(Function f);  // as in spec/functions.json: "EXP2", ...

// The definition, in integer arithmetic. It does not depend on the thread's float environment.
uint32_t EvaluateBits(Function f, uint32_t z);
float Evaluate(Function f, float z);

// Computes the same bits fast: y[i] = f(z[i]) for i < n. The caller must hold a FlushToZero. y may
// be z.
void Evaluate(Function f, const float* z, int64_t n, float* y);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_ARITHMETIC_FUNCTIONS_H_
