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
  const int plane = PlaneLoop(mapping_, *machine_, layouts_);
  for (int i = 0; i < std::ssize(mapping_.loops); ++i) {
    // The array itself runs over columns and rows.
    if (i == mapping_.columns || i == mapping_.rows) continue;
    const ContractionLoop& loop = mapping_.loops[static_cast<size_t>(i)];
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
    const int64_t elements = Stride(loop, operand);
    words.Of(operand) = elements == 0 ? 0 : Layout(operand).WordStride(elements);
  }
  // The start is a scalar for each row, so its elements are its words.
  if (HasStart()) words.start = Layout(kStart).OfPlane(loop.start);
  return words;
}

bool ContractionMapping::IsSplit(Operand operand) const {
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
  const Operand w = rank_side();
  InstructionLoop block{.slice = HasSlices(w) ? 1 : 0};
  block.stride.Of(w) = BlockStride(w);
  block.stride.c = block_rows_ * RowStride(kC);
  block.stride.start = block_rows_ * RowStride(kStart);
  return block;
}

std::vector<ContractionMapping::RowBlocks> ContractionMapping::TimeBlocks() const {
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
  plan.outer = free_;
  std::vector<InstructionLoop> slots = PickInner(plan.outer, capacity, capacity);
  std::vector<InstructionLoop> sums = summed_;
  const int64_t results = Product(slots) * blocks;
  std::vector<InstructionLoop> partial = PickPartial(results, sums, *machine_);
  for (InstructionLoop& level : partial) level.sum = true;
  plan.partial = Product(partial);
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
  plan.levels = sums;
  plan.levels.insert(plan.levels.end(), numbered.begin(), numbered.end());
  plan.results.assign(numbered.begin() + std::ssize(partial), numbered.end());
  return plan;
}

bool ContractionMapping::WritesOnce() const {
  if (contract().gather.list >= 0) return false;
  const bool token = direction() == isa::Direction::kToken;
  return direction() == isa::Direction::kTime || (Product(summed_) == 1 && (token || blocks_ == 1));
}

std::optional<TraversalOrder> ContractionMapping::TraversalOfTokens() const {
  if (contract().gather.list >= 0) return std::nullopt;
  if (direction() != isa::Direction::kTime) return std::nullopt;
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
  struct Run {
    int64_t extent, stride;
  };
  std::vector<Run> loops;
  for (const InstructionLoop& level : levels) {
    int64_t stride = level.stride.Of(token_side());
    if (stride == 0 || level.extent == 1) continue;
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
  if (loops[0].extent * loops[1].extent != x.words()) return std::nullopt;
  return TraversalOrder{loops[0].extent, loops[1].extent, loops[0].stride, loops[1].stride};
}

void ContractionMapping::Refuse(const char* why) const {
  Fail("accelerator: cannot run \"{}\" ({}); try other ranks or modes", op_->name, why);
}

}  // namespace bittern
