// What the four units do, one function an opcode. The caller holds a FlushToZero. An instruction's
// elements take effect in their order.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_UNITS_H_
#define BITTERN_ACCELERATOR_SIMULATOR_UNITS_H_

#include <vector>

#include "accelerator/isa/decoded_program.h"
#include "accelerator/simulator/array_kernels.h"
#include "accelerator/simulator/operands.h"

namespace bittern {

inline constexpr int64_t kPlanes = 2;  // at most

// Memory that the functions use while they run.
struct Workspace {
  explicit Workspace(const isa::Accelerator& accelerator)
      : kernels(ArrayKernelsFor(accelerator.rows, accelerator.lanes)) {}

  // The products that an accumulator is to take.
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

// An instruction of any kind, in its trip of the hardware loop around it. Throws SimulationError.
template <class T>
void Execute(MachineState& state, int index, int64_t trip, const T& instruction, Workspace& work) {
  if constexpr (requires { T::kUnit; }) {
    const Issue issue{.state = state,
                      .instruction = index,
                      .trip = trip,
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
