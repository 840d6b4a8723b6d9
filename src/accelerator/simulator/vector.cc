// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "accelerator/isa/arithmetic/functions.h"
#include "accelerator/isa/arithmetic/trees.h"
#include "accelerator/simulator/units.h"
#include "base/dropout_bits.h"

namespace bittern {
namespace {

using isa::Source;

constexpr size_t kSources = 13;  // values of isa::Source
constexpr int64_t kBatch = 16;   // elements that go through the stages together

size_t Number(Source source) { return static_cast<size_t>(source); }

// Elements pass the stages in batches: first all their reads, then the stages, then their writes.
// An element that reads a word that another one of its batch writes starts a new batch.
class VectorRun {
 public:
  VectorRun(const Issue& issue, const isa::Vector& vector, Workspace& work)
      : issue_(issue), vector_(vector), state_(issue.state), lanes_(issue.state.lanes) {
    FindUsed();
    ResolveOperands();
    FindHazards();
    // The buffers have one row for each source, then one for each stage.
    const auto row = static_cast<size_t>(kBatch * lanes_);
    work.values.resize((kSources + kStages) * row + static_cast<size_t>(lanes_));
    for (size_t s = 0; s < kSources; ++s) values_[s] = work.values.data() + s * row;
    for (size_t s = 0; s < kStages; ++s) stages_[s] = work.values.data() + (kSources + s) * row;
    fold_ = work.values.data() + (kSources + kStages) * row;
    if (Used(Source::kZero)) std::fill_n(values_[Number(Source::kZero)], row, 0.0f);
    if (Used(Source::kOne)) std::fill_n(values_[Number(Source::kOne)], row, 1.0f);
  }

  void Run() {
    Odometer at(issue_.counts);
    for (int loop = 0; loop >= 0;) {
      if (hazards_ && count_ > 0 && ReadsWhatTheBatchWrites()) Flush();
      Take(at);
      if (count_ == kBatch) Flush();
      loop = at.Next();
      if (loop >= 0) Advance(loop);
    }
    if (count_ > 0) Flush();
  }

 private:
  static constexpr size_t kStages = 5;  // x1, v1, v2, v3, v4

  // The effect of an element on the machine, after the stages.
  struct Effect {
    int64_t element;
    bool limited, first;
    int64_t y, lanes, lane_scale, tap;
    float g;  // the start of the sum over lanes
  };

  // "Folds" means the sum over lanes, "Taps" the reduction over words into a lane register.
  bool Used(Source source) const { return used_[Number(source)]; }
  bool Folds() const { return vector_.lanes.has_value(); }
  bool FoldsOnG() const { return Folds() && vector_.lane_g != 0 && vector_.lane_old == 0; }
  bool Taps() const { return vector_.tap != isa::Tap::kNone; }
  int64_t floats() const { return count_ * lanes_; }

  // Operands that no stage uses are not read, so they need not be valid.
  void FindUsed() {
    const Source x1 = vector_.x1;
    if (x1 != Source::kA && x1 != Source::kB && x1 != Source::kL0 && x1 != Source::kL1) {
      issue_.Impossible("x1", "must be a, b, l0 or l1");
    }
    if (vector_.function == isa::Function::kLog2 &&
        (vector_.p2 != Source::kOne || vector_.q2 != Source::kZero)) {
      issue_.Impossible("function", "is log2, which uses the adder of the second stage");
    }
    // p3 follows only with a reduction, because v4 has no other use.
    for (const Source s : {x1, vector_.p1, vector_.q1, vector_.p2, vector_.q2}) {
      used_[Number(s)] = true;
    }
    if (Taps()) used_[Number(vector_.p3)] = true;
  }

  MemoryOperand Memory(const std::optional<isa::Walk>& walk, const char* name, bool needed,
                       bool scalar) const {
    if (!walk) {
      if (needed) issue_.Impossible(name, "is missing");
      return {};
    }
    if (walk->split != 0) issue_.Impossible(name, "is split, but the vector unit has no planes");
    if (!needed) return {};
    MemoryOperand operand = ResolveMemory(issue_, *walk, name, 1);
    if (scalar && operand.region != kScalars) issue_.Impossible(name, "is not a scalar");
    return operand;
  }

