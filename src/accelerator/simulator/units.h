// SPDX-License-Identifier: Apache-2.0
// The work of the four units, with one function for each opcode. The elements of an instruction
// take effect in order. The caller must hold a FlushToZero.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_UNITS_H_
#define BITTERN_ACCELERATOR_SIMULATOR_UNITS_H_

#include <vector>

#include "accelerator/isa/decoded_program.h"
#include "accelerator/simulator/array_kernels.h"
#include "accelerator/simulator/operands.h"

namespace bittern {

inline constexpr int64_t kPlanes = 2;  // the most that an accelerator has

// Memory that the functions use while they run.
struct Workspace {
  explicit Workspace(const isa::Accelerator& accelerator)
      : kernels(ArrayKernelsFor(accelerator.rows, accelerator.lanes)) {}

  // The products that an accumulator is going to add.
  struct Queue {
    int64_t elements = 0;
    bool overwrites = false;
  };

  ArrayKernels kernels;
  std::vector<Queue> queues;
  std::vector<float> values, sums;
  std::vector<const float*> b, x, tile;
};

void ExecuteLoad(const Issue& issue, const isa::Load& load);
void ExecuteStream(const Issue& issue, const isa::Stream& stream, Workspace& work);
void ExecuteDrain(const Issue& issue, const isa::Drain& drain, Workspace& work);
void ExecuteVector(const Issue& issue, const isa::Vector& vector, Workspace& work);

// Runs an instruction of any kind, in one iteration of the hardware loop around it. Throws
// SimulationError.
template <class T>
void Execute(MachineState& state, int index, int64_t iteration, const T& instruction,
             Workspace& work) {
  if constexpr (requires { T::kUnit; }) {
    const Issue issue{.state = state,
                      .instruction = index,
                      .iteration = iteration,
                      .unit = static_cast<int>(T::kUnit),
                      .counts = CountsOf(instruction, state.host.lists)};
    if (issue.elements() == 0) return;
    if constexpr (!std::is_same_v<T, isa::Vector>) CheckPlanes(issue, instruction.planes);
    if constexpr (std::is_same_v<T, isa::Load>) ExecuteLoad(issue, instruction);
    if constexpr (std::is_same_v<T, isa::Stream>) ExecuteStream(issue, instruction, work);
    if constexpr (std::is_same_v<T, isa::Drain>) ExecuteDrain(issue, instruction, work);
    if constexpr (std::is_same_v<T, isa::Vector>) ExecuteVector(issue, instruction, work);
  }
}

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_UNITS_H_
