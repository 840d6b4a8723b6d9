// SPDX-License-Identifier: Apache-2.0
#include "train/gradient_sum.h"

#include <algorithm>
#include <bit>

#include "base/error.h"

namespace bittern {
namespace {

constexpr int kNone = -1;

}  // namespace

// A sum waits only if its sibling is not complete. The sibling then holds a part that a thread
// computes now, or the first part that no thread has begun. Each such part has log2(parts) nodes on
// its way to the root, and the thread that stores computes none. Besides, no two siblings wait.
int GradientSum::Buffers(int parts, int threads) {
  const int levels = std::countr_zero(static_cast<unsigned>(parts));
  return std::min(parts / 2, threads * levels);
}

// Nodes are numbered as in a heap: the root is 1, the children of n are 2n and 2n + 1, and part p
// is the leaf parts + p.
GradientSum::GradientSum(int parts, int threads, int64_t elements)
    : parts_(parts), pending_(2 * static_cast<size_t>(parts), kNone) {
  BITTERN_CHECK(parts >= 1 && std::has_single_bit(static_cast<unsigned>(parts)) && threads >= 1);
  for (int buffer = 0; buffer < Buffers(parts, threads); ++buffer) {
    buffers_.emplace_back(static_cast<size_t>(elements));
    free_.push_back(buffer);
  }
}

bool GradientSum::Add(int part, const Tensors& gradient) {
  for (int node = parts_ + part; node > 1; node /= 2) {
    const auto sibling = static_cast<size_t>(node ^ 1);
    int other = kNone;
    {
      const std::lock_guard lock(mutex_);
      std::swap(other, pending_[sibling]);
      if (other == kNone) {
        BITTERN_CHECK(!free_.empty());
        other = free_.back();
        free_.pop_back();
        float* to = buffers_[static_cast<size_t>(other)].data();
        for (const std::span<float> tensor : gradient) to = std::ranges::copy(tensor, to).out;
        pending_[static_cast<size_t>(node)] = other;
        for (const std::span<float> tensor : gradient) std::ranges::fill(tensor, 0.0F);
        return false;
      }
    }
    // Addition of two floats commutes, so it does not matter which of the two siblings came first.
    const float* from = buffers_[static_cast<size_t>(other)].data();
    for (const std::span<float> tensor : gradient) {
      for (float& value : tensor) value += *from++;
    }
    const std::lock_guard lock(mutex_);
    free_.push_back(other);
  }
  return true;
}

}  // namespace bittern
