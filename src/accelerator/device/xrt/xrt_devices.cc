// SPDX-License-Identifier: Apache-2.0
// "xrt:u50" and the like: cards, through AMD's XRT. These environment variables configure them:
//
//   BITTERN_XCLBIN=FILE   the kernel's xclbin (hardware/build makes it)
//   BITTERN_CARD=N        the card's number in `xbutil examine`; 0 if it is not set
#include <memory>
#include <string>
#include <string_view>

#include "accelerator/device/registry.h"
#include "accelerator/device/xrt/xrt_port.h"
#include "base/environment.h"
#include "base/error.h"

namespace bittern {
namespace {

std::unique_ptr<Device> OpenCard(const isa::Accelerator& accelerator) {
  const std::string_view file = EnvironmentText("BITTERN_XCLBIN");
  if (file.empty())
    Fail("xrt:{} needs the kernel: set BITTERN_XCLBIN to its xclbin", accelerator.name);
  const auto card = static_cast<unsigned>(EnvironmentNumber("BITTERN_CARD").value_or(0));
  return std::make_unique<KernelDevice>(OpenXrt(std::string(file), card), accelerator);
}

}  // namespace

DeviceKind XrtDevices() {
  return {.prefix = "xrt", .accelerators = AllAccelerators(), .open = OpenCard};
}

}  // namespace bittern
