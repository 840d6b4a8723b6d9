// Devices that a program is linked with beside the simulator: the RTL under Verilator, boards,
// where these are built.
//
// They are added before the program looks for devices, by initialisers of the object files that
// have them, and stay until its end.
#ifndef BITTERN_ACCELERATOR_DEVICE_ADDED_DEVICES_H_
#define BITTERN_ACCELERATOR_DEVICE_ADDED_DEVICES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "accelerator/device/device.h"

namespace bittern {

struct AddedDevice {
  std::string name;  // KIND:ACCELERATOR, as in "rtl:nano"
  std::function<std::unique_ptr<Device>()> open;
};

// Always true, so that a constant can be initialised with it.
bool AddDevice(AddedDevice device);

const std::vector<AddedDevice>& AddedDevices();

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_ADDED_DEVICES_H_
