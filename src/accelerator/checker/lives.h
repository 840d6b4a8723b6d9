// SPDX-License-Identifier: Apache-2.0
// Knows which tensor owns a word, and which words have been written in its current lifetime.
#ifndef BITTERN_ACCELERATOR_CHECKER_LIVES_H_
#define BITTERN_ACCELERATOR_CHECKER_LIVES_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "accelerator/checker/access.h"
#include "accelerator/checker/program.h"
#include "accelerator/checker/report.h"
#include "accelerator/isa/memory_map.h"

namespace bittern::checker {

class Lives {
 public:
  static constexpr int32_t kNobody = -1;

  // Faults of the map itself are added to the report.
  Lives(const isa::MemoryMap& map, const Program& program, const Places& places, Report& report);

  // Starts a replay, which then calls At(index) before it takes an instruction. With `whole`,
  // tensors must have been written whole at the end of their lifetimes.
  void Begin(bool whole);
  void At(int index);
  // A loop starts its next iteration. Lifetimes within the body that last until its end are over.
  void NextIteration(int loop, int behind);
  void End();

  int32_t OwnerOf(int64_t place) const { return owner_[static_cast<size_t>(place)]; }
  const isa::MappedTensor& tensor(int32_t id) const {
    return map_.tensors[static_cast<size_t>(id)];
  }
  // The first place of a tensor and the place after its last. Of two halves it is the one that
  // holds `place`.
  std::pair<int64_t, int64_t> RangeAround(int32_t id, int64_t place) const;

  // The limit of the entries of an index table, or 0 if the map does not say.
  int64_t PlacesOfTable(uint32_t table) const;

  bool Written(int64_t place) const { return written_[static_cast<size_t>(place)] != 0; }
  void Write(int64_t place) { written_[static_cast<size_t>(place)] = 1; }

 private:
  std::vector<int64_t> PlacesOf(int32_t id) const;
  void Start(int32_t id, int index);
  void Stop(int32_t id, int index);
  void Fault(Rule rule, int index, const isa::MappedTensor& tensor, std::string text);

  const isa::MemoryMap& map_;
  const Places& places_;
  Report& report_;
  bool whole_ = true;
  std::vector<std::pair<int64_t, int64_t>> ranges_;   // by tensor, for the first half
  std::vector<std::vector<int32_t>> starts_, stops_;  // by instruction
  std::vector<uint8_t> alive_;                        // by tensor
  std::vector<int32_t> owner_;                        // by place
  std::vector<uint8_t> written_;                      // by place, units included
};

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_LIVES_H_
