// SPDX-License-Identifier: Apache-2.0
// A test fixture that runs a test on every SIMD target of this machine, and test data.
#ifndef BITTERN_CPU_KERNELS_TESTING_TARGETS_H_
#define BITTERN_CPU_KERNELS_TESTING_TARGETS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cpu/kernels/targets.h"

namespace bittern {

class KernelTest : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { UseKernelTarget(GetParam()); }
  void TearDown() override { UseKernelTarget(0); }
};

inline std::string TargetTestName(const testing::TestParamInfo<int64_t>& info) {
  UseKernelTarget(info.param);
  const std::string name = KernelTargetName();
  UseKernelTarget(0);
  return name;
}

#define BITTERN_FOR_KERNEL_TARGETS(suite) \
  INSTANTIATE_TEST_SUITE_P(Target, suite, testing::ValuesIn(KernelTargets()), TargetTestName)

// A small generator that gives the same numbers on every machine.
class TestNumbers {
 public:
  explicit TestNumbers(uint32_t seed) : state_(seed * 2654435761u + 1) {}
  // Uniform in [low, high).
  float Next(float low, float high) {
    state_ = state_ * 1664525u + 1013904223u;
    return low + (high - low) * static_cast<float>(state_ >> 8) * 0x1p-24f;
  }
  std::vector<float> Vector(int64_t size, float low = -1, float high = 1) {
    std::vector<float> out(static_cast<size_t>(size));
    for (float& x : out) x = Next(low, high);
    return out;
  }

 private:
  uint32_t state_;
};

// Floats at an address that is `offset` floats past a multiple of 64 bytes, between guards that
// Intact() checks.
class GuardedFloats {
 public:
  GuardedFloats(int64_t size, int64_t offset, float fill = 0.0f)
      : size_(size), memory_(static_cast<size_t>(size + offset + 3 * kGuard), kMark) {
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    const auto to_line = static_cast<int64_t>((64 - address % 64) % 64 / sizeof(float));
    begin_ = to_line + kGuard + offset;
    for (int64_t i = 0; i < size; ++i) data()[i] = fill;
  }
  float* data() { return memory_.data() + begin_; }
  float& operator[](int64_t i) { return data()[i]; }
  bool Intact() const {
    for (int64_t i = 0; i < static_cast<int64_t>(memory_.size()); ++i) {
      const bool inside = i >= begin_ && i < begin_ + size_;
      if (!inside && memory_[static_cast<size_t>(i)] != kMark) return false;
    }
    return true;
  }

 private:
  static constexpr int64_t kGuard = 16;
  static constexpr float kMark = 12345.0f;
  int64_t size_, begin_ = 0;
  std::vector<float> memory_;
};

}  // namespace bittern

#endif  // BITTERN_CPU_KERNELS_TESTING_TARGETS_H_