  Walker Register(const std::optional<isa::Index>& index, const char* name, bool needed) const {
    if (!needed) return {};
    if (!index) issue_.Impossible(name, "is missing");
    return ResolveIndex(issue_, *index, name, state_.accelerator.lane_registers);
  }

  void ResolveOperands() {
    a_ = Memory(vector_.a, "a", Used(Source::kA), false);
    b_ = Memory(vector_.b, "b", Used(Source::kB), false);
    g_ = Memory(vector_.g, "g", Used(Source::kG) || FoldsOnG(), true);
    h_ = Memory(vector_.h, "h", Used(Source::kH), true);
    y_ = Memory(vector_.y, "y", vector_.y.has_value(), false);
    fold_to_ = Memory(vector_.lanes, "lanes", Folds(), true);
    lane_scale_ =
        Memory(vector_.lane_scale, "lane_scale", Folds() && vector_.lane_scale.has_value(), true);
    l0_ = Register(vector_.l0, "l0", Used(Source::kL0));
    l1_ = Register(vector_.l1, "l1", Used(Source::kL1) || Used(Source::kPick));
    l2_ = Register(vector_.l2, "l2", Used(Source::kL2));
    lt_ = Register(vector_.lt, "lt", Taps());
    if (Used(Source::kPick) || Used(Source::kLabelled)) {
      if (!vector_.pick) issue_.Impossible("pick", "is missing");
      table_ = TableOf(issue_, *vector_.pick, "pick");
      pick_ = ResolveNumber(issue_, *vector_.pick, "pick", false);
    }
    if (Used(Source::kMask)) {
      if (!vector_.feature) issue_.Impossible("feature", "is missing");
      if (!vector_.dropout) issue_.Impossible("dropout", "is missing");
      feature_ = ResolveNumber(issue_, *vector_.feature, "feature", true);
      const isa::Dropout& dropout = *vector_.dropout;
      // Every dropout of the model has its own stream of the step's key. In a hardware loop the
      // stream advances, too.
      const uint64_t key =
          state_.host.dropout_key +
          static_cast<uint64_t>(int64_t{dropout.stream} + issue_.iteration * dropout.stream_outer);
      key_ = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
      scale_ = std::bit_cast<float>(dropout.scale);
    }
  }

  // True hazards need a comparison of addresses for every element. This test on ranges avoids it
  // for most instructions.
  void FindHazards() {
    for (const MemoryOperand* read : {&a_, &b_, &g_, &h_, &lane_scale_}) {
      if (y_.Overlaps(*read) || fold_to_.Overlaps(*read)) hazards_ = true;
    }
    // A reduction writes registers that a later element may read as a source.
    // ReadsWhatTheBatchWrites compares them for each element.
    if (Taps() && (vector_.l0 || vector_.l1 || vector_.l2)) hazards_ = true;
  }

  bool ReadsWhatTheBatchWrites() const {
    for (int64_t i = 0; i < count_; ++i) {
      const Effect& effect = effects_[static_cast<size_t>(i)];
      // The walkers are at the next element, the effects are those of the batch.
      for (const MemoryOperand* read : {&a_, &b_, &g_, &h_, &lane_scale_}) {
        if (!read->present()) continue;
        if (y_.present() && read->region == y_.region && read->walker.at == effect.y) return true;
        if (fold_to_.present() && read->region == fold_to_.region &&
            read->walker.at == effect.lanes) {
          return true;
        }
      }
      if (!Taps()) continue;
      if (Used(Source::kL0) && l0_.at == effect.tap) return true;
      if ((Used(Source::kL1) || Used(Source::kPick)) && l1_.at == effect.tap) return true;
      if (Used(Source::kL2) && l2_.at == effect.tap) return true;
    }
    return false;
  }

