// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/layout/contraction_mapping.h"

#include <algorithm>
#include <utility>

#include "accelerator/compiler/layout/contraction_cost.h"
#include "base/arithmetic.h"
#include "base/error.h"

namespace bittern {

std::optional<ContractionMapping> ContractionMapping::Find(const Op& op, const LaidOutGraph& in) {
  const auto operands = op.Inputs<ops::Contract>();
  std::optional<ArrayMapping> mapping = FindArrayMapping(
      *op.As<ops::Contract>(), in.tokens(), in.layout(op.Outputs<ops::Contract>().c),
      in.layout(operands.a), in.layout(operands.b));
  if (!mapping) return std::nullopt;
  return ContractionMapping(op, std::move(*mapping), in);
}

ContractionMapping::ContractionMapping(const Op& op, ArrayMapping mapping, const LaidOutGraph& in)
    : op_(&op),
      in_(op.Inputs<ops::Contract>()),
      c_(op.Outputs<ops::Contract>().c),
      mapping_(std::move(mapping)),
      machine_(&in.machine),
      layouts_{&in.layout(c_), &in.layout(in_.a), &in.layout(in_.b),
               HasStart() ? &in.layout(in_.start) : nullptr},
      rows_(RowLoop().extent),
      block_rows_(in.machine.rows),
      blocks_(CeilDivide(rows_, block_rows_)) {
  // Every loop becomes one of four things: lanes or rows of the array, the two planes, a sum, or a
  // free index.
  const int plane = PlaneLoop(mapping_, *machine_, layouts_);
  for (int i = 0; i < std::ssize(mapping_.loops); ++i) {
    // The array itself runs over columns and rows.
    if (i == mapping_.columns || i == mapping_.rows) continue;
    const ContractionLoop& loop = mapping_.loops[static_cast<size_t>(i)];
    // The result does not depend on a summed index, so its stride there is 0.
    const bool sum = loop.c == 0;
    if (i == plane) {
      plane_ = {.used = true, .stride = WordsOf(loop), .sum = sum};
    } else {
      (sum ? summed_ : free_)
          .push_back({.extent = loop.extent, .stride = WordsOf(loop), .sum = sum});
    }
  }
  // Results in the order of their addresses, so that a reader can follow.
  std::stable_sort(
      free_.begin(), free_.end(),
      [](const InstructionLoop& x, const InstructionLoop& y) { return x.stride.c > y.stride.c; });
}

TensorId ContractionMapping::Tensor(Operand operand) const {
  return operand == kC ? c_ : operand == kA ? in_.a : operand == kB ? in_.b : in_.start;
}

const ContractionLoop& ContractionMapping::RowLoop() const {
  return mapping_.loops[static_cast<size_t>(mapping_.rows)];
}

OperandWords ContractionMapping::WordsOf(const ContractionLoop& loop) const {
  OperandWords words;
  for (const Operand operand : {kC, kA, kB}) {
    // The loops do not cross a border of a lane axis or a half (array_mapping.h). So each stride is
    // a whole number of words.
    const int64_t elements = Stride(loop, operand);
    words.Of(operand) = elements == 0 ? 0 : Layout(operand).WordStride(elements);
  }
  // The start is a scalar for each row, so its elements are its words.
  if (HasStart()) words.start = Layout(kStart).OfPlane(loop.start);
  return words;
}

bool ContractionMapping::IsSplit(Operand operand) const {
  // Both planes share an operand with stride 0. With another stride than `plane_step`, both halves
  // are in one plane's banks.
  const int64_t stride = plane_.stride.Of(operand);
  return plane_.used && stride != 0 && stride == Layout(operand).plane_step;
}

int64_t ContractionMapping::RowsOf(int64_t block) const {
  return std::min(block_rows_, rows_ - block * block_rows_);
}

int64_t ContractionMapping::RowStride(Operand operand) const {
  return WordsOf(RowLoop()).Of(operand);
}

int64_t ContractionMapping::BlockStride(Operand operand) const {
  return HasSlices(operand) ? 0 : Layout(operand).BlockStride();
}

InstructionLoop ContractionMapping::BlockLoop() const {
  // The rank operand has its rows in the lanes, so a block is a word of it, or a slice of one word.
  // The result and the start have an address for each row.
  const Operand w = rank_side();
  InstructionLoop block{.slice = HasSlices(w) ? 1 : 0};
  block.stride.Of(w) = BlockStride(w);
  block.stride.c = block_rows_ * RowStride(kC);
  block.stride.start = block_rows_ * RowStride(kStart);
  return block;
}

std::vector<ContractionMapping::RowBlocks> ContractionMapping::TimeBlocks() const {
  // Each block needs at least one accumulator. The blocks are divided evenly, so that no
  // instruction is short: a short one would need more partial sums.
  const int64_t instructions = CeilDivide(blocks_, AccumulatorCapacity());
  const int64_t count = CeilDivide(blocks_, instructions);
  std::vector<RowBlocks> all;
  for (int64_t first = 0; first < blocks_; first += count) {
    all.push_back({first, std::min(count, blocks_ - first)});
  }
  return all;
}

ContractionMapping::TimePlan ContractionMapping::PlanTime(int64_t blocks) const {
  // Every result of every block of rows has accumulators.
  const int64_t capacity = AccumulatorCapacity() / blocks;
  TimePlan plan;
  // Results that do not fit the accumulators stay in `outer` and take further instructions.
  plan.outer = free_;
  std::vector<InstructionLoop> slots = PickInner(plan.outer, capacity, capacity);
  std::vector<InstructionLoop> sums = summed_;
  const int64_t results = Product(slots) * blocks;
  std::vector<InstructionLoop> partial = PickPartial(results, sums, *machine_);
  for (InstructionLoop& level : partial) level.sum = true;
  plan.partial = Product(partial);
  // An accumulator takes its next product only after the adder has finished the last one. A sum of
  // one term has no next product.
  if (results * plan.partial < machine_->accumulate_distance && Product(sums) > 1) {
    Refuse("a sum is too short");
  }

  // The loops over accumulators are inside: an accumulator is not used again too soon.
  std::vector<InstructionLoop> numbered = partial;
  numbered.insert(numbered.end(), slots.begin(), slots.end());
  if (blocks > 1) {
    numbered.push_back(BlockLoop());
    numbered.back().extent = blocks;
  }
  NumberSlots(numbered);
  // The loops are, from the outermost to the innermost: sums, partial sums, results, blocks of
  // rows.
  plan.levels = sums;
  plan.levels.insert(plan.levels.end(), numbered.begin(), numbered.end());
  plan.results.assign(numbered.begin() + std::ssize(partial), numbered.end());
  return plan;
}

bool ContractionMapping::WritesOnce() const {
  // In a list, several entries may select the same slice of the result.
  if (contract().gather.list >= 0) return false;
  // Over time, sums end in the accumulators before the write-back. In the other directions an
  // element writes a word, so every summed loop adds to memory again. For ranks, a further block of
  // rows is a further term of the sum.
  const bool token = direction() == isa::Direction::kToken;
  return direction() == isa::Direction::kTime || (Product(summed_) == 1 && (token || blocks_ == 1));
}

std::optional<TraversalOrder> ContractionMapping::TraversalOfTokens() const {
  // The slices that a list selects are not known before the step runs.
  if (contract().gather.list >= 0) return std::nullopt;
  if (direction() != isa::Direction::kTime) return std::nullopt;
  // With several instructions the operand is read several times.
  if (TimeBlocks().size() > 1) return std::nullopt;
  const TimePlan plan = PlanTime(blocks_);
  if (!plan.outer.empty()) return std::nullopt;
  // Strides count words as if the tensor were whole; the planes' halves come in turn.
  const TensorLayout& x = Layout(token_side());
  std::vector<InstructionLoop> levels = plan.levels;
  if (plane_.used) {
    levels.insert(levels.end() - 1,
                  InstructionLoop{.extent = 2, .stride = plane_.stride, .sum = plane_.sum});
  }
  // The loops that move over words of x, after neighbours with contiguous strides are joined.
  struct Run {
    int64_t extent, stride;
  };
  std::vector<Run> loops;
  for (const InstructionLoop& level : levels) {
    int64_t stride = level.stride.Of(token_side());
    if (stride == 0 || level.extent == 1) continue;
    // This is the inverse of TensorLayout::OfPlane: `plane_step` becomes one half, and longer
    // strides double.
    if (x.split != 0 && stride >= x.HalfWords()) {
      stride = stride == x.plane_step ? x.HalfWords() : 2 * stride;
    }
    if (!loops.empty() && loops.back().stride == stride * level.extent) {
      loops.back() = {loops.back().extent * level.extent, stride};
    } else {
      loops.push_back({level.extent, stride});
    }
  }
  if (loops.size() != 2) return std::nullopt;
  // The order must visit every word exactly once.
  if (loops[0].extent * loops[1].extent != x.words()) return std::nullopt;
  return TraversalOrder{loops[0].extent, loops[1].extent, loops[0].stride, loops[1].stride};
}

void ContractionMapping::Refuse(const char* why) const {
  Fail("accelerator: cannot run \"{}\" ({}); try other ranks or modes", op_->name, why);
}

}  // namespace bittern
