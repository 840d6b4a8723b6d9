// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/lower/elementwise.h"

#include <cmath>
#include <numbers>
#include <type_traits>

#include "accelerator/compiler/fuse/lowerings.h"
#include "accelerator/compiler/lower/vector_op.h"
#include "base/error.h"

namespace bittern {
namespace {

using isa::Function;
using isa::Source;
using isa::Tap;

constexpr auto kLog2E = static_cast<float>(std::numbers::log2e);
constexpr auto kLn2 = static_cast<float>(std::numbers::ln2);

// Lowers one group. A formula in front of a function gives the result for one element. Activations
// are [feature][token] with tokens in lanes, so a word is one feature of all tokens.
class Elementwise {
 public:
  Elementwise(const FusionGroup& group, Lowering& lowering)
      : group_(group), op_(group[0]), lowering_(lowering), vector_(lowering) {}

  void Lower() {
    Visit(op_, [&]<class O>(const O& operation, const InputsOf<O>& in, const OutputsOf<O>& out) {
      if constexpr (kLowering<O>.by == LoweredBy::kElementwise) {
        Lower(operation, in, out);
      } else if constexpr (std::is_same_v<O, ops::SumSquares> || std::is_same_v<O, ops::Clip>) {
        // The engine knows these updates, so the message names the option that asks for them.
        Refuse("training.clip");
      } else if constexpr (O::kInfo.stage == Stage::kUpdate) {
        Refuse("training.optimizer other than sgd");
      } else {
        Fail("accelerator: it has no operation \"{}\" (\"{}\")", O::kInfo.name, op_.name);
      }
    });
  }

 private:
  template <class O>
  using In = InputsOf<O>;
  template <class O>
  using Out = OutputsOf<O>;

