#include "rtl_device.h"

#include "Vcore.h"
#include "core_device.h"

namespace bittern {

std::unique_ptr<RtlDevice> MakeRtlNano(int seed) {
  return std::make_unique<CoreDevice<Vcore>>("nano", seed);
}

}  // namespace bittern
