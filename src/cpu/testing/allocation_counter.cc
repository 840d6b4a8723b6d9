// SPDX-License-Identifier: Apache-2.0
#include "cpu/testing/allocation_counter.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<int64_t> allocations = 0;
}  // namespace

namespace bittern {
int64_t Allocations() { return allocations; }
}  // namespace bittern

// These functions are in a separate file. Otherwise the compiler would see the pair and warn that
// malloc is freed by delete. Both forms of new are replaced: std::stable_sort calls the one that
// does not throw, and frees with the same delete.
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
void* operator new(size_t bytes) {
  if (void* memory = operator new(bytes, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