  void Lower(const ops::Add&, const In<ops::Add>& in, const Out<ops::Add>& out) {
    Map(Adding({in.a}, {in.b}), out.y);
  }
  // y + x, in place
  void Lower(const ops::AddColumns&, const In<ops::AddColumns>& in,
             const Out<ops::AddColumns>& out) {
    Map(Adding({out.y}, {in.x}), out.y);
  }
  // Phi(x) x, with Phi the distribution function of the normal distribution
  void Lower(const ops::Gelu&, const In<ops::Gelu>& in, const Out<ops::Gelu>& out) {
    VectorOp vector_op = FunctionOf(Function::kGeluPhi, {in.x});
    // The unit computes Phi(x) = gelu(x) / x, so the second stage multiplies by x again.
    vector_op.code.p2 = Source::kA;
    Map(vector_op, out.y);
  }
  // gelu'(x) dy
  void Lower(const ops::GeluGrad&, const In<ops::GeluGrad>& in, const Out<ops::GeluGrad>& out) {
    VectorOp vector_op = FunctionOf(Function::kGeluGrad, {in.x}).With({in.dy});
    vector_op.code.p2 = Source::kB;
    Map(vector_op, out.dx);
  }
  void Lower(const ops::Tanh&, const In<ops::Tanh>& in, const Out<ops::Tanh>& out) {
    Map(FunctionOf(Function::kTanh, {in.x}), out.y);
  }
  // (1 - y y) dy
  void Lower(const ops::TanhGrad&, const In<ops::TanhGrad>& in, const Out<ops::TanhGrad>& out) {
    VectorOp vector_op = VectorOp{}.Read({in.y}).With({in.dy});
    vector_op.code.p1 = Source::kA;
    vector_op.code.negate_x1 = 1;
    vector_op.code.q1 = Source::kOne;
    vector_op.code.p2 = Source::kB;
    Map(vector_op, out.dx);
  }
  // x mask
  void Lower(const ops::Dropout& op, const In<ops::Dropout>& in, const Out<ops::Dropout>& out) {
    VectorOp vector_op = VectorOp{}.Read({in.x});
    VectorOpEmitter::Mask(vector_op, op.dropout, &isa::Vector::p1);
    Map(vector_op, out.y);
  }
  // residual + x mask
  void Lower(const ops::DropoutAdd& op, const In<ops::DropoutAdd>& in,
             const Out<ops::DropoutAdd>& out) {
    VectorOp vector_op = VectorOp{}.Read({in.x}).With({in.residual});
    VectorOpEmitter::Mask(vector_op, op.dropout, &isa::Vector::p1);
    vector_op.code.q1 = Source::kB;
    Map(vector_op, out.y);
  }
  void Lower(const ops::Fill&, const In<ops::Fill>&, const Out<ops::Fill>& out) {
    // All elements read one scalar. A scalar in operand a fills lane 0, and the other lanes are 0,
    // too.
    Map(VectorOp{}.Read(vector_.Constant(0)), out.y);
  }
  // y[f] = sum over tokens of x[f], in the lane sum of the vector op. With a rate factor y is a
  // parameter, and the scaled sum is added to it.
  void Lower(const ops::RowSum& op, const In<ops::RowSum>& in, const Out<ops::RowSum>& out) {
    VectorOp vector_op = VectorOp{}.Read({in.x});
    if (op.rate_factor) {
      vector_.UpdateBySum(vector_op, out.y, *op.rate_factor, /*of_input=*/true);
    } else {
      vector_op.lanes = WordRun{out.y};
      // The lane sum takes x1, the word before any multiplication.
      vector_op.code.lane_source = 1;
    }
    vector_.Emit(vector_op, lowering_.layout(in.x).words());
  }
  void Lower(const ops::ScaleByRate& op, const In<ops::ScaleByRate>& in,
             const Out<ops::ScaleByRate>& out) {
    VectorOp vector_op = VectorOpEmitter::Scaled({in.x}, vector_.Rate(op.rate_factor));
    if (group_.size() == 1) return Map(vector_op, out.y);
    // The addition that follows uses the scaled words in the same vector op: sum = x rate + sum.
    const WordRun sum = {group_[1].Outputs<ops::AddColumns>().y};
    vector_op.With(sum).Write(sum);
    vector_op.code.q1 = Source::kB;
    vector_.Emit(vector_op, lowering_.layout(sum.tensor).words());
  }
  // parameter = gradient rate + parameter, where rate is -factor * learning rate
  void Lower(const ops::Sgd& op, const In<ops::Sgd>& in, const Out<ops::Sgd>& out) {
    if (op.decay > 0) Refuse("training.decay");
    VectorOp vector_op =
        VectorOpEmitter::Scaled({in.gradient}, vector_.Rate(op.rate_factor)).With({out.parameter});
    vector_op.code.q1 = Source::kB;
    Map(vector_op, out.parameter);
  }

  [[noreturn]] static void Refuse(const char* option) {
    Fail("accelerator: it cannot train with {}; train on the CPU, or without it", option);
  }

  int64_t Count(StoredId id) const { return lowering_.layout(id).words(); }
  // Writes `result` word by word, in the order in which the words are wanted. A sum over tokens of
  // the result may be taken by the same vector op.
  void Map(VectorOp vector_op, StoredId result) {
    vector_op.Write({result});
    if (group_.size() > 1) {
      const auto& sum = *group_[1].As<ops::RowSum>();
      vector_.UpdateBySum(vector_op, group_[1].Outputs<ops::RowSum>().y, sum.rate_factor.value(),
                          /*of_input=*/false);
    }
    vector_.Emit(vector_op, lowering_.TraversalOf(result));
  }

