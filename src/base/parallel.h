// SPDX-License-Identifier: Apache-2.0
// Shares work among threads. The results do not depend on the number of threads.
#ifndef BITTERN_BASE_PARALLEL_H_
#define BITTERN_BASE_PARALLEL_H_

#include <cstddef>
#include <functional>

namespace bittern {

// Calls work(i, worker) once for each i in [0, n), on at most `threads` threads, including the
// caller's. `worker` in [0, threads) selects a workspace that no other running call uses. Indices
// are started in order. The computation for i must depend on i alone; then the whole result is the
// same for any number of threads.
//
// After an exception no higher index is started, and every lower one still completes. The exception
// of the lowest index is thrown here. It is the same for any number of threads.
void ParallelFor(size_t n, int threads, const std::function<void(size_t index, int worker)>& work);

}  // namespace bittern

#endif  // BITTERN_BASE_PARALLEL_H_
