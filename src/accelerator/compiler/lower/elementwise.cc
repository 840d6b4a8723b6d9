#include "accelerator/compiler/lower/elementwise.h"

#include <cmath>
#include <numbers>

#include "accelerator/compiler/lower/vector_op.h"
#include "base/error.h"

namespace bittern {
namespace {

using isa::Function;
using isa::Source;
using isa::Tap;

constexpr auto kLog2E = static_cast<float>(std::numbers::log2e);
constexpr auto kLn2 = static_cast<float>(std::numbers::ln2);

class Elementwise {
 public:
  Elementwise(const FusionGroup& group, Lowering& lowering)
      : group_(group), op_(group[0]), lowering_(lowering), vector_(lowering) {}

  void Lower() {
    switch (op_.kind) {
      case OpKind::kAdd:
        return Map(Adding(In(0), In(1)));
      case OpKind::kAddColumns:
        return Map(Adding(Out(), In(0)));
      case OpKind::kGelu: {
        VectorOp vector_op = Function_(Function::kGeluPhi, In(0));
        vector_op.code.p2 = Source::kA;
        return Map(vector_op);
      }
      case OpKind::kGeluGrad: {
        VectorOp vector_op = Function_(Function::kGeluGrad, In(1)).With(In(0));
        vector_op.code.p2 = Source::kB;
        return Map(vector_op);
      }
      case OpKind::kTanh:
        return Map(Function_(Function::kTanh, In(0)));
      case OpKind::kTanhGrad: {  // (1 - y y) dy
        VectorOp vector_op = VectorOp{}.Read(In(1)).With(In(0));
        vector_op.code.p1 = Source::kA;
        vector_op.code.negate_x1 = 1;
        vector_op.code.q1 = Source::kOne;
        vector_op.code.p2 = Source::kB;
        return Map(vector_op);
      }
      case OpKind::kDropout: {
        VectorOp vector_op = VectorOp{}.Read(In(0));
        VectorOpEmitter::Mask(vector_op, op_, &isa::Vector::p1);
        return Map(vector_op);
      }
      case OpKind::kDropoutAdd: {  // r + x mask
        VectorOp vector_op = VectorOp{}.Read(In(1)).With(In(0));
        VectorOpEmitter::Mask(vector_op, op_, &isa::Vector::p1);
        vector_op.code.q1 = Source::kB;
        return Map(vector_op);
      }
      case OpKind::kFill:
        return Map(VectorOp{}.Read(vector_.Constant(0)));
      case OpKind::kRowSum: {
        VectorOp vector_op = VectorOp{}.Read(In(0));
        if (lowering_.graph.At(op_.out[0]).kind == TensorKind::kParameter) {
          vector_.UpdateBySum(vector_op, op_, /*of_input=*/true);
        } else {
          vector_op.lanes = Out();
          vector_op.code.lane_source = 1;
        }
        return vector_.Emit(vector_op, lowering_.layout(op_.in[0]).words());
      }
      case OpKind::kDescend:
        if (group_.size() > 1) {  // and its sum with what it is added to
          const WordRun sum = {.tensor = group_[1].out[0]};
          VectorOp vector_op =
              VectorOpEmitter::Scaled(In(0), vector_.Rate(op_.scale)).With(sum).Write(sum);
          vector_op.code.q1 = Source::kB;
          return vector_.Emit(vector_op, lowering_.layout(sum.tensor).words());
        }
        return Map(VectorOpEmitter::Scaled(In(0), vector_.Rate(op_.scale)));
      case OpKind::kSgd: {
        if (op_.decay > 0) Refuse("training.decay");
        VectorOp vector_op = VectorOpEmitter::Scaled(In(0), vector_.Rate(op_.scale)).With(Out());
        vector_op.code.q1 = Source::kB;
        return Map(vector_op);
      }
      case OpKind::kSoftmax:
        return Softmax();
      case OpKind::kSoftmaxGrad:
        return SoftmaxGrad();
      case OpKind::kCrossEntropy:
        return CrossEntropy();
      case OpKind::kGatherColumns:
        return Gather();
      case OpKind::kScatterColumns:
        return Scatter();
      case OpKind::kMomentum:
      case OpKind::kAdamW:
        Refuse("training.optimizer other than sgd");
      case OpKind::kSumSquares:
      case OpKind::kClip:
        Refuse("training.clip");
      case OpKind::kMoments:
      case OpKind::kNormalize:
      case OpKind::kNormalizeGradAffine:
      case OpKind::kNormalizeGradSums:
      case OpKind::kNormalizeGrad:
      case OpKind::kTakeColumn:
      case OpKind::kAddColumn:
      case OpKind::kContract:
        break;
    }
    Fail("accelerator: it has no operation \"{}\" (\"{}\")", Name(op_.kind), op_.name);
  }

