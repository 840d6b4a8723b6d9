// SPDX-License-Identifier: Apache-2.0
#include "accelerator/device/registry.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "accelerator/isa/accelerator.h"
#include "base/error.h"

namespace bittern {
namespace {

std::vector<DeviceKind>& Kinds() {
  static std::vector<DeviceKind> kinds;
  return kinds;
}

std::string NameOf(const DeviceKind& kind, std::string_view accelerator) {
  return fmt::format("{}:{}", kind.prefix, accelerator);
}

}  // namespace

void RegisterDevices(DeviceKind kind) {
  const bool known = std::ranges::any_of(
      Kinds(), [&](const DeviceKind& other) { return other.prefix == kind.prefix; });
  if (!known) Kinds().push_back(std::move(kind));
}

std::vector<std::string> DeviceNames() {
  std::vector<std::string> names;
  for (const DeviceKind& kind : Kinds()) {
    for (const std::string& accelerator : kind.accelerators) {
      names.push_back(NameOf(kind, accelerator));
    }
  }
  return names;
}

std::unique_ptr<Device> OpenDevice(std::string_view name) {
  for (const DeviceKind& kind : Kinds()) {
    for (const std::string& accelerator : kind.accelerators) {
      if (name == NameOf(kind, accelerator)) return kind.open(isa::AcceleratorNamed(accelerator));
    }
  }
  Fail("no device \"{}\"; there are {}", name, fmt::join(DeviceNames(), ", "));
}

std::vector<std::string> AllAccelerators() {
  std::vector<std::string> names;
  for (const isa::Accelerator& accelerator : isa::Accelerators()) {
    names.emplace_back(accelerator.name);
  }
  return names;
}

}  // namespace bittern