  // Operands that are absent have walkers with steps of 0.
  void Advance(int loop) {
    for (MemoryOperand* operand : {&a_, &b_, &g_, &h_, &y_, &fold_to_, &lane_scale_}) {
      operand->walker.Advance(loop);
    }
    for (Walker* walker : {&l0_, &l1_, &l2_, &lt_, &pick_, &feature_}) walker->Advance(loop);
  }

  // Reads ---------------------------------------------------------------------------------------

  // Reads the sources of one element into place count_ of the batch, and records its effect.
  // Padding (`limited`) does not read its operands, because its values count as 0.
  void Take(const Odometer& at) {
    const int64_t element = at.element();
    Effect& effect = effects_[static_cast<size_t>(count_)];
    effect = {.element = element,
              .limited =
                  vector_.limit != 0 && at.index(vector_.limit_loop) >= int64_t{state_.host.tokens},
              .first = at.AtFirst(vector_.tap_sum),
              .y = y_.walker.at,
              .lanes = fold_to_.walker.at,
              .lane_scale = lane_scale_.walker.at,
              .tap = lt_.at,
              .g = 0};
    // The old scalar is read with the element, not when the sum is complete.
    if (FoldsOnG()) effect.g = *g_.Read(issue_, element, g_.walker.at);
    any_limited_ |= effect.limited;
    if (effect.limited) {
      TakeLimited(element);
    } else {
      TakeWord(a_, Source::kA, element);
      TakeWord(b_, Source::kB, element);
      TakeScalar(g_, Source::kG, element);
      TakeScalar(h_, Source::kH, element);
      if (Used(Source::kL0)) TakeRegister(l0_, "l0", Source::kL0, element);
      if (Used(Source::kL1)) TakeRegister(l1_, "l1", Source::kL1, element);
      if (Used(Source::kL2)) TakeRegister(l2_, "l2", Source::kL2, element);
      if (Used(Source::kPick)) TakePick(element);
    }
    if (Used(Source::kLabelled)) {
      float* out = Place(Source::kLabelled);
      for (int64_t t = 0; t < lanes_; ++t) out[t] = table_[t] >= 0 ? 1.0f : 0.0f;
    }
    if (Used(Source::kMask)) TakeMask(element);
    ++count_;
  }

  // The sources of a batch are stored as [source][element][lane].
  float* Place(Source source) { return values_[Number(source)] + count_ * lanes_; }

  // For such an element only x1 matters, if it is summed over lanes.
  void TakeLimited(int64_t element) {
    for (const Source s : {Source::kA, Source::kB, Source::kG, Source::kH, Source::kL0, Source::kL1,
                           Source::kL2, Source::kPick}) {
      if (Used(s)) std::fill_n(Place(s), lanes_, 0.0f);
    }
    if (!Folds() || vector_.lane_source == 0) return;
    if (vector_.x1 == Source::kA) TakeWord(a_, Source::kA, element);
    if (vector_.x1 == Source::kB) TakeWord(b_, Source::kB, element);
    if (vector_.x1 == Source::kL0) TakeRegister(l0_, "l0", Source::kL0, element);
    if (vector_.x1 == Source::kL1) TakeRegister(l1_, "l1", Source::kL1, element);
  }

