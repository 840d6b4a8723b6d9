// SPDX-License-Identifier: Apache-2.0
#include "accelerator/simulator/simulated_device.h"

namespace bittern {

DeviceKind SimulatorDevices() {
  return {.prefix = "sim",
          .accelerators = AllAccelerators(),
          .open = [](const isa::Accelerator& accelerator) {
            return std::make_unique<SimulatedDevice>(accelerator);
          }};
}

}  // namespace bittern
