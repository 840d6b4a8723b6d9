// SPDX-License-Identifier: Apache-2.0
// Any bytes read as a configuration end in one that its own TOML gives again, or in an Error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "model/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bittern;
  try {
    const Config config =
        ParseConfig(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz.toml");
    BITTERN_CHECK(ParseConfig(ToToml(config), "again") == config);
  } catch (const Error&) {
  }
  return 0;
}
