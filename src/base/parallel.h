// Work shared among threads with results that don't depend on their number.
#ifndef BITTERN_BASE_PARALLEL_H_
#define BITTERN_BASE_PARALLEL_H_

#include <cstddef>
#include <functional>

namespace bittern {

// Calls work(i, worker) once for each i in [0, n), on at most `threads` threads, the caller's among
// them; `worker` in [0, threads) picks a workspace that no other running call uses. Indices are
// handed out in order. What is computed for i must depend on i alone; then so does the whole.
//
// After an exception no higher index is started and every lower one still ends; the exception of
// the lowest index is thrown here. It is the same one for any number of threads.
void ParallelFor(size_t n, int threads, const std::function<void(size_t index, int worker)>& work);

}  // namespace bittern

#endif  // BITTERN_BASE_PARALLEL_H_