 private:
  [[noreturn]] static void Refuse(const char* option) {
    Fail("accelerator: it cannot train with {}; train on the CPU, or without it", option);
  }

  WordRun In(size_t i) const { return {.tensor = op_.in[i]}; }
  WordRun Out(size_t i = 0) const { return {.tensor = op_.out[i]}; }
  int64_t Count() const { return lowering_.layout(op_.out[0]).words(); }
  // Word by word, in the order in which they are wanted; a sum over tokens of the result beside it.
  void Map(VectorOp vector_op) {
    vector_op.Write(Out());
    if (group_.size() > 1) vector_.UpdateBySum(vector_op, group_[1], /*of_input=*/false);
    vector_.Emit(vector_op, lowering_.TraversalOf(op_.out[0]));
  }

  static VectorOp Adding(WordRun a, WordRun b) {
    VectorOp vector_op = VectorOp{}.Read(a).With(b);
    vector_op.code.q1 = Source::kB;
    return vector_op;
  }
  static VectorOp Function_(Function function, WordRun a) {
    VectorOp vector_op = VectorOp{}.Read(a);
    vector_op.code.function = function;
    return vector_op;
  }
  static void UseRegister(VectorOp& vector_op, uint32_t r) {
    vector_op.code.l0 = VectorOpEmitter::Register(r);
  }
  static void UseSecondRegister(VectorOp& vector_op, uint32_t r) {
    vector_op.code.l1 = VectorOpEmitter::Register(r);
  }
  // Loops of [head][key] words: keys outside, so that heads are met in turn.
  struct Heads {
    int64_t heads, keys;
    std::array<int64_t, 4> count, step;
  };
  Heads HeadLoops() const {
    const int64_t keys = lowering_.tokens();
    const int64_t heads = Count() / keys;
    return {heads, keys, {1, 1, keys, heads}, {0, 0, 1, keys}};
  }
  static isa::Index HeadRegister(uint32_t first) {
    isa::Index index = VectorOpEmitter::Register(first);
    index.stride[3] = 1;
    return index;
  }
  void ReduceHeads(VectorOp vector_op, Tap tap, const Heads& of, uint32_t target, bool limit) {
    vector_op.code.tap = tap;
    vector_op.code.tap_sum = 1u << 2;
    vector_op.code.lt = HeadRegister(target);
    vector_op.code.limit = limit ? 1 : 0;
    vector_op.code.limit_loop = 2;
    // Fewer heads than an addition takes: one element after the other.
    vector_op.code.serial = of.heads < lowering_.machine.accumulate_distance ? 1 : 0;
    vector_.EmitNest(vector_op, of.count, of.step);
  }

  void Softmax() {  // of scale * x
    const Heads of = HeadLoops();
    const auto heads = static_cast<uint32_t>(of.heads);
    const uint32_t maximum = 0, sum = heads;
    const WordRun factor = vector_.Constant(kLog2E * static_cast<float>(op_.scale));
    ReduceHeads(VectorOp{}.Read(In(0)), Tap::kMax, of, maximum, true);
    VectorOp scale = VectorOpEmitter::OfRegister(0).Scalar(factor);
    scale.code.l0 = HeadRegister(maximum);
    scale.code.p1 = Source::kG;
    EmitHeads(scale, of, maximum);
    VectorOp exponential = VectorOp{}.Read(In(0)).Scalar(factor).Write(Out());
    exponential.code.l0 = HeadRegister(maximum);
    exponential.code.p1 = Source::kG;
    exponential.code.q1 = Source::kL0;
    exponential.code.negate_q1 = 1;
    exponential.code.function = Function::kExp2;
    ReduceHeads(exponential, Tap::kAdd, of, sum, true);
    VectorOp inverse = VectorOpEmitter::OfRegister(0);
    inverse.code.l0 = HeadRegister(sum);
    inverse.code.function = Function::kReciprocal;
    EmitHeads(inverse, of, sum);
    VectorOp normalise = VectorOp{}.Read(Out()).Write(Out());
    normalise.code.l0 = HeadRegister(sum);
    normalise.code.p1 = Source::kL0;
    vector_.EmitNest(normalise, of.count, of.step);
  }
  // One word a head, from registers to registers.
  void EmitHeads(VectorOp vector_op, const Heads& of, uint32_t target) {
    vector_op.code.tap = Tap::kAdd;
    vector_op.code.lt = HeadRegister(target);
    vector_.EmitNest(vector_op, {1, 1, 1, of.heads}, {0, 0, 0, 1});
  }