  void TakeWord(const MemoryOperand& operand, Source source, int64_t element) {
    if (!operand.present()) return;
    operand.ReadLanes(issue_, element, operand.walker.at, lanes_, Place(source));
  }
  void TakeScalar(const MemoryOperand& operand, Source source, int64_t element) {
    if (!operand.present()) return;
    std::fill_n(Place(source), lanes_, *operand.Read(issue_, element, operand.walker.at));
  }
  const float* ReadRegister(const Walker& walker, const char* name, int64_t element) const {
    if (state_.register_written[static_cast<size_t>(walker.at)] == 0) {
      issue_.Throw(Fault::Kind::kUnwritten, element, name, walker.at,
                   "lane register never written");
    }
    return state_.registers.data() + walker.at * lanes_;
  }
  void TakeRegister(const Walker& walker, const char* name, Source source, int64_t element) {
    std::copy_n(ReadRegister(walker, name, element), lanes_, Place(source));
  }
  // l1 where the table's entry equals the class, else 0.
  void TakePick(int64_t element) {
    const float* values = ReadRegister(l1_, "l1", element);
    float* out = Place(Source::kPick);
    for (int64_t t = 0; t < lanes_; ++t) out[t] = table_[t] == pick_.at ? values[t] : 0.0f;
  }
  // One block of random bits serves four features (base/dropout_bits.h). The blocks of all tokens
  // are kept while the feature stays within these four.
  void TakeMask(int64_t element) {
    if (feature_.at < 0) {
      issue_.Throw(Fault::Kind::kOutside, element, "feature", feature_.at, "below 0");
    }
    const int64_t block = feature_.at / 4, part = feature_.at % 4;
    if (block != mask_block_) {
      mask_block_ = block;
      for (int64_t t = 0; t < lanes_; ++t) {
        // The counter is unique for each block of features and token: block * kDropoutMaxTokens +
        // t.
        const auto words = DropoutBlock(key_, static_cast<uint32_t>(block * kDropoutMaxTokens + t));
        for (size_t w = 0; w < 2; ++w) mask_words_[w][static_cast<size_t>(t)] = words[w];
      }
    }
    // A block has two words of 32 bits, so each feature of the four takes 16 bits.
    const auto& words = mask_words_[static_cast<size_t>(part / 2)];
    const auto shift = static_cast<uint32_t>(16 * (part % 2));
    const uint32_t threshold = vector_.dropout->threshold;
    float* out = Place(Source::kMask);
    for (int64_t t = 0; t < lanes_; ++t) {
      out[t] = (words[static_cast<size_t>(t)] >> shift & 0xFFFF) < threshold ? scale_ : 0.0f;
    }
  }

  // Stages --------------------------------------------------------------------------------------

  const float* Values(Source source, const float* self) const {
    return source == Source::kSelf ? self : values_[Number(source)];
  }

  // Computes in * p + q and returns `out`. If there is nothing to compute, it returns `in`.
  const float* Stage(const float* in, Source p, Source q, bool negate_q, float* out) const {
    const int64_t n = floats();
    const float* v = in;
    if (p != Source::kOne) {
      // The product is rounded before the sum, because the machine has no fused multiply-add.
      const float* factor = Values(p, in);
      for (int64_t i = 0; i < n; ++i) out[i] = v[i] * factor[i];
      v = out;
    }
    if (q != Source::kZero) {
      const float* summand = Values(q, in);
      if (negate_q) {
        for (int64_t i = 0; i < n; ++i) out[i] = v[i] - summand[i];
      } else {
        for (int64_t i = 0; i < n; ++i) out[i] = v[i] + summand[i];
      }
      v = out;
    }
    return v;
  }

  // Sets elements after the real tokens to 0.
  const float* Limit(const float* v, float* out) const {
    if (!any_limited_) return v;
    for (int64_t i = 0; i < count_; ++i) {
      float* to = out + i * lanes_;
      if (effects_[static_cast<size_t>(i)].limited) {
        std::fill_n(to, lanes_, 0.0f);
      } else if (out != v) {
        std::copy_n(v + i * lanes_, lanes_, to);
      }
    }
    return out;
  }

