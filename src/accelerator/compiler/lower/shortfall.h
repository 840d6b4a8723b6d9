// SPDX-License-Identifier: Apache-2.0
// Room that a program needs and the accelerator does not have.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_SHORTFALL_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_SHORTFALL_H_

#include <cstdint>
#include <string>

namespace bittern {

struct Shortfall {
  std::string what;  // "words of tokens", "program words"
  int64_t needed = 0;
  int64_t available = 0;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_SHORTFALL_H_
