// SPDX-License-Identifier: Apache-2.0
// The memory map of a program says where each tensor is stored and when it is alive. It is the
// program's metadata.
//
// Instructions are numbered from 0 in the order of the program's words, with loop, sync and end. A
// tensor lives from its first writer to its last reader, both included. A lifetime within the body
// of a hardware loop starts again in every iteration. A lifetime that leaves the body, or lasts
// from iteration to iteration, includes the whole loop: from the `loop` to the last instruction of
// its body. Lifetimes of tensors that share words do not overlap.
//
// The JSON form is:
//   {"instructions": 812, "tokens": 16,
//    "tensors": [{"name": "encoder.0.attention.query.core.2", "region": "ranks", "banks": [0, 0],
//                 "range": [96, 240], "halves": 1, "first_writer": -1, "last_reader": 811},
//                ...],
//    "tables": [{"table": 1, "name": "input.slot", "places": 0}, ...]}
// `range` gives words of the region, the end excluded, and `banks` the first and the last bank.
// With 2 `halves` both are those of plane 0. Plane 1 has the same number of words, PlaneStep
// (accelerator.h) words later.
#ifndef BITTERN_ACCELERATOR_ISA_MEMORY_MAP_H_
#define BITTERN_ACCELERATOR_ISA_MEMORY_MAP_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accelerator/isa/generated/accelerators.h"

namespace bittern::isa {

struct MappedTensor {
  static constexpr int32_t kBefore = -1;

  std::string name;
  int32_t region = 0;  // as in an address: 0 tokens, 1 ranks, 2 scalars
  int64_t begin = 0;   // words of the region: [begin, end)
  int64_t end = 0;
  // kBefore: the host, or the previous step, wrote all of it before the program starts.
  int32_t first_writer = 0;
  // If this is the number of instructions, the host or the next step reads it after the program.
  int32_t last_reader = 0;
  int32_t halves = 1;  // 2: plane 1 has the same number of words, PlaneStep (accelerator.h) later

  bool operator==(const MappedTensor&) const = default;
};

// An index table. The host fills it with whole numbers before every step.
struct MappedTable {
  int32_t table = 0;  // as in a walk, from 1
  std::string name;   // name of the input
  // If the table selects among operands, this is their number, and the entries are below it.
  // Otherwise 0.
  int32_t places = 0;

  bool operator==(const MappedTable&) const = default;
};

struct MemoryMap {
  int32_t instructions = 0;
  int32_t tokens = 0;  // the most tokens of a sentence, and so the most entries of a list
  std::vector<MappedTensor> tensors;
  std::vector<MappedTable> tables;

  bool written_before(const MappedTensor& tensor) const {
    return tensor.first_writer == MappedTensor::kBefore;
  }
  bool read_after(const MappedTensor& tensor) const { return tensor.last_reader == instructions; }

  bool operator==(const MemoryMap&) const = default;
};

// The banks are those of `accelerator`. The result is deterministic.
std::string ToJson(const MemoryMap& map, const Accelerator& accelerator);

// Parses the map in `text`; messages call the file `name`. Fails, with the name of the tensor, on a
// map that ToJson does not write for this accelerator. Examples are words outside of a region, a
// lifetime outside of the program, more tokens than lanes, or a name that occurs twice.
MemoryMap ParseMemoryMap(std::string_view text, const std::string& name,
                         const Accelerator& accelerator);

}  // namespace bittern::isa

#endif  // BITTERN_ACCELERATOR_ISA_MEMORY_MAP_H_
