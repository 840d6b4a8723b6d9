// Tensors of which the trips of a hardware loop take one after the other (sections.h).
#ifndef BITTERN_ACCELERATOR_COMPILER_FAMILIES_H_
#define BITTERN_ACCELERATOR_COMPILER_FAMILIES_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "accelerator/compiler/machine_code.h"
#include "graph/graph.h"

namespace bittern {

class Families {
 public:
  // Refers to `families`: in each, tensors in the order in which they lie.
  explicit Families(const std::vector<std::vector<TensorId>>& families) : families_(families) {
    for (size_t f = 0; f < families.size(); ++f) {
      for (size_t n = 0; n < families[f].size(); ++n) {
        place_[families[f][n]] = {f, static_cast<int64_t>(n)};
      }
    }
  }

  // What takes `first`'s place in a trip of a loop, if `next` does in the second.
  StoredId InTrip(StoredId first, StoredId next, int64_t trip) const {
    if (first == next || trip == 0) return first;
    const auto [family, place] = place_.at(first);
    const int64_t step = place_.at(next).second - place;
    return families_[family][static_cast<size_t>(place + trip * step)];
  }

 private:
  const std::vector<std::vector<TensorId>>& families_;
  std::map<StoredId, std::pair<size_t, int64_t>> place_;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_FAMILIES_H_
