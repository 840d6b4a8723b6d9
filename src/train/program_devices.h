// SPDX-License-Identifier: Apache-2.0
// The devices of the product that run programs of the accelerator.
#ifndef BITTERN_TRAIN_PROGRAM_DEVICES_H_
#define BITTERN_TRAIN_PROGRAM_DEVICES_H_

namespace bittern {

// Registers them (accelerator/device/registry.h); a second call changes nothing.
void RegisterProductDevices();

}  // namespace bittern

#endif  // BITTERN_TRAIN_PROGRAM_DEVICES_H_
