// SPDX-License-Identifier: Apache-2.0
// Any bytes as a safetensors file: every input is read whole or refused with an Error.
//
// The first byte chooses what the others are: 255 a whole file; n < 255 a header, to which the true
// length and n bytes of data are added, so that the search gets past the length without luck.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "train/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string file(data + 1, data + size);
  if (data[0] < 255) {
    const std::uint64_t header_bytes = file.size();
    file.insert(0, 8, '\0');
    std::memcpy(file.data(), &header_bytes, 8);
    file.append(data[0], '\0');
  }
  const int descriptor = memfd_create("input", 0);
  if (descriptor < 0 ||
      write(descriptor, file.data(), file.size()) != static_cast<ssize_t>(file.size())) {
    std::abort();
  }
  try {
    bittern::SafetensorsReader reader("/proc/self/fd/" + std::to_string(descriptor));
    for (const bittern::TensorEntry& entry : reader.entries()) {
      if (entry.end > file.size()) std::abort();
      if (entry.dtype != bittern::Dtype::kF32) continue;
      std::vector<float> values(entry.elements());
      reader.Read<float>(entry.name, entry.shape, values);
    }
  } catch (const bittern::Error&) {
  }
  close(descriptor);
  return 0;
}
