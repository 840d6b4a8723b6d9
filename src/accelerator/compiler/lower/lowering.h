// SPDX-License-Identifier: Apache-2.0
// The common input of the lowerings of operations, and the place for their tensors, scalars and
// instructions.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_LOWERING_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_LOWERING_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "accelerator/compiler/layout/laid_out_graph.h"
#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/compiler/lower/instruction_stream.h"
#include "accelerator/compiler/lower/stored_tensors.h"
#include "accelerator/compiler/lower/symbol_table.h"
#include "accelerator/compiler/lower/traversal_order.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/graph.h"

namespace bittern {

// The objective of a lowering that has a choice.
enum class LoweringObjective { kCycles, kWords };

// Tile and accumulator slots have two halves. Successive products use them in turn, so that one
// product can be loaded or drained while the next one streams.
class SlotHalves {
 public:
  explicit SlotHalves(const isa::Accelerator& machine)
      : tile_half_(static_cast<uint32_t>(machine.tile_slots / 2)),
        accumulator_half_(static_cast<uint32_t>(machine.accumulator_slots / 2)) {}

  // The first slot of the half to use next.
  uint32_t NextTileHalf() { return std::exchange(tile_, tile_ ^ tile_half_); }
  uint32_t NextAccumulatorHalf() {
    return std::exchange(accumulator_, accumulator_ ^ accumulator_half_);
  }

 private:
  uint32_t tile_half_, accumulator_half_;
  uint32_t tile_ = 0, accumulator_ = 0;
};

// Refers to the graph, its layouts, the machine and the traversal orders.
struct Lowering {
  Lowering(const LaidOutGraph& in, const TraversalOrders& orders, LoweringObjective what)
      : laid_out(in),
        graph(in.graph),
        machine(in.machine),
        traversals(orders),
        objective(what),
        tensors(in.layouts),
        slots(in.machine) {}

  const LaidOutGraph laid_out;  // without the tensors that the lowering adds
  const Graph& graph;
  const isa::Accelerator& machine;
  const TraversalOrders& traversals;
  const LoweringObjective objective;
  StoredTensors tensors;
  SymbolTable symbols;
  SlotHalves slots;
  InstructionStream stream;

  int64_t tokens() const { return graph.tokens; }
  const TensorLayout& layout(StoredId id) const { return tensors.layout(id); }

  StoredId Constant(float value) {
    return SymbolTable::ScalarOf(symbols.constants, value, tensors);
  }
  StoredId Rate(double factor) { return SymbolTable::ScalarOf(symbols.rates, factor, tensors); }
  StoredId LossWeight(int loss) {
    return SymbolTable::ScalarOf(symbols.loss_weights, loss, tensors);
  }
  uint32_t Table(TensorId tensor) { return symbols.Table(tensor, machine.tables); }

  // In a loop over a list the instructions themselves alternate between the halves.
  uint32_t NextTileHalf() { return stream.in_list_loop() ? 0 : slots.NextTileHalf(); }
  uint32_t NextAccumulatorHalf() { return stream.in_list_loop() ? 0 : slots.NextAccumulatorHalf(); }

  // The order in which the words of a tensor are wanted.
  TraversalOrder TraversalOf(StoredId id) const { return traversals.Of(id, layout(id).words()); }
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_LOWERING_H_
