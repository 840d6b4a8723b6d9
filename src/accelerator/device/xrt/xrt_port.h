// The kernel on a board, reached by AMD's XRT.
//
// Written to the XRT of Debian 12 (2.13) and never run: no board was at hand (docs/hardware.md).
#ifndef BITTERN_ACCELERATOR_DEVICE_XRT_XRT_PORT_H_
#define BITTERN_ACCELERATOR_DEVICE_XRT_XRT_PORT_H_

#include <memory>
#include <string>

#include "accelerator/device/kernel_device.h"

namespace bittern {

// Loads the xclbin FILE onto card number `card` and takes its kernel, which nobody else may use
// meanwhile. Fails with what XRT says.
std::unique_ptr<KernelPort> OpenXrt(const std::string& file, unsigned card);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_XRT_XRT_PORT_H_
