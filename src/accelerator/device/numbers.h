// SPDX-License-Identifier: Apache-2.0
// Converts numbers between a host and a machine's memory.
#ifndef BITTERN_ACCELERATOR_DEVICE_NUMBERS_H_
#define BITTERN_ACCELERATOR_DEVICE_NUMBERS_H_

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace bittern {

// The number that WriteWords (device.h) writes: a subnormal becomes a zero of its sign.
inline uint32_t BitsOnDevice(float x) {
  return std::bit_cast<uint32_t>(std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x);
}

// The number that ReadWords reads: every NaN becomes kNan.
inline float FloatFromDevice(uint32_t bits) {
  const float x = std::bit_cast<float>(bits);
  return std::isnan(x) ? std::numeric_limits<float>::quiet_NaN() : x;
}

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_NUMBERS_H_
