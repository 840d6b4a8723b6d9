// SPDX-License-Identifier: Apache-2.0
#include "rtl_device.h"

#include "Vcore.h"
#include "Vcore_folded.h"
#include "core_device.h"

namespace bittern {

std::unique_ptr<RtlDevice> MakeRtlNano(int seed) {
  return std::make_unique<CoreDevice<Vcore>>("nano", seed);
}

std::unique_ptr<RtlDevice> MakeRtlNanoFolded(int seed) {
  return std::make_unique<CoreDevice<Vcore_folded>>("nano-folded", seed);
}

}  // namespace bittern
