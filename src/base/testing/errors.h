// SPDX-License-Identifier: Apache-2.0
// Helpers for tests that check the message of an Error.
#ifndef BITTERN_BASE_TESTING_ERRORS_H_
#define BITTERN_BASE_TESTING_ERRORS_H_

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bittern {

// The message of the Error that `action` throws, or "no error".
template <typename Action>
std::string ErrorOf(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// EXPECT_TRUE(Mentions(ErrorOf(...), {"file:3", "expected"})): every part occurs in the message.
inline testing::AssertionResult Mentions(std::string_view message,
                                         std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) {
    if (message.find(part) == std::string_view::npos) {
      return testing::AssertionFailure() << "\"" << message << "\" lacks \"" << part << "\"";
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace bittern

#endif  // BITTERN_BASE_TESTING_ERRORS_H_
