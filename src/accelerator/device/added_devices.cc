#include "accelerator/device/added_devices.h"

#include <utility>

namespace bittern {
namespace {

// Made at its first use: initialisers of other files come in any order.
std::vector<AddedDevice>& Devices() {
  static std::vector<AddedDevice> devices;
  return devices;
}

}  // namespace

bool AddDevice(AddedDevice device) {
  Devices().push_back(std::move(device));
  return true;
}

const std::vector<AddedDevice>& AddedDevices() { return Devices(); }

}  // namespace bittern
