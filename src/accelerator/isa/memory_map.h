// Where the tensors of a program lie in memory and when each is alive: a program's metadata.
//
// Instructions are numbered from 0 in the order of the program's words, loop, sync and end
// included. A tensor lives from its first writer to its last reader, both included. A life within
// the body of a hardware loop begins anew in every trip; one that goes beyond the body, or from
// trip to trip, takes in the whole loop, from the `loop` to the last instruction of its body. Lives
// of tensors that share words do not meet.
//
// As JSON:
//   {"instructions": 812, "tokens": 16,
//    "tensors": [{"name": "encoder.0.attention.query.core.2", "region": "ranks", "banks": [0, 0],
//                 "range": [96, 240], "halves": 1, "first_writer": -1, "last_reader": 811},
//                ...],
//    "tables": [{"table": 1, "name": "input.slot", "places": 0}, ...]}
// `range`: words of the region, the end excluded; `banks`: the first and the last that it touches.
// With 2 `halves` both are plane 0's, and plane 1 has as many words PlaneStep (accelerator.h) on.
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
  // kBefore: the host, or the step before, has written all of it before the program begins.
  int32_t first_writer = 0;
  // The number of instructions: the host, or the next step, reads it after the program's end.
  int32_t last_reader = 0;
  int32_t halves = 1;  // 2: as many words again for plane 1, PlaneStep (accelerator.h) further on

  bool operator==(const MappedTensor&) const = default;
};

// An index table, which the host fills with whole numbers before every step.
struct MappedTable {
  int32_t table = 0;  // as in a walk, from 1
  std::string name;   // of the input
  // Of a table that gives the places of operands: so many there are, its entries are below. 0: it
  // gives none.
  int32_t places = 0;

  bool operator==(const MappedTable&) const = default;
};

struct MemoryMap {
  int32_t instructions = 0;
  int32_t tokens = 0;  // of a sentence at most, and so the entries of any list
  std::vector<MappedTensor> tensors;
  std::vector<MappedTable> tables;

  bool written_before(const MappedTensor& tensor) const {
    return tensor.first_writer == MappedTensor::kBefore;
  }
  bool read_after(const MappedTensor& tensor) const { return tensor.last_reader == instructions; }

  bool operator==(const MemoryMap&) const = default;
};

// Banks are those of `accelerator`. Deterministic.
std::string ToJson(const MemoryMap& map, const Accelerator& accelerator);

// The map in `text`, of a file called `name`. Fails, naming the tensor, on what ToJson does not
// make for this accelerator: words outside of a region, a life outside of the program, more tokens
// than lanes, a name twice.
MemoryMap ParseMemoryMap(std::string_view text, const std::string& name,
                         const Accelerator& accelerator);

}  // namespace bittern::isa

#endif  // BITTERN_ACCELERATOR_ISA_MEMORY_MAP_H_