  static VectorOp Adding(WordRun a, WordRun b) {
    VectorOp vector_op = VectorOp{}.Read(a).With(b);
    vector_op.code.q1 = Source::kB;
    return vector_op;
  }
  static VectorOp FunctionOf(Function function, WordRun a) {
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
  // Scores are [head][key] words with queries in lanes. The loop over heads is inside: successive
  // elements then reduce into the registers of different heads, and each addition has time to end.
  struct Heads {
    int64_t heads, keys;
    std::array<int64_t, 4> count, step;
  };
  Heads HeadLoops(StoredId scores) const {
    const int64_t keys = lowering_.tokens();
    const int64_t heads = Count(scores) / keys;
    // Loop 2 runs over keys, loop 3 over heads. A head's words are `keys` apart.
    return {heads, keys, {1, 1, keys, heads}, {0, 0, 1, keys}};
  }
  // Returns lane register `first` + h for head h, which is the index of loop 3.
  static isa::Index HeadRegister(uint32_t first) {
    isa::Index index = VectorOpEmitter::Register(first);
    index.stride[3] = 1;
    return index;
  }
  void ReduceHeads(VectorOp vector_op, Tap tap, const Heads& of, uint32_t target, bool limit) {
    vector_op.code.tap = tap;
    // The reduction is over loop 2, the keys. Keys from the number of real tokens on are padding.
    vector_op.code.tap_sum = 1u << 2;
    vector_op.code.lt = HeadRegister(target);
    vector_op.code.limit = limit ? 1 : 0;
    vector_op.code.limit_loop = 2;
    // With fewer heads than an addition takes cycles, each element waits for the one before.
    vector_op.code.serial = of.heads < lowering_.machine.accumulate_distance ? 1 : 0;
    vector_.EmitNest(vector_op, of.count, of.step);
  }

  // p[h][k] = exp2(c s[h][k] - c max_k s) / sum_k of the same, with c = scale * log2(e). There is
  // one register for each head: the maximum first, then the sum. Keys of padding do not count.
  void Lower(const ops::Softmax& op, const In<ops::Softmax>& in, const Out<ops::Softmax>& out) {
    const Heads of = HeadLoops(out.p);
    const auto heads = static_cast<uint32_t>(of.heads);
    const uint32_t maximum = 0, sum = heads;
    const WordRun factor = vector_.Constant(kLog2E * static_cast<float>(op.scale));
    // The maximum is subtracted before the exponential, so that no exponential overflows.
    ReduceHeads(VectorOp{}.Read({in.scores}), Tap::kMax, of, maximum, true);
    // One multiply-add then computes c s - c max, the argument of exp2.
    VectorOp scale = VectorOpEmitter::OfRegister(0).Scalar(factor);
    scale.code.l0 = HeadRegister(maximum);
    scale.code.p1 = Source::kG;
    EmitHeads(scale, of, maximum);
    // The exponentials are written, and summed in the same vector op.
    VectorOp exponential = VectorOp{}.Read({in.scores}).Scalar(factor).Write({out.p});
    exponential.code.l0 = HeadRegister(maximum);
    exponential.code.p1 = Source::kG;
    exponential.code.q1 = Source::kL0;
    exponential.code.negate_q1 = 1;
    exponential.code.function = Function::kExp2;
    ReduceHeads(exponential, Tap::kAdd, of, sum, true);
    // One reciprocal for each head and query makes the division a multiplication.
    VectorOp inverse = VectorOpEmitter::OfRegister(0);
    inverse.code.l0 = HeadRegister(sum);
    inverse.code.function = Function::kReciprocal;
    EmitHeads(inverse, of, sum);
    VectorOp normalise = VectorOp{}.Read({out.p}).Write({out.p});
    normalise.code.l0 = HeadRegister(sum);
    normalise.code.p1 = Source::kL0;
    vector_.EmitNest(normalise, of.count, of.step);
  }
  // Computes one word for each head, from registers to registers.
  void EmitHeads(VectorOp vector_op, const Heads& of, uint32_t target) {
    // No loop is in tap_sum, so every element is the first of its sum and overwrites its register.
    vector_op.code.tap = Tap::kAdd;
    vector_op.code.lt = HeadRegister(target);
    vector_.EmitNest(vector_op, {1, 1, 1, of.heads}, {0, 0, 0, 1});
  }

  // scale * p (dp - sum p dp), where the sum runs over keys. p is 0 at keys of padding.
  void Lower(const ops::SoftmaxGrad& op, const In<ops::SoftmaxGrad>& in,
             const Out<ops::SoftmaxGrad>& out) {
    const Heads of = HeadLoops(out.d_scores);
    const bool scaled = op.scale != 1;
    const WordRun factor = vector_.Constant(static_cast<float>(op.scale));
    // p is 0 at padding, so its terms are 0 and no limit is needed.
    VectorOp dot = VectorOp{}.Read({in.dp}).With({in.p});
    dot.code.p1 = Source::kB;
    ReduceHeads(dot, Tap::kAdd, of, 0, false);
    VectorOp result = VectorOp{}.Read({in.dp}).With({in.p}).Write({out.d_scores});
    // Both terms take the scale: dp in the first stage, the sum once for each head.
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
    // The second stage multiplies dp - sum by p.
    result.code.p2 = Source::kB;
    vector_.EmitNest(result, of.count, of.step);
  }

  // dlogits = (softmax - one-hot) w, loss = (log sum exp - logit) w, w = 0 without a label.
  void Lower(const ops::CrossEntropy& op, const In<ops::CrossEntropy>& in,
             const Out<ops::CrossEntropy>& out) {
    if (op.smoothing > 0) Refuse("training.label_smoothing");
    enum : uint32_t { kMaximum, kLogit, kSum, kWeight, kShare, kOnes, kLoss, kPartial };
    const int64_t classes = Count(out.d_logits);
    const auto table = static_cast<int>(lowering_.Table(in.labels));
    // logits[class] are words with tokens in lanes. Registers hold one number for each token. Pick
    // and Labelled select a register or 1 by the table of labels. The register of ones makes Pick a
    // one-hot word.
    VectorOp ones = VectorOp{}.Read(vector_.Constant(0));
    ones.code.q1 = Source::kOne;
    vector_.Lane(ones, kOnes);
    vector_.Reduce(VectorOp{}.Read({in.logits}), {Tap::kMax, kMaximum, kPartial}, classes);
    VectorOp logit = VectorOp{}.Read({in.logits});
    logit.code.p1 = Source::kPick;
    logit.pick_table = table;
    UseSecondRegister(logit, kOnes);
    // At most one class is the label of a token, so this sum is its logit.
    vector_.Reduce(logit, {Tap::kAdd, kLogit, kPartial}, classes);

    VectorOp exponential =
        VectorOp{}.Read({in.logits}).Scalar(vector_.Constant(kLog2E)).Write({out.d_logits});
    VectorOp scaled = VectorOpEmitter::OfRegister(kMaximum).Scalar(vector_.Constant(kLog2E));
    scaled.code.p1 = Source::kG;
    // kShare holds log2(e) times the maximum until the sum of exponentials is complete.
    vector_.Lane(scaled, kShare);
    UseRegister(exponential, kShare);
    exponential.code.p1 = Source::kG;
    exponential.code.q1 = Source::kL0;
    exponential.code.negate_q1 = 1;
    exponential.code.function = Function::kExp2;
    vector_.Reduce(exponential, {Tap::kAdd, kSum, kPartial}, classes);

    // d_logits = exponential (w / sum) - one-hot w
    VectorOp weight = VectorOpEmitter::OfRegister(kOnes).Scalar({lowering_.LossWeight(op.loss), 0});
    weight.code.p1 = Source::kLabelled;
    weight.code.p2 = Source::kG;
    weight.pick_table = table;
    vector_.Lane(weight, kWeight);
    // w / sum is one factor for each token. It replaces a division for each class.
    VectorOp share = VectorOpEmitter::OfRegister(kSum);
    share.code.function = Function::kReciprocal;
    UseSecondRegister(share, kWeight);
    share.code.p2 = Source::kL1;
    vector_.Lane(share, kShare);
    VectorOp gradient = VectorOp{}.Read({out.d_logits}).Write({out.d_logits});
    UseRegister(gradient, kShare);
    UseSecondRegister(gradient, kWeight);
    gradient.code.p1 = Source::kL0;
    // Pick takes register l1, which is the weight here: w at the label's class, else 0.
    gradient.code.q1 = Source::kPick;
    gradient.code.negate_q1 = 1;
    gradient.pick_table = table;
    vector_.Emit(gradient, classes);

    // log sum exp = log2(sum) ln 2 + maximum
    VectorOp logarithm = VectorOpEmitter::OfRegister(kSum);
    logarithm.code.function = Function::kLog2;
    vector_.Lane(logarithm, kLoss);
    VectorOp loss = VectorOpEmitter::OfRegister(kLoss).Scalar(vector_.Constant(kLn2));
    loss.code.p1 = Source::kG;
    UseSecondRegister(loss, kMaximum);
    loss.code.q1 = Source::kL1;
    loss.code.l2 = VectorOpEmitter::Register(kLogit);
    // The logit is subtracted in the second stage.
    loss.code.q2 = Source::kL2;
    loss.code.negate_q2 = 1;
    vector_.Lane(loss, kLoss);
    VectorOp weighted = VectorOpEmitter::OfRegister(kLoss).Write({out.losses});
    UseSecondRegister(weighted, kWeight);
    weighted.code.p1 = Source::kL1;
    vector_.Emit(weighted, 1);
  }

  // The rows of the word table, rows[row][group] with `features` lanes in each word. A plane has
  // `groups` words of a row. One instruction takes `chunk` of them, each in its own slot.
  struct Rows {
    int64_t features, groups, chunk;
    int32_t step;  // from row to row
    uint32_t planes, split;
  };
  // `with`: the activations on the other side, which must have the same plane partition.
  Rows RowsOf(StoredId rows, std::initializer_list<StoredId> with) const {
    const TensorLayout& layout = lowering_.layout(rows);
    const int64_t groups = layout.words() / lowering_.tokens();
    const bool split = layout.split != 0;
    for (const StoredId id : with) BITTERN_CHECK((lowering_.layout(id).split != 0) == split);
    Rows of{layout.lanes, split ? groups / 2 : groups, 1, 0, split ? 3u : 1u, split ? 1u : 0u};
    of.step = static_cast<int32_t>(layout.OfPlane(groups));
    const int64_t limit =
        std::min(lowering_.machine.tile_slots, lowering_.machine.accumulator_slots) / 2;
    // The chunk is the largest divisor of `groups` that fits one half of the slots. So all chunks
    // are equal.
    for (int64_t n = std::min(limit, of.groups); n > 1 && of.chunk == 1; --n) {
      if (of.groups % n == 0) of.chunk = n;
    }
    return of;
  }
  // x[t] = 1 if token t uses row i0, otherwise 0. The table gives the row of each token.
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

  void Lower(const ops::GatherColumns&, const In<ops::GatherColumns>& in,
             const Out<ops::GatherColumns>& out) {
    const Rows of = RowsOf(in.rows, {out.y, in.add});
    // y[f][t] = sum over rows of rows[row][f] x[row][t] + add[f][t]. An accumulator is used again
    // after `chunk` elements, so the adder must have finished by then.
    if (of.chunk < lowering_.machine.accumulate_distance) {
      Fail(
          "accelerator: \"{}\" takes {} words of a row at a time, {} adds to one every {} cycles; "
          "fewer rows or more features may do",
          op_.name, of.chunk, lowering_.machine.name, lowering_.machine.accumulate_distance);
    }
    for (int64_t group = 0; group < of.groups; group += of.chunk) {
      const uint32_t half = lowering_.NextAccumulatorHalf();
      isa::Stream stream = OfRows(of, in.slot, half);
      stream.direction = isa::Direction::kTime;
      stream.sum = 1;
      stream.b = RowWalk(of, group);
      lowering_.stream.Append(stream, {in.rows});
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
      lowering_.stream.Append(drain, {out.y, in.add});
    }
  }

  void Lower(const ops::ScatterColumns& op, const In<ops::ScatterColumns>& in,
             const Out<ops::ScatterColumns>& out) {
    // rows[row][f] = sum over tokens of x[f][t] where token t uses the row
    if (op.accumulate) Refuse("a word table of one core");
    const Rows of = RowsOf(out.rows, {in.x});
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
      lowering_.stream.Append(load, {in.x});
      isa::Stream stream = OfRows(of, in.slot, half);
      stream.direction = isa::Direction::kToken;
      stream.y = RowWalk(of, group);
      lowering_.stream.Append(stream, {out.rows});
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
