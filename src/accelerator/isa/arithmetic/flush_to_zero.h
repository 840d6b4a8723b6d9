// SPDX-License-Identifier: Apache-2.0
// While an object of this class lives, the thread's float arithmetic treats subnormal inputs as
// zeros of their sign, and results that would be subnormal become such zeros. This is the
// accelerator's arithmetic: multiplications and additions of floats then give the bits of
// accelerator/isa/arithmetic/binary32.h, except for the bits of NaN. On AArch64 there is one more
// exception: products from 2^-126 (1 - 2^-25) up to 2^-126, which that machine flushes before it
// rounds. Objects may nest.
//
// The compiler does not know this and may move arithmetic out of the object's scope. So create the
// object in a function that calls the arithmetic, not in the same expression or loop.
#ifndef BITTERN_ACCELERATOR_ISA_ARITHMETIC_FLUSH_TO_ZERO_H_
#define BITTERN_ACCELERATOR_ISA_ARITHMETIC_FLUSH_TO_ZERO_H_

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#elif !defined(__aarch64__)
#error "flushing subnormals is not implemented for this machine"
#endif

namespace bittern {

class FlushToZero {
 public:
  FlushToZero() : before_(Get()) { Set(before_ | kFlush); }
  ~FlushToZero() { Set(before_); }
  FlushToZero(const FlushToZero&) = delete;
  FlushToZero& operator=(const FlushToZero&) = delete;

 private:
#if defined(__x86_64__)
  static constexpr uint64_t kFlush = 1 << 15 | 1 << 6;  // MXCSR: FTZ, DAZ
  static uint64_t Get() { return _mm_getcsr(); }
  static void Set(uint64_t bits) { _mm_setcsr(static_cast<uint32_t>(bits)); }
#else
  static constexpr uint64_t kFlush = 1 << 24;  // FPCR: FZ
  static uint64_t Get() {
    uint64_t bits;
    asm volatile("mrs %0, fpcr" : "=r"(bits) : : "memory");
    return bits;
  }
  static void Set(uint64_t bits) { asm volatile("msr fpcr, %0" : : "r"(bits) : "memory"); }
#endif

  uint64_t before_;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_ISA_ARITHMETIC_FLUSH_TO_ZERO_H_
