// Which tensor owns a word, and which words have been written since it does.
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

  // Faults of the map itself go to the report.
  Lives(const isa::MemoryMap& map, const Program& program, const Places& places, Report& report);

  // Before a replay, which then calls At(index) before it takes an instruction. `whole`: tensors
  // must have been written whole at the end of their lives.
  void Begin(bool whole);
  void At(int index);
  // A loop begins again: what lives within its body until the body's end is over.
  void NextTrip(int loop, int behind);
  void End();

  int32_t OwnerOf(int64_t place) const { return owner_[static_cast<size_t>(place)]; }
  const isa::MappedTensor& tensor(int32_t id) const {
    return map_.tensors[static_cast<size_t>(id)];
  }
  // Its first place, and the one behind its last; of the half that holds `place`, if there are two.
  std::pair<int64_t, int64_t> RangeAround(int32_t id, int64_t place) const;

  // Entries of an index table are below this; 0: the map does not say.
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
  std::vector<std::pair<int64_t, int64_t>> ranges_;   // by tensor; of the first half
  std::vector<std::vector<int32_t>> starts_, stops_;  // by instruction
  std::vector<uint8_t> alive_;                        // by tensor
  std::vector<int32_t> owner_;                        // by place
  std::vector<uint8_t> written_;                      // by place, of units too
};

}  // namespace bittern::checker

#endif  // BITTERN_ACCELERATOR_CHECKER_LIVES_H_
