#include "accelerator/simulator/simulated_device.h"

#include <string>

#include "accelerator/device/added_devices.h"
#include "accelerator/isa/generated/accelerators.h"
#include "base/error.h"

namespace bittern {

std::unique_ptr<Device> OpenDevice(std::string_view name) {
  constexpr std::string_view kPrefix = "sim:";
  std::string known;
  for (const isa::Accelerator& accelerator : isa::Accelerators()) {
    if (name.starts_with(kPrefix) && name.substr(kPrefix.size()) == accelerator.name) {
      return std::make_unique<SimulatedDevice>(accelerator);
    }
    known += fmt::format("{}{}{}", known.empty() ? "" : ", ", kPrefix, accelerator.name);
  }
  for (const AddedDevice& added : AddedDevices()) {
    if (name == added.name) return added.open();
    known += fmt::format(", {}", added.name);
  }
  Fail("no device \"{}\"; there are {}", name, known);
}

}  // namespace bittern