  void SoftmaxGrad() {  // dp, p -> scale * p (dp - sum p dp)
    const Heads of = HeadLoops();
    const bool scaled = op_.scale != 1;
    const WordRun factor = vector_.Constant(static_cast<float>(op_.scale));
    VectorOp dot = VectorOp{}.Read(In(0)).With(In(1));
    dot.code.p1 = Source::kB;
    ReduceHeads(dot, Tap::kAdd, of, 0, false);
    VectorOp result = VectorOp{}.Read(In(0)).With(In(1)).Write(Out());
    if (scaled) {
      VectorOp scale = VectorOpEmitter::OfRegister(0).Scalar(factor);
      scale.code.l0 = HeadRegister(0);
      scale.code.p1 = Source::kG;
      EmitHeads(scale, of, 0);
      result.Scalar(factor);
      result.code.p1 = Source::kG;
    }
    result.code.l0 = HeadRegister(0);
    result.code.q1 = Source::kL0;
    result.code.negate_q1 = 1;
    result.code.p2 = Source::kB;
    vector_.EmitNest(result, of.count, of.step);
  }

  // dlogits = (softmax - one-hot) w, loss = (log sum exp - logit) w, w = 0 without a label.
  void CrossEntropy() {  // logits, labels -> dlogits, loss
    if (op_.smoothing > 0) Refuse("training.label_smoothing");
    enum : uint32_t { kMaximum, kLogit, kSum, kWeight, kShare, kOnes, kLoss, kPartial };
    const int64_t classes = Count();
    const auto table = static_cast<int>(lowering_.Table(op_.in[1]));
    VectorOp ones = VectorOp{}.Read(vector_.Constant(0));
    ones.code.q1 = Source::kOne;
    vector_.Lane(ones, kOnes);
    vector_.Reduce(VectorOp{}.Read(In(0)), {Tap::kMax, kMaximum, kPartial}, classes);
    VectorOp logit = VectorOp{}.Read(In(0));
    logit.code.p1 = Source::kPick;
    logit.pick_table = table;
    UseSecondRegister(logit, kOnes);
    vector_.Reduce(logit, {Tap::kAdd, kLogit, kPartial}, classes);

    VectorOp exponential = VectorOp{}.Read(In(0)).Scalar(vector_.Constant(kLog2E)).Write(Out());
    VectorOp scaled = VectorOpEmitter::OfRegister(kMaximum).Scalar(vector_.Constant(kLog2E));
    scaled.code.p1 = Source::kG;
    vector_.Lane(scaled, kShare);
    UseRegister(exponential, kShare);
    exponential.code.p1 = Source::kG;
    exponential.code.q1 = Source::kL0;
    exponential.code.negate_q1 = 1;
    exponential.code.function = Function::kExp2;
    vector_.Reduce(exponential, {Tap::kAdd, kSum, kPartial}, classes);

    VectorOp weight =
        VectorOpEmitter::OfRegister(kOnes).Scalar({lowering_.LossWeight(op_.loss), 0});
    weight.code.p1 = Source::kLabelled;
    weight.code.p2 = Source::kG;
    weight.pick_table = table;
    vector_.Lane(weight, kWeight);
    VectorOp share = VectorOpEmitter::OfRegister(kSum);
    share.code.function = Function::kReciprocal;
    UseSecondRegister(share, kWeight);
    share.code.p2 = Source::kL1;
    vector_.Lane(share, kShare);
    VectorOp gradient = VectorOp{}.Read(Out()).Write(Out());
    UseRegister(gradient, kShare);
    UseSecondRegister(gradient, kWeight);
    gradient.code.p1 = Source::kL0;
    gradient.code.q1 = Source::kPick;
    gradient.code.negate_q1 = 1;
    gradient.pick_table = table;
    vector_.Emit(gradient, classes);

    VectorOp logarithm = VectorOpEmitter::OfRegister(kSum);
    logarithm.code.function = Function::kLog2;
    vector_.Lane(logarithm, kLoss);
    VectorOp loss = VectorOpEmitter::OfRegister(kLoss).Scalar(vector_.Constant(kLn2));
    loss.code.p1 = Source::kG;
    UseSecondRegister(loss, kMaximum);
    loss.code.q1 = Source::kL1;
    loss.code.l2 = VectorOpEmitter::Register(kLogit);
    loss.code.q2 = Source::kL2;
    loss.code.negate_q2 = 1;
    vector_.Lane(loss, kLoss);
    VectorOp weighted = VectorOpEmitter::OfRegister(kLoss).Write(Out(1));
    UseSecondRegister(weighted, kWeight);
    weighted.code.p1 = Source::kL1;
    vector_.Emit(weighted, 1);
  }

