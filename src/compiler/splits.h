// Chooses which tensors are split into halves for two planes, and along which axis.
//
// A contraction uses both planes where one of its loops halves everything that it streams
// (contraction.cc, PlaneLoop). Starts from the outermost axis that can be halved and improves one
// tensor after the other until no change makes the streams shorter. What has no place on the array
// then is left whole. Deterministic.
#ifndef BITTERN_COMPILER_SPLITS_H_
#define BITTERN_COMPILER_SPLITS_H_

#include <vector>

#include "compiler/storage.h"
#include "graph/graph.h"
#include "isa/generated/accelerators.h"

namespace bittern {

// Sets Storage::split and plane_step; nothing on a machine with one plane.
void ChooseSplits(const Graph& graph, const isa::Accelerator& machine,
                  std::vector<Storage>& storage);

}  // namespace bittern

#endif  // BITTERN_COMPILER_SPLITS_H_
