// SPDX-License-Identifier: Apache-2.0
// Without a card there is little to see: that the host code links, and says what is wrong.
#include <gtest/gtest.h>

#include "accelerator/device/xrt/xrt_port.h"
#include "base/testing/errors.h"

namespace bittern {
namespace {

TEST(Xrt, SaysWhatIsMissing) {
  EXPECT_TRUE(Mentions(ErrorOf([] { OpenXrt("/nonexistent.xclbin", 4242); }), {"XRT", "card"}));
}

}  // namespace
}  // namespace bittern