  // The rows of the word table, `groups` words of `features` lanes each for every plane, as chunks
  // of slots.
  struct Rows {
    int64_t features, groups, chunk;
    int32_t step;  // from row to row
    uint32_t planes, split;
  };
  // `with`: activations that the rows are made into or from.
  Rows RowsOf(StoredId rows, std::initializer_list<StoredId> with) const {
    const TensorLayout& layout = lowering_.layout(rows);
    const int64_t groups = layout.words() / lowering_.tokens();
    const bool split = layout.split != 0;
    for (const StoredId id : with) BITTERN_CHECK((lowering_.layout(id).split != 0) == split);
    Rows of{layout.lanes, split ? groups / 2 : groups, 1, 0, split ? 3u : 1u, split ? 1u : 0u};
    of.step = static_cast<int32_t>(layout.OfPlane(groups));
    const int64_t limit =
        std::min(lowering_.machine.tile_slots, lowering_.machine.accumulator_slots) / 2;
    for (int64_t n = std::min(limit, of.groups); n > 1 && of.chunk == 1; --n) {
      if (of.groups % n == 0) of.chunk = n;
    }
    return of;
  }
  // x[t] = 1 where token t shows row i0.
  isa::Walk Selection(TensorId slot) {
    isa::Walk walk;
    walk.stride[0] = 1;
    walk.table = lowering_.Table(slot);
    return walk;
  }
  // A product of rows with their selection; i3 runs over the groups of a chunk.
  isa::Stream OfRows(const Rows& of, TensorId slot, uint32_t half) {
    isa::Stream stream;
    stream.planes = of.planes;
    stream.dynamic = static_cast<uint32_t>(lowering_.graph.lists);  // the list of rows
    stream.count = {static_cast<uint32_t>(lowering_.tokens()), 1, 1,
                    static_cast<uint32_t>(of.chunk)};
    stream.one_hot = 1;
    stream.x = Selection(slot);
    stream.slot = VectorOpEmitter::Register(half);
    stream.slot.stride[3] = 1;
    return stream;
  }
  static isa::Walk RowWalk(const Rows& of, int64_t group) {
    isa::Walk walk;
    walk.base = static_cast<uint32_t>(group);
    walk.stride = {of.step, 0, 0, 1};
    walk.split = of.split;
    return walk;
  }

  void Gather() {  // rows, slot, add
    const Rows of = RowsOf(op_.in[0], {op_.out[0], op_.in[2]});
    // A word's row is met again after `chunk` elements.
    if (of.chunk < lowering_.machine.accumulate_distance) {
      Fail(
          "accelerator: \"{}\" takes {} words of a row at a time, {} adds to one every {} cycles; "
          "fewer rows or more features may do",
          op_.name, of.chunk, lowering_.machine.name, lowering_.machine.accumulate_distance);
    }
    for (int64_t group = 0; group < of.groups; group += of.chunk) {
      const uint32_t half = lowering_.NextAccumulatorHalf();
      isa::Stream stream = OfRows(of, op_.in[1], half);
      stream.direction = isa::Direction::kTime;
      stream.sum = 1;
      stream.b = RowWalk(of, group);
      lowering_.stream.Append(stream, {op_.in[0]});
      isa::Drain drain;
      drain.planes = of.planes;
      drain.count = {1, static_cast<uint32_t>(of.chunk), 1, static_cast<uint32_t>(of.features)};
      drain.start = isa::Start::kWord;
      drain.y.base = static_cast<uint32_t>(group * of.features);
      drain.y.stride = {0, static_cast<int32_t>(of.features), 0, 1};
      drain.y.split = of.split;
      drain.initial = drain.y;
      drain.slot = VectorOpEmitter::Register(half);
      drain.slot.stride[1] = 1;
      lowering_.stream.Append(drain, {op_.out[0], op_.in[2]});
    }
  }

  void Scatter() {  // x, slot -> rows
    if (op_.accumulate) Refuse("a word table of one core");
    const Rows of = RowsOf(op_.out[0], {op_.in[0]});
    for (int64_t group = 0; group < of.groups; group += of.chunk) {
      const uint32_t half = lowering_.NextTileHalf();
      isa::Load load;
      load.planes = of.planes;
      load.count = {1, 1, static_cast<uint32_t>(of.chunk), static_cast<uint32_t>(of.features)};
      load.source.base = static_cast<uint32_t>(group * of.features);
      load.source.stride = {0, 0, static_cast<int32_t>(of.features), 1};
      load.source.split = of.split;
      load.slot = VectorOpEmitter::Register(half);
      load.slot.stride[2] = 1;
      lowering_.stream.Append(load, {op_.in[0]});
      isa::Stream stream = OfRows(of, op_.in[1], half);
      stream.direction = isa::Direction::kToken;
      stream.y = RowWalk(of, group);
      lowering_.stream.Append(stream, {op_.out[0]});
    }
  }

  const FusionGroup& group_;
  const Op& op_;  // the first
  Lowering& lowering_;
  VectorOpEmitter vector_;
};

}  // namespace

void LowerElementwise(const FusionGroup& group, Lowering& lowering) {
  Elementwise(group, lowering).Lower();
}

}  // namespace bittern
