// SPDX-License-Identifier: Apache-2.0
#include "Vcore_u50.h"
#include "core_device.h"

namespace bittern {

std::unique_ptr<RtlDevice> MakeRtlU50(int seed) {
  return std::make_unique<CoreDevice<Vcore_u50>>("u50", seed);
}

}  // namespace bittern
