// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/accelerator.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

#include "base/arithmetic.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"

namespace bittern::isa {
namespace {

constexpr int64_t kFloatBits = 32;
constexpr std::string_view kRegionNames[kRegionCount] = {"tokens", "ranks", "scalars"};

// The table of functions (spec/functions.json) has four coefficients in each entry. Both ports of a
// block read. So one block serves two lanes, in the shape that has two full ports, 1024 x 36.
constexpr int64_t kFunctionEntries = 1024;
constexpr int64_t kFunctionBits = 4 * kFloatBits;
constexpr int64_t kLanesPerTable = 2;

// Finds an entry by name. The message for an unknown name lists all names and suggests a similar
// one.
template <typename T>
const T& Named(std::span<const T> all, std::string_view name, std::string_view what) {
  std::vector<std::string> names;
  for (const T& one : all) {
    if (one.name == name) return one;
    names.emplace_back(one.name);
  }
  // A similar name helps with a misspelling, the list with everything else.
  std::string list;
  for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
  Fail("{} is not {}; there are {}{}", Quoted(name), what, list, DidYouMean(name, names));
}

}  // namespace

const Accelerator& AcceleratorNamed(std::string_view name) {
  return Named(Accelerators(), name, "an accelerator");
}

const Device& DeviceNamed(std::string_view name) { return Named(Devices(), name, "a device"); }

const MemoryKind& KindOf(Memory memory) { return MemoryKinds()[static_cast<size_t>(memory)]; }

const Region& RegionOf(const Accelerator& accelerator, int32_t region) {
  BITTERN_CHECK(region >= 0 && region < kRegionCount);
  return region == 0 ? accelerator.tokens : region == 1 ? accelerator.ranks : accelerator.scalars;
}

std::string_view RegionName(int32_t region) {
  BITTERN_CHECK(region >= 0 && region < kRegionCount);
  return kRegionNames[region];
}

std::string MemoriesOf(const Region& region) {
  std::string names(KindOf(region.memory).name);
  if (region.bram_banks != 0) names += fmt::format(" and {}", KindOf(Memory::kBram).name);
  return names;
}

uint64_t HashOf(const Accelerator& accelerator) {
  std::string text;
  VisitParameters(accelerator, [&]<typename T>(std::string_view name, const T& value) {
    if constexpr (std::is_same_v<T, Region>) {
      // All fields of a region are in the hash, because a program's addresses and ports depend on
      // them.
      text += fmt::format("{}={},{},{},{},{}\n", name, KindOf(value.memory).name, value.banks,
                          value.depth, value.parts, value.bram_banks);
    } else {
      text += fmt::format("{}={}\n", name, value);
    }
  });
  return Fnv1a(text);
}

// Tries all shapes of a block. Blocks stand side by side for the width and one after the other for
// the depth.
Shape ShapeFor(Memory memory, int64_t words, int64_t bits) {
  int64_t fewest = std::numeric_limits<int64_t>::max();
  Shape best;
  for (const Shape& shape : KindOf(memory).shapes) {
    // The array of shapes has a fixed size. Unused places have no words.
    if (shape.words == 0) continue;
    const int64_t blocks = CeilDivide(words, shape.words) * CeilDivide(bits, shape.bits);
    if (blocks >= fewest) continue;
    fewest = blocks;
    best = shape;
  }
  return best;
}

int64_t BlocksFor(Memory memory, int64_t words, int64_t bits) {
  const Shape shape = ShapeFor(memory, words, bits);
  return CeilDivide(words, shape.words) * CeilDivide(bits, shape.bits);
}

int64_t PartBits(const Accelerator& accelerator, int32_t region) {
  // With folded lanes each lane of a token word takes whole bytes of 9 bits: 36 bits for a float.
  constexpr int64_t kByteBits = 9;
  const int64_t lane = region == 0 && accelerator.fold > 1
                           ? CeilDivide(kFloatBits, kByteBits) * kByteBits
                           : kFloatBits;
  return CeilDivide(WordLanes(accelerator, region), RegionOf(accelerator, region).parts) * lane;
}

Blocks BlocksOf(const Accelerator& accelerator) {
  Blocks result;
  const auto add = [&](std::string_view what, Memory memory, int64_t copies, int64_t words,
                       int64_t bits) {
    const int64_t blocks = copies * BlocksFor(memory, words, bits);
    result.uses.push_back({what, memory, copies, words, bits, blocks});
    (memory == Memory::kBram ? result.ramb36 : result.uram288) += blocks;
  };
  for (int32_t number = 0; number < kRegionCount; ++number) {
    const Region& region = RegionOf(accelerator, number);
    const std::string_view what = RegionName(number);
    // A bank with words in parts is deeper and narrower by the number of parts.
    const int64_t words = int64_t{region.depth} * region.parts;
    const int64_t bits = PartBits(accelerator, number);
    // The last `bram_banks` banks of a region are block RAM, whatever the others are.
    add(what, region.memory, region.banks - region.bram_banks, words, bits);
    if (region.bram_banks != 0) add(what, Memory::kBram, region.bram_banks, words, bits);
  }
  // A row of program memory has the words that the sequencer reads in one cycle.
  add("program", Memory::kBram, 1,
      CeilDivide(accelerator.program_words, accelerator.dispatch_words),
      int64_t{accelerator.dispatch_words} * kFloatBits);
  // With folded lanes there are fewer physical lanes, and each needs a port of a table.
  add("functions", Memory::kBram, CeilDivide(accelerator.lanes / accelerator.fold, kLanesPerTable),
      kFunctionEntries, kFunctionBits);

  const Device& device = DeviceNamed(accelerator.device);
  result.total = device.total;
  result.available = device.total;
  // The shell occupies a part of the card's resources.
  result.available.ramb36 -= device.reserved.ramb36;
  result.available.uram288 -= device.reserved.uram288;
  result.available.dsp48e2 -= device.reserved.dsp48e2;
  result.available.luts -= device.reserved.luts;
  result.available.flip_flops -= device.reserved.flip_flops;
  return result;
}

}  // namespace bittern::isa
