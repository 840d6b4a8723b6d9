// SPDX-License-Identifier: Apache-2.0
#include "accelerator/device/host_access.h"

#include <iterator>

#include "accelerator/isa/accelerator.h"
#include "base/error.h"

namespace bittern {
namespace {

constexpr int32_t kScalars = 2;

int32_t RegionAt(uint32_t address) { return static_cast<int32_t>(address >> isa::kRegionShift); }

}  // namespace

void CheckLoadable(const isa::Accelerator& accelerator, const isa::Program& program) {
  if (program.accelerator != accelerator.name) {
    Fail("the program was compiled for accelerator {}, this is {}", program.accelerator,
         accelerator.name);
  }
  if (std::ssize(program.words) > accelerator.program_words) {
    Fail("the program has {} words, accelerator {} holds {}", program.words.size(),
         accelerator.name, accelerator.program_words);
  }
  for (const isa::Constant& constant : program.constants) {
    // A constant is one float, so it can only be a word of one lane.
    if (RegionAt(constant.address) != kScalars) {
      Fail("the program's constant at {:#x} is not a scalar", constant.address);
    }
    CheckedWords(accelerator, constant.address, 1);
  }
}

HostWords CheckedWords(const isa::Accelerator& accelerator, uint32_t address, size_t floats) {
  const int32_t region = RegionAt(address);
  // A region that does not exist has no width. The test below reports it.
  const int64_t width = region < isa::kRegionCount ? isa::WordLanes(accelerator, region) : 1;
  const auto n = static_cast<int64_t>(floats);
  // The device moves whole words, so a part of a word cannot be written.
  if (n % width != 0) Fail("{} floats at {:#x}: not whole words of {}", n, address, width);
  const HostWords words = {.region = region,
                           .first = address & ((1u << isa::kRegionShift) - 1),
                           .count = n / width,
                           .width = width};
  if (region >= isa::kRegionCount ||
      words.first + words.count > isa::RegionOf(accelerator, region).words()) {
    Fail("{} words at {:#x}: outside the memory of accelerator {}", words.count, address,
         accelerator.name);
  }
  return words;
}

void CheckTable(const isa::Accelerator& accelerator, uint32_t table, size_t entries) {
  // The device counts tables from 0.
  if (int64_t{table} >= accelerator.tables || static_cast<int64_t>(entries) > accelerator.lanes) {
    Fail("index table {} of {} entries: accelerator {} has {} of {}", table, entries,
         accelerator.name, accelerator.tables, accelerator.lanes);
  }
}

void CheckRegisters(const isa::Accelerator& accelerator, const HostRegisters& registers) {
  if (int64_t{registers.tokens} > accelerator.lanes) {
    Fail("{} tokens: accelerator {} takes {}", registers.tokens, accelerator.name,
         accelerator.lanes);
  }
  for (size_t n = 0; n < registers.lists.size(); ++n) {
    // HostRegisters has places for the largest machine. Those beyond this machine must be 0.
    if (registers.lists[n] != 0 && static_cast<int64_t>(n) >= accelerator.list_registers) {
      Fail("list register {}: accelerator {} has {}", n, accelerator.name,
           accelerator.list_registers);
    }
  }
}

}  // namespace bittern
