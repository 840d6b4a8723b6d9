// SPDX-License-Identifier: Apache-2.0
// The devices "rtl:...": the RTL under Verilator, for bittern-rtl and tests. The product has none
// of them.
#ifndef BITTERN_RTL_RTL_DEVICES_H_
#define BITTERN_RTL_RTL_DEVICES_H_

#include "accelerator/device/registry.h"

namespace bittern {

DeviceKind RtlDevices();

}  // namespace bittern

#endif  // BITTERN_RTL_RTL_DEVICES_H_
