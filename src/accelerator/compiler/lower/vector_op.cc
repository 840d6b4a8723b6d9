// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/lower/vector_op.h"

#include <bit>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace bittern {
namespace {

constexpr size_t kLoops = 4;  // an instruction has four loops

std::array<std::optional<isa::Index>*, 4> Registers(isa::Vector& code) {
  return {&code.l0, &code.l1, &code.l2, &code.lt};
}

// Cuts the loops that run over a border of an operand's plane partition. `border`: the number of
// elements from one border to the next. A loop of `count` iterations becomes an outer loop over
// borders and an inner loop of border / step iterations. Returns false if a border is within a
// step, or if the parts would not be of equal length.
bool Cut(std::vector<VectorLoop>& loops, int64_t border) {
  for (size_t i = 0; i < loops.size(); ++i) {
    VectorLoop& loop = loops[i];
    if (loop.step == 0 || loop.step >= border || loop.step * loop.count <= border) continue;
    if (border % loop.step != 0 || loop.count % (border / loop.step) != 0) return false;
    VectorLoop outer = loop;
    const int64_t inner = border / loop.step;
    outer.count /= inner;
    outer.step = border;
    for (int32_t& step : outer.registers) step *= static_cast<int32_t>(inner);
    loop.count = inner;
    loops.insert(loops.begin() + static_cast<std::ptrdiff_t>(i), outer);
    ++i;
  }
  return true;
}

}  // namespace

std::optional<std::vector<VectorLoop>> VectorOpEmitter::LoopsOf(
    const VectorOp& vector_op, const std::array<int64_t, 4>& count,
    const std::array<int64_t, 4>& step) const {
  isa::Vector code = vector_op.code;
  std::vector<VectorLoop> loops;  // without loops of one iteration, outermost first
  for (size_t j = 0; j < 4; ++j) {
    if (count[j] == 1) continue;
    VectorLoop loop{.count = count[j], .step = step[j]};
    loop.tapped = (code.tap_sum >> j & 1) != 0;
    loop.limit = code.limit != 0 && code.limit_loop == j;
    for (size_t r = 0; r < 4; ++r) {
      if (const auto& index = *Registers(code)[r]) loop.registers[r] = index->stride[j];
    }
    loops.push_back(loop);
  }
  for (const auto* words : vector_op.All()) {
    if (!*words || (*words)->step == 0) continue;
    const TensorLayout& layout = lowering_.layout((*words)->tensor);
    if (layout.split == 0) continue;
    BITTERN_CHECK((*words)->first == 0 && layout.HalfWords() % (*words)->step == 0);
    // The planes alternate every `half` elements, and each plane's words are contiguous. So the
    // stride is constant within a half, from one half to the other, and from pair to pair.
    const int64_t half = layout.HalfWords() / (*words)->step;
    if (!Cut(loops, half) || !Cut(loops, 2 * half)) return std::nullopt;
  }
  return loops;
}

void VectorOpEmitter::Emit(const VectorOp& vector_op, const TraversalOrder& order) {
  const std::array<int64_t, 4> count = {1, 1, order.outer, order.inner};
  const std::array<int64_t, 4> step = {0, 0, order.outer_step, order.inner_step};
  const auto loops = LoopsOf(vector_op, count, step);
  if (!loops || loops->size() > kLoops) return Emit(vector_op, order.outer * order.inner);
  EmitNest(vector_op, count, step);
}

void VectorOpEmitter::EmitNest(const VectorOp& vector_op, const std::array<int64_t, 4>& count,
                               const std::array<int64_t, 4>& step, int64_t first) {
  isa::Vector code = vector_op.code;
  const auto cut = LoopsOf(vector_op, count, step);
  // The compilation continues to find all refused partitions, then starts again without them.
  if (!cut || cut->size() > kLoops) {
    for (const auto* words : vector_op.All()) {
      if (*words && lowering_.layout((*words)->tensor).split != 0) {
        lowering_.tensors.RefusePartition((*words)->tensor);
      }
    }
    return;
  }
  std::vector<VectorLoop> loops = *cut;
  while (loops.size() < kLoops) loops.insert(loops.begin(), VectorLoop{});
  code.tap_sum = 0;
  for (size_t j = 0; j < 4; ++j) {
    code.count[j] = static_cast<uint32_t>(loops[j].count);
    code.tap_sum |= loops[j].tapped ? 1u << j : 0;
    if (loops[j].limit) code.limit_loop = static_cast<uint32_t>(j);
    for (size_t r = 0; r < 4; ++r) {
      if (auto& index = *Registers(code)[r]) index->stride[j] = loops[j].registers[r];
    }
  }
  const auto walk = [&](const TensorLayout* layout, int64_t base, int64_t unit) {
    isa::Walk of;
    const auto words = [&](int64_t steps) {
      return layout == nullptr ? steps * unit : layout->OfPlane(steps * unit);
    };
    of.base = static_cast<uint32_t>(
        base + (layout == nullptr ? unit * first : layout->PlaceOf(unit * first)));
    for (size_t j = 0; j < 4; ++j) of.stride[j] = static_cast<int32_t>(words(loops[j].step));
    return of;
  };
  std::vector<StoredId> tensors;
  const auto place = [&](const std::optional<WordRun>& words, std::optional<isa::Walk>& operand) {
    if (!words) return;
    operand = walk(&lowering_.layout(words->tensor), words->first, words->step);
    tensors.push_back(words->tensor);
  };
  // The tensors must be in the order of VisitWalks.
  place(vector_op.a, code.a);
  place(vector_op.b, code.b);
  place(vector_op.g, code.g);
  place(vector_op.h, code.h);
  place(vector_op.lane_scale, code.lane_scale);
  place(vector_op.lanes, code.lanes);
  place(vector_op.y, code.y);
  if (vector_op.by_feature) code.feature = walk(nullptr, 0, 1);
  if (vector_op.pick_table >= 0) {
    code.pick = walk(nullptr, 0, 1);
    code.pick->table = static_cast<uint32_t>(vector_op.pick_table);
  }
  lowering_.stream.Append(code, std::move(tensors));
}

