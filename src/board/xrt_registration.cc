// Makes "xrt:u50" and the like known to the program that this file is linked with. From the
// environment:
//
//   BITTERN_XCLBIN=FILE   the kernel's xclbin (hardware/build makes it)
//   BITTERN_CARD=N        which card, as `xbutil examine` counts them; 0 if it is not set
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "board/xrt_port.h"
#include "device/added_devices.h"
#include "isa/generated/accelerators.h"

namespace bittern {
namespace {

std::string_view Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? "" : value;
}

std::unique_ptr<Device> OpenCard(const isa::Accelerator& accelerator) {
  const std::string_view file = Variable("BITTERN_XCLBIN"), card = Variable("BITTERN_CARD");
  if (file.empty())
    Fail("xrt:{} needs the kernel: set BITTERN_XCLBIN to its xclbin", accelerator.name);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(card.data(), card.data() + card.size(), number);
  if (!card.empty() && (error != std::errc() || end != card.data() + card.size())) {
    Fail("BITTERN_CARD is \"{}\"; expected the number of a card", card);
  }
  return std::make_unique<KernelDevice>(OpenXrt(std::string(file), number), accelerator);
}

bool AddCards() {
  for (const isa::Accelerator& accelerator : isa::Accelerators()) {
    AddDevice({.name = fmt::format("xrt:{}", accelerator.name),
               .open = [&accelerator] { return OpenCard(accelerator); }});
  }
  return true;
}

[[maybe_unused]] const bool kAdded = AddCards();

}  // namespace
}  // namespace bittern
