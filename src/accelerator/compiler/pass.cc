#include "accelerator/compiler/pass.h"

#include <bit>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace bittern {
namespace {

constexpr size_t kLoops = 4;  // of an instruction

std::array<std::optional<isa::Index>*, 4> Registers(isa::Vector& code) {
  return {&code.l0, &code.l1, &code.l2, &code.lt};
}

// Cuts loops where they run over the border between a split operand's halves; whether it is where
// a loop can be cut.
bool Cut(std::vector<PassLoop>& loops, int64_t border) {
  for (size_t i = 0; i < loops.size(); ++i) {
    PassLoop& loop = loops[i];
    if (loop.step == 0 || loop.step >= border || loop.step * loop.count <= border) continue;
    if (border % loop.step != 0 || loop.count % (border / loop.step) != 0) return false;
    PassLoop outer = loop;
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

std::optional<std::vector<PassLoop>> PassEmitter::LoopsOf(
    const Pass& pass, const std::array<int64_t, 4>& count,
    const std::array<int64_t, 4>& step) const {
  isa::Vector code = pass.code;
  std::vector<PassLoop> loops;
  for (size_t j = 0; j < 4; ++j) {
    if (count[j] == 1) continue;
    PassLoop loop{.count = count[j], .step = step[j]};
    loop.tapped = (code.tap_sum >> j & 1) != 0;
    loop.limit = code.limit != 0 && code.limit_loop == j;
    for (size_t r = 0; r < 4; ++r) {
      if (const auto& index = *Registers(code)[r]) loop.registers[r] = index->stride[j];
    }
    loops.push_back(loop);
  }
  for (const auto* words : pass.All()) {
    if (!*words || (*words)->step == 0) continue;
    const Storage& storage = emitter_.storage((*words)->tensor);
    if (storage.split == 0) continue;
    BITTERN_CHECK((*words)->first == 0 && storage.HalfWords() % (*words)->step == 0);
    const int64_t half = storage.HalfWords() / (*words)->step;
    if (!Cut(loops, half) || !Cut(loops, 2 * half)) return std::nullopt;
  }
  return loops;
}

void PassEmitter::Emit(const Pass& pass, const WordOrder& order) {
  const std::array<int64_t, 4> count = {1, 1, order.outer, order.inner};
  const std::array<int64_t, 4> step = {0, 0, order.outer_step, order.inner_step};
  const auto loops = LoopsOf(pass, count, step);
  if (!loops || loops->size() > kLoops) return Emit(pass, order.outer * order.inner);
  EmitNest(pass, count, step);
}

void PassEmitter::EmitNest(const Pass& pass, const std::array<int64_t, 4>& count,
                           const std::array<int64_t, 4>& step, int64_t first) {
  isa::Vector code = pass.code;
  const auto cut = LoopsOf(pass, count, step);
  if (!cut || cut->size() > kLoops) {
    for (const auto* words : pass.All()) {
      if (*words && emitter_.storage((*words)->tensor).split != 0) {
        emitter_.Refuse((*words)->tensor);
      }
    }
    return;
  }
  std::vector<PassLoop> loops = *cut;
  while (loops.size() < kLoops) loops.insert(loops.begin(), PassLoop{});
  code.tap_sum = 0;
  for (size_t j = 0; j < 4; ++j) {
    code.count[j] = static_cast<uint32_t>(loops[j].count);
    code.tap_sum |= loops[j].tapped ? 1u << j : 0;
    if (loops[j].limit) code.limit_loop = static_cast<uint32_t>(j);
    for (size_t r = 0; r < 4; ++r) {
      if (auto& index = *Registers(code)[r]) index->stride[j] = loops[j].registers[r];
    }
  }
  const auto walk = [&](const Storage* storage, int64_t base, int64_t unit) {
    isa::Walk of;
    const auto words = [&](int64_t steps) {
      return storage == nullptr ? steps * unit : storage->OfPlane(steps * unit);
    };
    of.base = static_cast<uint32_t>(
        base + (storage == nullptr ? unit * first : storage->PlaceOf(unit * first)));
    for (size_t j = 0; j < 4; ++j) of.stride[j] = static_cast<int32_t>(words(loops[j].step));
    return of;
  };
  std::vector<StoredId> tensors;
  const auto place = [&](const std::optional<Words>& words, std::optional<isa::Walk>& operand) {
    if (!words) return;
    operand = walk(&emitter_.storage(words->tensor), words->first, words->step);
    tensors.push_back(words->tensor);
  };
  // In the order of VisitWalks.
  place(pass.a, code.a);
  place(pass.b, code.b);
  place(pass.g, code.g);
  place(pass.h, code.h);
  place(pass.lane_scale, code.lane_scale);
  place(pass.lanes, code.lanes);
  place(pass.y, code.y);
  if (pass.by_feature) code.feature = walk(nullptr, 0, 1);
  if (pass.pick_table >= 0) {
    code.pick = walk(nullptr, 0, 1);
    code.pick->table = static_cast<uint32_t>(pass.pick_table);
  }
  emitter_.Append(code, std::move(tensors));
}

void PassEmitter::Reduce(const Pass& pass, const Reduction& reduction, int64_t count) {
  const int64_t distance = emitter_.machine().accumulate_distance;
  const int64_t whole = count / distance;
  int64_t registers = 0;
  const auto part = [&](int64_t outer, int64_t inner, int64_t first) {
    if (outer == 0 || inner == 0) return;
    Pass piece = pass;
    piece.code.tap = reduction.tap;
    piece.code.tap_sum = 1u << 2;
    piece.code.lt = Register(reduction.partial + static_cast<uint32_t>(registers));
    piece.code.lt->stride[3] = 1;
    EmitNest(piece, {1, 1, outer, inner}, {0, 0, inner, 1}, first);
    registers += inner;
  };
  // Operands that are split in several ways cut the loops at every border. In halves there is one
  // border less.
  const std::array<int64_t, 4> counts = {1, 1, whole, distance}, steps = {0, 0, distance, 1};
  const auto loops = LoopsOf(pass, counts, steps);
  const int64_t pieces = loops && loops->size() > kLoops && whole % 2 == 0 ? 2 : 1;
  for (int64_t i = 0; i < pieces; ++i) {
    part(whole / pieces, distance, i * whole / pieces * distance);
  }
  part(1, count % distance, whole * distance);

  Pass sum = OfRegister(reduction.partial);
  sum.code.l0->stride[3] = 1;
  sum.code.tap = reduction.tap;
  sum.code.tap_sum = 1u << 3;
  sum.code.lt = Register(reduction.target);
  sum.code.serial = 1;
  Emit(sum, registers);
}

void PassEmitter::Lane(Pass pass, uint32_t target) {
  pass.code.tap = isa::Tap::kAdd;  // every element is the first: it overwrites
  pass.code.lt = Register(target);
  Emit(pass, 1);
}

void PassEmitter::ScaleRegister(uint32_t r, float scalar, uint32_t target) {
  Pass pass = OfRegister(r).Scalar(Constant(scalar));
  pass.code.p1 = isa::Source::kG;
  Lane(pass, target);
}

void PassEmitter::MultiplyRegisters(uint32_t r, uint32_t s, uint32_t target) {
  Pass pass = OfRegister(r);
  pass.code.l1 = Register(s);
  pass.code.p1 = isa::Source::kL1;
  Lane(pass, target);
}

void PassEmitter::Mask(Pass& pass, const DropoutAttributes& dropout,
                       isa::Source isa::Vector::*factor) {
  const auto threshold = static_cast<uint32_t>(std::lround((1 - dropout.rate) * 65536));
  pass.code.*factor = isa::Source::kMask;
  pass.code.dropout = isa::Dropout{};
  pass.code.dropout->stream = static_cast<uint32_t>(dropout.stream);
  pass.code.dropout->threshold = threshold;
  pass.code.dropout->scale = std::bit_cast<uint32_t>(65536.0f / static_cast<float>(threshold));
  pass.by_feature = true;
}

void PassEmitter::UpdateBySum(Pass& pass, StoredId parameter, double rate_factor, bool of_input) {
  pass.lanes = Words{.tensor = parameter};
  pass.lane_scale = Rate(rate_factor);
  // A parameter that the pass reads anyhow is there already: a bank has one port to read.
  const bool read = pass.g && pass.g->tensor == pass.lanes->tensor;
  (read ? pass.code.lane_g : pass.code.lane_old) = 1;
  pass.code.lane_source = of_input ? 1 : 0;
}

}  // namespace bittern
