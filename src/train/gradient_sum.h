// SPDX-License-Identifier: Apache-2.0
// Adds the gradients of a batch's parts in one fixed binary tree.
//
// Parts 2i and 2i + 1 are added first, then these sums in the same way, and so on. A part's
// gradient may arrive at any time and from any thread: the sum waits until its sibling is complete.
// So the bits of the result depend on the parts alone, never on the number of threads.
//
// Memory: all buffers exist after construction. In-order arrival from one thread needs log2(parts)
// of them.
#ifndef BITTERN_TRAIN_GRADIENT_SUM_H_
#define BITTERN_TRAIN_GRADIENT_SUM_H_

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace bittern {

class GradientSum {
 public:
  // The gradient tensors of one thread's step, always in the same order and of the same sizes.
  using Tensors = std::vector<std::span<float>>;

  // parts: a power of two. elements: of all gradient tensors together.
  GradientSum(int parts, int threads, int64_t elements);

  // Takes the gradient of a part. Either it returns false, and `gradient` is zero; or this part was
  // the last one of all, and `gradient` holds the sum of all parts. Each part comes once; after the
  // last one the next batch may begin. Thread-safe.
  bool Add(int part, const Tensors& gradient);

  // The number of buffers, each of the size of all gradients.
  static int Buffers(int parts, int threads);

 private:
  const int parts_;
  std::mutex mutex_;
  std::vector<std::vector<float>> buffers_;
  std::vector<int> free_;     // buffers that hold nothing
  std::vector<int> pending_;  // [node] the buffer with its sum, or -1
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_GRADIENT_SUM_H_
