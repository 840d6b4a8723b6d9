// SPDX-License-Identifier: Apache-2.0
#include "train/program_devices.h"

#include "accelerator/device/registry.h"
#include "accelerator/simulator/simulated_device.h"

namespace bittern {

#ifdef BITTERN_XRT
DeviceKind XrtDevices();  // accelerator/device/xrt/xrt_devices.cc
#endif

// A new kind of device takes a file with a function that describes it, a line here (and a
// declaration, or a header), and a line in CMakeLists.txt.
void RegisterProductDevices() {
  RegisterDevices(SimulatorDevices());
#ifdef BITTERN_XRT
  RegisterDevices(XrtDevices());
#endif
}

}  // namespace bittern
