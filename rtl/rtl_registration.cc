// Makes "rtl:nano" known to the program that this file is linked with. From the environment:
//
//   BITTERN_RTL_SEED=N        what registers and memory hold at the start: random, by this seed;
//                             1 if it is not set
//   BITTERN_RTL_COMPARE=1     runs the simulator too, and ends at the first difference
//   BITTERN_RTL_TRACE=FILE    waveforms as an FST file (cmake -DBITTERN_RTL_TRACE=ON)
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "compared_device.h"
#include "device/added_devices.h"
#include "rtl_device.h"

namespace bittern {
namespace {

std::string_view Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? "" : value;
}

std::unique_ptr<Device> OpenRtl() {
  const std::string_view seed = Variable("BITTERN_RTL_SEED");
  int number = 0;
  for (const char c : seed) {
    if (c < '0' || c > '9' || seed.size() > 9) {
      Fail("BITTERN_RTL_SEED is \"{}\"; expected a number of up to nine digits", seed);
    }
    number = 10 * number + (c - '0');
  }
  auto device = std::make_unique<RtlDevice>(seed.empty() ? 1 : number);
  const std::string_view trace = Variable("BITTERN_RTL_TRACE");
  if (!trace.empty()) device->Trace(std::string(trace));
  const std::string_view compare = Variable("BITTERN_RTL_COMPARE");
  if (compare.empty() || compare == "0") return device;
  return std::make_unique<ComparedDevice>(std::move(device));
}

[[maybe_unused]] const bool kAdded = AddDevice({.name = "rtl:nano", .open = OpenRtl});

}  // namespace
}  // namespace bittern
