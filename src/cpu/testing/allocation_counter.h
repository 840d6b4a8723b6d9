// SPDX-License-Identifier: Apache-2.0
// Counts every allocation of a test program, so that a test can say that a step makes none.
#ifndef BITTERN_CPU_TESTING_ALLOCATION_COUNTER_H_
#define BITTERN_CPU_TESTING_ALLOCATION_COUNTER_H_

#include <cstdint>

namespace bittern {

// Calls of operator new so far, in the whole program.
int64_t Allocations();

}  // namespace bittern

#endif  // BITTERN_CPU_TESTING_ALLOCATION_COUNTER_H_
