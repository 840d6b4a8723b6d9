// SPDX-License-Identifier: Apache-2.0
// How one contraction runs on the array: which indices become rows, lanes, planes and time.
//
// This is the analysis that the lowering (lower/contraction.h) follows. It adds no instructions, so
// other passes can ask it questions. The array mapping (array_mapping.h) says which index lies in
// lanes and which one in rows. Here the other indices of the contraction become loops:
//   free    indices of the result, by descending stride of the result
//   summed  indices that the result does not have
//   plane   an index of extent 2 whose halves the two planes compute, if that pays
// The rows of the array hold `block_rows` of the row index at a time; more rows take blocks.
//
// Refers to the operation and to the layouts.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_CONTRACTION_MAPPING_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_CONTRACTION_MAPPING_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "accelerator/compiler/layout/array_mapping.h"
#include "accelerator/compiler/layout/instruction_loops.h"
#include "accelerator/compiler/layout/laid_out_graph.h"
#include "accelerator/compiler/layout/tensor_layout.h"
#include "graph/graph.h"

namespace bittern {

class ContractionMapping {
 public:
  // Consecutive blocks of rows whose accumulators are filled by one instruction.
  struct RowBlocks {
    int64_t first = 0, count = 1;
  };
  // The index whose halves the planes compute.
  struct PlaneHalves {
    bool used = false;    // otherwise one plane computes everything
    OperandWords stride;  // from the first half to the second; 0: both planes share the operand
    bool sum = false;     // the halves are terms of one result
  };
  // The loops of a product in the direction of time, for some blocks of rows.
  struct TimePlan {
    std::vector<InstructionLoop> outer;   // one instruction for each combination
    std::vector<InstructionLoop> levels;  // the loops of an instruction
    std::vector<InstructionLoop>
        results;          // those of `levels` that run over accumulators of results
    int64_t partial = 1;  // accumulators that are added up for one result
  };

  // nullopt: the array cannot run this contraction with these layouts.
  static std::optional<ContractionMapping> Find(const Op& op, const LaidOutGraph& in);

  const ops::Contract& contract() const { return *op_->As<ops::Contract>(); }
  const InputsOf<ops::Contract>& operands() const { return in_; }
  const isa::Accelerator& machine() const { return *machine_; }
  isa::Direction direction() const { return mapping_.direction; }
  Operand token_side() const { return mapping_.token_side; }
  Operand rank_side() const { return mapping_.rank_side; }
  const std::vector<InstructionLoop>& free() const { return free_; }
  const std::vector<InstructionLoop>& summed() const { return summed_; }
  const PlaneHalves& plane() const { return plane_; }
  // The planes that compute, one bit each.
  uint32_t Planes() const { return plane_.used ? 3 : 1; }

  bool HasStart() const { return in_.start != kNoTensor; }
  TensorId Tensor(Operand operand) const;
  const TensorLayout& Layout(Operand operand) const { return *layouts_[operand]; }
  // True if each plane has its half of the operand in its own banks.
  bool IsSplit(Operand operand) const;

  int64_t block_rows() const { return block_rows_; }
  int64_t blocks() const { return blocks_; }
  // Rows of a block; the last one may have fewer than `block_rows`.
  int64_t RowsOf(int64_t block) const;
  // Words from one row to the next.
  int64_t RowStride(Operand operand) const;
  // Words from one block to the next, of an operand that has rows in its lanes. 0 if all blocks are
  // slices of one word.
  int64_t BlockStride(Operand operand) const;
  bool HasSlices(Operand operand) const { return Layout(operand).kind == WordKind::kToken; }
  // From one block to the next, in the direction of time.
  InstructionLoop BlockLoop() const;

  // Direction of time: all blocks, in as few instructions as the accumulators allow, evenly.
  std::vector<RowBlocks> TimeBlocks() const;
  // Direction of time: the loops. Fails, naming the operation, if a sum is too short for the adder.
  TimePlan PlanTime(int64_t blocks) const;

  // True if the array writes every result once, instead of adding to it in memory.
  bool WritesOnce() const;
  // The order in which the stream reads the operand with tokens in its lanes. nullopt if the order
  // is not two loops over the whole tensor, or if nothing can follow it (other directions).
  std::optional<TraversalOrder> TraversalOfTokens() const;

  // Fails, naming the operation.
  [[noreturn]] void Refuse(const char* why) const;

 private:
  ContractionMapping(const Op& op, ArrayMapping mapping, const LaidOutGraph& in);

  OperandWords WordsOf(const ContractionLoop& loop) const;
  const ContractionLoop& RowLoop() const;
  int64_t AccumulatorCapacity() const { return machine_->accumulator_slots / 2; }

  const Op* op_;
  InputsOf<ops::Contract> in_;
  TensorId c_;
  ArrayMapping mapping_;
  const isa::Accelerator* machine_;
  std::array<const TensorLayout*, 4> layouts_;  // of c, a, b and the start, which may be nullptr
  int64_t rows_, block_rows_, blocks_;
  std::vector<InstructionLoop> free_, summed_;
  PlaneHalves plane_;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_CONTRACTION_MAPPING_H_
