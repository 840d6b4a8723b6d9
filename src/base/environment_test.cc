// SPDX-License-Identifier: Apache-2.0
#include "base/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/testing/errors.h"

namespace bittern {
namespace {

constexpr char kName[] = "BITTERN_ENVIRONMENT_TEST";

TEST(Environment, TextAndNumbers) {
  unsetenv(kName);
  EXPECT_EQ(EnvironmentText(kName), "");
  EXPECT_EQ(EnvironmentNumber(kName), std::nullopt);
  setenv(kName, "12", 1);
  EXPECT_EQ(EnvironmentText(kName), "12");
  EXPECT_EQ(EnvironmentNumber(kName), 12);
  setenv(kName, "", 1);
  EXPECT_EQ(EnvironmentNumber(kName), std::nullopt);
  for (const char* wrong : {"x", "1x", "-1", " 1", "1234567890"}) {
    setenv(kName, wrong, 1);
    EXPECT_TRUE(Mentions(ErrorOf([] { EnvironmentNumber(kName); }), {kName, wrong})) << wrong;
  }
  unsetenv(kName);
}

}  // namespace
}  // namespace bittern
