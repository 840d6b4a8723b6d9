// SPDX-License-Identifier: Apache-2.0
// Which fault of rtl/faults.toml is planted: $BITTERN_RTL_FAULT (scripts/check-rtl-faults).
#include <cstdlib>

extern "C" int bittern_planted_fault() {
  static const int kFault = [] {
    const char* value = std::getenv("BITTERN_RTL_FAULT");
    return value == nullptr ? 0 : std::atoi(value);
  }();
  return kFault;
}
