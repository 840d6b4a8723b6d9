// SPDX-License-Identifier: Apache-2.0
// Checks the requests of a host to any device. Each check fails with a message that says what is
// wrong.
#ifndef BITTERN_ACCELERATOR_DEVICE_HOST_ACCESS_H_
#define BITTERN_ACCELERATOR_DEVICE_HOST_ACCESS_H_

#include <cstddef>
#include <cstdint>

#include "accelerator/device/device.h"
#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/program.h"

namespace bittern {

// The program must be for this accelerator and fit its program memory, and its constants must be
// scalars.
void CheckLoadable(const isa::Accelerator& accelerator, const isa::Program& program);

// The words of `n` floats from `address` on. They must be whole words within one region.
struct HostWords {
  int32_t region = 0;
  int64_t first = 0;  // index of the first word in the region
  int64_t count = 0;
  int64_t width = 0;  // number of floats in a word
};
HostWords CheckedWords(const isa::Accelerator& accelerator, uint32_t address, size_t floats);

void CheckTable(const isa::Accelerator& accelerator, uint32_t table, size_t entries);

// There must not be more tokens than lanes, nor a count for a list register that does not exist.
void CheckRegisters(const isa::Accelerator& accelerator, const HostRegisters& registers);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_HOST_ACCESS_H_
