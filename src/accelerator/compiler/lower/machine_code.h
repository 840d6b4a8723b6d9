// SPDX-License-Identifier: Apache-2.0
// Instructions before their tensors have addresses.
//
// An instruction's walks hold word offsets within a tensor. `tensors` names the tensor of each
// walk, in the order in which VisitWalks visits the walks that are present. Placement adds the
// addresses of the tensors. Waits are added last.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_MACHINE_CODE_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_MACHINE_CODE_H_

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/isa/generated/instructions.h"
#include "graph/part.h"

namespace bittern {

// The number of a tensor: those of the graph come first, then those that the compiler adds.
using StoredId = int32_t;

enum class Access { kRead, kWrite, kUpdate };  // kUpdate: reads the old word and writes it

// Calls visit(walk, access) for every operand that addresses memory.
template <typename Instruction, typename Visit>
void VisitWalks(Instruction& instruction, Visit visit) {
  using T = std::remove_const_t<Instruction>;
  if constexpr (std::is_same_v<T, isa::Load>) {
    visit(instruction.source, Access::kRead);
  } else if constexpr (std::is_same_v<T, isa::Stream>) {
    if (instruction.x && !instruction.one_hot) visit(*instruction.x, Access::kRead);
    if (instruction.b) visit(*instruction.b, Access::kRead);
    if (instruction.y) {
      const bool updates = instruction.start == isa::Start::kOld || instruction.merge != 0;
      visit(*instruction.y, updates ? Access::kUpdate : Access::kWrite);
    }
    if (instruction.initial) visit(*instruction.initial, Access::kRead);
  } else if constexpr (std::is_same_v<T, isa::Drain>) {
    visit(instruction.y, instruction.start == isa::Start::kOld ? Access::kUpdate : Access::kWrite);
    if (instruction.initial) visit(*instruction.initial, Access::kRead);
  } else if constexpr (std::is_same_v<T, isa::Vector>) {
    for (auto* walk : {&instruction.a, &instruction.b, &instruction.g, &instruction.h,
                       &instruction.lane_scale}) {
      if (*walk) visit(**walk, Access::kRead);
    }
    if (instruction.lanes) {
      visit(*instruction.lanes, instruction.lane_old != 0 ? Access::kUpdate : Access::kWrite);
    }
    if (instruction.y) visit(*instruction.y, Access::kWrite);
  }
}

struct MachineOp {
  isa::Instruction instruction;
  std::vector<StoredId> tensors;  // of the walks, in the order of VisitWalks
  std::vector<StoredId> next;     // in the next iteration of the rolled loop around it; else empty
  std::string source;             // name of the graph's operation
  int part = kNoPart;             // its part of the model: Graph::parts
};

// The words of one tensor: [address, address + words). A tensor with a plane partition has as many
// again, `plane_step` further on; `plane_step` is 0 for a whole tensor.
struct Extent {
  uint32_t address = 0;  // bits 19..18: the region, which is the kind of word
  int64_t words = 0;
  int64_t plane_step = 0;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_MACHINE_CODE_H_
