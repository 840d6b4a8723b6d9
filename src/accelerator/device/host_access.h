// What a host may ask of a device, whichever it is: each fails with what is wrong of it.
#ifndef BITTERN_ACCELERATOR_DEVICE_HOST_ACCESS_H_
#define BITTERN_ACCELERATOR_DEVICE_HOST_ACCESS_H_

#include <cstddef>
#include <cstdint>

#include "accelerator/device/device.h"
#include "accelerator/isa/generated/accelerators.h"
#include "accelerator/isa/program.h"

namespace bittern {

// Made for this accelerator, no longer than its program memory, its constants scalars.
void CheckLoadable(const isa::Accelerator& accelerator, const isa::Program& program);

// The words that so many floats from `address` on are: whole ones, within their region.
struct HostWords {
  int32_t region = 0;
  int64_t first = 0;  // of the region
  int64_t count = 0;
  int64_t width = 0;  // floats of a word
};
HostWords CheckedWords(const isa::Accelerator& accelerator, uint32_t address, size_t floats);

void CheckTable(const isa::Accelerator& accelerator, uint32_t table, size_t entries);

// No more tokens than lanes, no trip count of a list register that the accelerator does not have.
void CheckRegisters(const isa::Accelerator& accelerator, const HostRegisters& registers);

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_HOST_ACCESS_H_