  // Runs the stages on the whole batch, then writes the results in the order of the elements. A
  // stage that changes nothing is skipped, and its input is passed on by pointer.
  void Flush() {
    const float* x1 = values_[Number(vector_.x1)];
    if (vector_.negate_x1 != 0) {
      for (int64_t i = 0; i < floats(); ++i) stages_[0][i] = -x1[i];
      x1 = stages_[0];
    }
    const float* v = Stage(x1, vector_.p1, vector_.q1, vector_.negate_q1 != 0, stages_[1]);
    if (vector_.function != isa::Function::kNone) {
      // isa::Function has kNone in front of the functions.
      const auto function = static_cast<Function>(static_cast<int>(vector_.function) - 1);
      Evaluate(function, v, floats(), stages_[2]);
      v = stages_[2];
    }
    // v3 and v4 of padding are 0, also if a summand is not.
    const float* v3 =
        Limit(Stage(v, vector_.p2, vector_.q2, vector_.negate_q2 != 0, stages_[3]), stages_[3]);
    const float* v4 = v3;
    if (Taps()) {
      v4 = Limit(Stage(v3, vector_.p3, Source::kZero, false, stages_[4]), stages_[4]);
    }
    for (int64_t i = 0; i < count_; ++i) {
      const Effect& effect = effects_[static_cast<size_t>(i)];
      // The order of effects is that of the machine: y, then the sum over lanes, then the
      // reduction.
      if (y_.present()) y_.WriteLanes(effect.y, lanes_, v3 + i * lanes_);
      if (Folds()) FoldLanes(effect, (vector_.lane_source != 0 ? x1 : v3) + i * lanes_);
      if (Taps()) Tap(effect, v4 + i * lanes_);
    }
    count_ = 0;
    any_limited_ = false;
  }

  // Writes --------------------------------------------------------------------------------------

  // lanes = (old value or g or 0) + lane_scale * sum. The old value is added last.
  void FoldLanes(const Effect& effect, const float* values) {
    // FoldSum overwrites its input, and the values may be needed for the reduction.
    std::copy_n(values, lanes_, fold_);
    float sum = FoldSum(fold_, lanes_);
    if (lane_scale_.present()) {
      sum = *lane_scale_.Read(issue_, effect.element, effect.lane_scale) * sum;
    }
    if (FoldsOnG()) sum = effect.g + sum;
    if (vector_.lane_old != 0) {
      sum = *fold_to_.Read(issue_, effect.element, effect.lanes) + sum;
    }
    *fold_to_.Write(effect.lanes) = sum;
  }

  // The first element overwrites the register, even if it is padding. Other padding changes
  // nothing.
  void Tap(const Effect& effect, const float* v4) {
    float* to = state_.registers.data() + effect.tap * lanes_;
    uint8_t& written = state_.register_written[static_cast<size_t>(effect.tap)];
    if (effect.first) {
      std::copy_n(v4, lanes_, to);
      written = 1;
      return;
    }
    if (written == 0) {
      issue_.Throw(Fault::Kind::kUnwritten, effect.element, "lt", effect.tap,
                   "lane register never written");
    }
    if (effect.limited) return;
    if (vector_.tap == isa::Tap::kAdd) {
      for (int64_t t = 0; t < lanes_; ++t) to[t] = to[t] + v4[t];
    } else {
      // This is the specification's maximum. It also fixes the result for NaN and for zeros of
      // different sign.
      for (int64_t t = 0; t < lanes_; ++t) to[t] = to[t] < v4[t] ? v4[t] : to[t];
    }
  }

  const Issue& issue_;
  const isa::Vector& vector_;
  MachineState& state_;
  int64_t lanes_;
  std::array<bool, kSources> used_{};
  bool hazards_ = false;

  MemoryOperand a_, b_, g_, h_, y_, fold_to_, lane_scale_;
  Walker l0_, l1_, l2_, lt_, pick_, feature_;
  const int32_t* table_ = nullptr;
  std::array<uint32_t, 2> key_{};
  float scale_ = 0;
  int64_t mask_block_ = -1;
  std::array<std::array<uint32_t, kDropoutMaxTokens>, 2> mask_words_;

  std::array<float*, kSources> values_{};
  std::array<float*, kStages> stages_{};
  float* fold_ = nullptr;
  std::array<Effect, kBatch> effects_;
  int64_t count_ = 0;
  bool any_limited_ = false;
};

}  // namespace

void ExecuteVector(const Issue& issue, const isa::Vector& vector, Workspace& work) {
  VectorRun(issue, vector, work).Run();
}

}  // namespace bittern
