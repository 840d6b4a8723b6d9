// SPDX-License-Identifier: Apache-2.0
// Reads any text as a memory map. It is either refused with an Error, or accepted, written and read
// back unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/memory_map.h"
#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bittern::isa::Accelerator& machine = bittern::isa::AcceleratorNamed("nano");
  bittern::isa::MemoryMap map;
  try {
    map = bittern::isa::ParseMemoryMap(std::string(data, data + size), "input", machine);
  } catch (const bittern::Error&) {
    return 0;
  }
  const std::string json = ToJson(map, machine);
  if (bittern::isa::ParseMemoryMap(json, "again", machine) != map) std::abort();
  return 0;
}
