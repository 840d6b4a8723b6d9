// SPDX-License-Identifier: Apache-2.0
// The devices that a program can open, by name: KIND:ACCELERATOR, as in "sim:u50".
//
// A kind of device has a function that describes it (SimulatorDevices, XrtDevices, RtlDevices). A
// program registers kinds by calls before it looks for a device: train/program_devices.cc registers
// those of the product, and main of bittern-rtl adds RtlDevices. No initialiser of a static object
// registers anything. Registered kinds stay until the program ends; register from one thread.
#ifndef BITTERN_ACCELERATOR_DEVICE_REGISTRY_H_
#define BITTERN_ACCELERATOR_DEVICE_REGISTRY_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "accelerator/device/device.h"
#include "accelerator/isa/generated/accelerators.h"

namespace bittern {

struct DeviceKind {
  std::string prefix;                     // without the colon, as in "sim"
  std::vector<std::string> accelerators;  // names (isa::Accelerators) that the kind can run
  // May fail, for example where a card is missing.
  std::function<std::unique_ptr<Device>(const isa::Accelerator&)> open;
};

// Adds the kind's devices after those of earlier kinds. Does nothing where a kind of this prefix is
// registered already.
void RegisterDevices(DeviceKind kind);

// In the order of registration.
std::vector<std::string> DeviceNames();

// Fails, and lists DeviceNames(), where `name` is not among them.
std::unique_ptr<Device> OpenDevice(std::string_view name);

// The names of isa::Accelerators(), for a kind that runs them all.
std::vector<std::string> AllAccelerators();

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_REGISTRY_H_