void VectorOpEmitter::Reduce(const VectorOp& vector_op, const Reduction& reduction, int64_t count) {
  const int64_t distance = lowering_.machine.accumulate_distance;
  const int64_t whole = count / distance;
  int64_t registers = 0;  // partial results so far
  // Element (i, j) of outer x inner is added to partial result j. So the same register is used
  // again only after `inner` elements, when the adder has finished.
  const auto part = [&](int64_t outer, int64_t inner, int64_t first) {
    if (outer == 0 || inner == 0) return;
    VectorOp piece = vector_op;
    piece.code.tap = reduction.tap;
    piece.code.tap_sum = 1u << 2;
    piece.code.lt = Register(reduction.partial + static_cast<uint32_t>(registers));
    piece.code.lt->stride[3] = 1;
    EmitNest(piece, {1, 1, outer, inner}, {0, 0, inner, 1}, first);
    registers += inner;
  };
  // Operands with different plane partitions cut the loops at every border. If that makes too many
  // loops, two vector ops over half of the words each have one border less.
  const std::array<int64_t, 4> counts = {1, 1, whole, distance}, steps = {0, 0, distance, 1};
  const auto loops = LoopsOf(vector_op, counts, steps);
  const int64_t pieces = loops && loops->size() > kLoops && whole % 2 == 0 ? 2 : 1;
  for (int64_t i = 0; i < pieces; ++i) {
    part(whole / pieces, distance, i * whole / pieces * distance);
  }
  part(1, count % distance, whole * distance);

  // Adds up the partial results. They follow one another without a distance, so the unit must wait
  // for each addition (serial).
  VectorOp sum = OfRegister(reduction.partial);
  sum.code.l0->stride[3] = 1;
  sum.code.tap = reduction.tap;
  sum.code.tap_sum = 1u << 3;
  sum.code.lt = Register(reduction.target);
  sum.code.serial = 1;
  Emit(sum, registers);
}

void VectorOpEmitter::Lane(VectorOp vector_op, uint32_t target) {
  vector_op.code.tap = isa::Tap::kAdd;  // every element is the first: it overwrites
  vector_op.code.lt = Register(target);
  Emit(vector_op, 1);
}

void VectorOpEmitter::ScaleRegister(uint32_t r, float scalar, uint32_t target) {
  VectorOp vector_op = OfRegister(r).Scalar(Constant(scalar));
  vector_op.code.p1 = isa::Source::kG;
  Lane(vector_op, target);
}

void VectorOpEmitter::MultiplyRegisters(uint32_t r, uint32_t s, uint32_t target) {
  VectorOp vector_op = OfRegister(r);
  vector_op.code.l1 = Register(s);
  vector_op.code.p1 = isa::Source::kL1;
  Lane(vector_op, target);
}

void VectorOpEmitter::Mask(VectorOp& vector_op, const DropoutAttributes& dropout,
                           isa::Source isa::Vector::*factor) {
  // The machine compares 16 random bits with the threshold. The scale makes up for exactly the
  // share that is kept, so the mean stays the same.
  const auto threshold = static_cast<uint32_t>(std::lround((1 - dropout.rate) * 65536));
  vector_op.code.*factor = isa::Source::kMask;
  vector_op.code.dropout = isa::Dropout{};
  vector_op.code.dropout->stream = static_cast<uint32_t>(dropout.stream);
  vector_op.code.dropout->threshold = threshold;
  vector_op.code.dropout->scale = std::bit_cast<uint32_t>(65536.0f / static_cast<float>(threshold));
  vector_op.by_feature = true;
}

void VectorOpEmitter::UpdateBySum(VectorOp& vector_op, StoredId parameter, double rate_factor,
                                  bool of_input) {
  vector_op.lanes = WordRun{.tensor = parameter};
  vector_op.lane_scale = Rate(rate_factor);
  // If the vector op already reads the parameter as g, the old value comes from there, because a
  // bank has one read port. Otherwise the unit reads it as lane_old.
  const bool read = vector_op.g && vector_op.g->tensor == vector_op.lanes->tensor;
  (read ? vector_op.code.lane_g : vector_op.code.lane_old) = 1;
  vector_op.code.lane_source = of_input ? 1 : 0;
}

}  // namespace bittern
