// SPDX-License-Identifier: Apache-2.0
// Connects to the kernel on a board by AMD's XRT.
//
// It was written for the XRT of Debian 12 (2.13) and has never been run on a board
// (docs/hardware.md).
#ifndef BITTERN_ACCELERATOR_DEVICE_XRT_XRT_PORT_H_
#define BITTERN_ACCELERATOR_DEVICE_XRT_XRT_PORT_H_

#include <memory>
#include <string>

#include "accelerator/device/kernel_device.h"

namespace bittern {

// Loads the xclbin FILE onto card number `card` and opens its kernel for exclusive use. Fails with
// the message of XRT.
std::unique_ptr<KernelPort> OpenXrt(const std::string& file, unsigned card);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_XRT_XRT_PORT_H_
