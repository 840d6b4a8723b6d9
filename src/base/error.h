// SPDX-License-Identifier: Apache-2.0
// Errors that a user can correct, such as bad input, a bad configuration or a full disk.
//
// Every such error is thrown as Error and ends the program with exit status 2. Its message names
// the place (file, line or field), what was found, what was expected and what to do. A broken
// invariant of the program itself is not an Error: use BITTERN_CHECK, which aborts.
#ifndef BITTERN_BASE_ERROR_H_
#define BITTERN_BASE_ERROR_H_

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace bittern {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <typename... Args>
[[noreturn]] void Fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace bittern

#define BITTERN_CHECK(condition)                                                             \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: invariant broken: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (0)

#endif  // BITTERN_BASE_ERROR_H_
