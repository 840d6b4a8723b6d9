// SPDX-License-Identifier: Apache-2.0
#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace bittern {

void ParallelFor(size_t n, int threads, const std::function<void(size_t index, int worker)>& work) {
  if (threads <= 1 || n <= 1) {
    for (size_t i = 0; i < n; ++i) work(i, 0);
    return;
  }
  std::atomic<size_t> next{0};
  std::atomic<size_t> end{n};  // a failed index lowers it; lower indices have been started before
  std::exception_ptr failure;
  size_t failed_index = n;
  std::mutex failure_mutex;

  const auto run = [&](int worker) {
    while (true) {
      const size_t i = next.fetch_add(1);
      if (i >= end.load()) return;
      try {
        work(i, worker);
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (i < failed_index) {
          failed_index = i;
          failure = std::current_exception();
          end.store(i);
        }
      }
    }
  };

  const int workers = static_cast<int>(std::min<size_t>(threads, n));
  {
    std::vector<std::jthread> others;
    others.reserve(workers - 1);
    for (int worker = 1; worker < workers; ++worker) others.emplace_back(run, worker);
    run(0);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace bittern
