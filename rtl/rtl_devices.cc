// SPDX-License-Identifier: Apache-2.0
// "rtl:nano": the RTL under Verilator. The environment sets options:
//
//   BITTERN_RTL_SEED=N        the seed of the random contents that registers and memory start with;
//                             1 if it is not set
//   BITTERN_RTL_COMPARE=1     runs the simulator too, and stops at the first difference
//   BITTERN_RTL_TRACE=FILE    waveforms as an FST file (cmake -DBITTERN_RTL_TRACE=ON)
//   BITTERN_RTL_AXI=N         through the kernel's AXI ports, with back-pressure by seed N, without
//                             it if N is 0
#include "rtl_devices.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "accelerator/device/kernel_device.h"
#include "accelerator/isa/accelerator.h"
#include "base/environment.h"
#include "compared_device.h"
#include "kernel_simulation.h"
#include "rtl_device.h"

namespace bittern {
namespace {

std::unique_ptr<Device> OpenModel() {
  const int seed = EnvironmentNumber("BITTERN_RTL_SEED").value_or(1);
  const std::optional<int> back_pressure = EnvironmentNumber("BITTERN_RTL_AXI");
  const std::string trace(EnvironmentText("BITTERN_RTL_TRACE"));
  if (!back_pressure) {
    std::unique_ptr<RtlDevice> device = MakeRtlNano(seed);
    if (!trace.empty()) device->Trace(trace);
    return device;
  }
  std::unique_ptr<KernelSimulation> kernel =
      MakeKernelNano(seed, static_cast<uint32_t>(*back_pressure));
  if (!trace.empty()) kernel->Trace(trace);
  return std::make_unique<KernelDevice>(std::move(kernel), isa::AcceleratorNamed("nano"));
}

std::unique_ptr<Device> OpenRtl(const isa::Accelerator&) {
  std::unique_ptr<Device> device = OpenModel();
  const std::string_view compare = EnvironmentText("BITTERN_RTL_COMPARE");
  if (compare.empty() || compare == "0") return device;
  return std::make_unique<ComparedDevice>(std::move(device));
}

}  // namespace

DeviceKind RtlDevices() { return {.prefix = "rtl", .accelerators = {"nano"}, .open = OpenRtl}; }

}  // namespace bittern
