// SPDX-License-Identifier: Apache-2.0
// Runs src/train/conformance_test.cc on the devices of the RTL, too.
#include <gtest/gtest.h>

#include "rtl_devices.h"
#include "train/program_devices.h"

int main(int argc, char** argv) {
  bittern::RegisterProductDevices();
  bittern::RegisterDevices(bittern::RtlDevices());
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
