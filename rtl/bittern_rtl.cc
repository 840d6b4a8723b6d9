// SPDX-License-Identifier: Apache-2.0
// The bittern command with the devices of the RTL.
#include "cli/command_line.h"
#include "rtl_devices.h"
#include "train/program_devices.h"

int main(int argc, char** argv) {
  bittern::RegisterProductDevices();
  bittern::RegisterDevices(bittern::RtlDevices());
  return bittern::RunCommandLine(argc, argv);
}
