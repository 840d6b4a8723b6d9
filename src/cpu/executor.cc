// SPDX-License-Identifier: Apache-2.0
#include "cpu/executor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.h"
#include "cpu/dropout.h"
#include "cpu/kernels/contract.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/normalize.h"
#include "cpu/kernels/softmax.h"
#include "cpu/kernels/update.h"
#include "graph/arena_checker.h"
#include "tensor/shape.h"

namespace bittern {
namespace {

static_assert(kMaxContractLoops >= kMaxCores + 1);

// The kernel of a contraction at T columns. A start operand, an accumulated result and a plain one
// are different kernels.
ContractPlan Bind(const Op& op, int64_t tokens) {
  const auto& contract = *op.As<ops::Contract>();
  ContractOptions options;
  options.scale = static_cast<float>(contract.scale);
  if (contract.accumulate) options.start = ContractStart::kAccumulate;
  if (op.Inputs<ops::Contract>().start != kNoTensor) options.start = ContractStart::kOperand;
  return PlanContract(AtTokens(contract.loops, tokens), options);
}

// Every number of columns that a step can have, in the order of Executor::bound_: the multiples of
// column_group, and graph.tokens, which need not be one.
std::vector<int> ColumnCounts(const Graph& graph, int column_group) {
  std::vector<int> counts;
  for (int columns = column_group; columns < graph.tokens; columns += column_group) {
    counts.push_back(columns);
  }
  counts.push_back(graph.tokens);
  return counts;
}

// A tensor as [rows][columns]: its last axis is the columns, the axes before it are joined.
struct Shape {
  int64_t rows = 1, columns = 1;
  int64_t count() const { return rows * columns; }
};

Shape ShapeOf(const Tensor& tensor, int64_t tokens) {
  Shape shape{1, tensor.shape.back().At(tokens)};
  for (size_t i = 0; i + 1 < tensor.shape.size(); ++i) shape.rows *= tensor.shape[i].At(tokens);
  return shape;
}

// A tensor of the arena as operand: its first element, and its shape at the T of the run.
struct Input {
  const std::byte* bytes = nullptr;  // nullptr: an optional operand that is not given
  const Tensor* tensor = nullptr;
  int64_t tokens = 0;

  // Implicit, so that an operand can be passed to a kernel like the array that it is.
  // NOLINTNEXTLINE(google-explicit-constructor): kernels take the numbers
  operator const float*() const { return reinterpret_cast<const float*>(bytes); }
  const int32_t* integers() const { return reinterpret_cast<const int32_t*>(bytes); }
  Shape shape() const { return ShapeOf(*tensor, tokens); }
};
// The same as result.
struct Output {
  std::byte* bytes = nullptr;
  const Tensor* tensor = nullptr;
  int64_t tokens = 0;

  // NOLINTNEXTLINE(google-explicit-constructor)
  operator float*() const { return reinterpret_cast<float*>(bytes); }
  Shape shape() const { return ShapeOf(*tensor, tokens); }
};

template <class O>
using In = InputsOf<O, Input>;
template <class O>
using Out = OutputsOf<O, Output>;

// Runs operations, one overload for each. An operation without one does not compile.
class Runner {
 public:
  Runner(const StepInputs& inputs, std::span<float> scratch) : inputs_(inputs), scratch_(scratch) {}

  // c[...] (=, +=) scale * sum a[...] b[...] (+ start[...]), once or for every entry of a list.
  void Run(const ops::Contract& op, const In<ops::Contract>& in, const Out<ops::Contract>& out,
           const ContractPlan& plan) const {
    const Gather& gather = op.gather;
    if (gather.list < 0) {
      RunContract(plan, in.a, in.b, in.start, out.c, scratch_.data());
      return;
    }
    // The first element of the slice that entry `entry` takes of an operand.
    const auto slice = [&](const Input& table, int entry, Size stride) {
      return (table.bytes == nullptr ? entry : table.integers()[entry]) * stride.At(tokens());
    };
    const auto slice_of_a = [&](int entry) { return slice(in.a_table, entry, gather.a_stride); };
    const auto slice_of_b = [&](int entry) { return slice(in.b_table, entry, gather.b_stride); };
    const int entries = ListSize(gather.list);
    if (op.accumulate && in.c_table.bytes != nullptr && plan.TakesTerms()) {
      RunByResult(plan, in, entries, slice_of_a, slice_of_b, gather.c_stride.At(tokens()), out.c);
      return;
    }
    for (int entry = 0; entry < entries; ++entry) {
      RunContract(plan, in.a + slice_of_a(entry), in.b + slice_of_b(entry), nullptr,
                  out.c + slice(in.c_table, entry, gather.c_stride), scratch_.data());
    }
  }

  // Elementwise: all operands and results are [F][T], so only the number of elements counts.
  void Run(const ops::Add&, const In<ops::Add>& in, const Out<ops::Add>& out) const {
    Add(in.a, in.b, out.y.shape().count(), out.y);
  }
  void Run(const ops::Gelu&, const In<ops::Gelu>& in, const Out<ops::Gelu>& out) const {
    Gelu(in.x, out.y.shape().count(), out.y);
  }
  void Run(const ops::GeluGrad&, const In<ops::GeluGrad>& in, const Out<ops::GeluGrad>& out) const {
    GeluGrad(in.x, in.dy, out.dx.shape().count(), out.dx);
  }
  void Run(const ops::Tanh&, const In<ops::Tanh>& in, const Out<ops::Tanh>& out) const {
    Tanh(in.x, out.y.shape().count(), out.y);
  }
  void Run(const ops::TanhGrad&, const In<ops::TanhGrad>& in, const Out<ops::TanhGrad>& out) const {
    TanhGrad(in.y, in.dy, out.dx.shape().count(), out.dx);
  }
  void Run(const ops::Relu&, const In<ops::Relu>& in, const Out<ops::Relu>& out) const {
    Relu(in.x, out.y.shape().count(), out.y);
  }
  void Run(const ops::ReluGrad&, const In<ops::ReluGrad>& in, const Out<ops::ReluGrad>& out) const {
    ReluGrad(in.y, in.dy, out.dx.shape().count(), out.dx);
  }
  // The mask depends on feature and token, so these two need both extents of [F][T].
  void Run(const ops::Dropout& op, const In<ops::Dropout>& in, const Out<ops::Dropout>& out) const {
    const auto [features, tokens] = out.y.shape();
    Dropout(MaskOf(op.dropout, inputs_), in.x, features, tokens, out.y);
  }
  void Run(const ops::DropoutAdd& op, const In<ops::DropoutAdd>& in,
           const Out<ops::DropoutAdd>& out) const {
    const auto [features, tokens] = out.y.shape();
    DropoutAdd(MaskOf(op.dropout, inputs_), in.residual, in.x, features, tokens, out.y);
  }

  // y: [F][T], or [rows][...] of which a list says how many rows are in use.
  void Run(const ops::Fill& op, const In<ops::Fill>&, const Out<ops::Fill>& out) const {
    const Shape y = out.y.shape();
    Fill(0, op.list < 0 ? y.count() : ListSize(op.list) * y.columns, out.y);
  }
  // Columns are strided in memory, so these three are plain loops. They are short: one column, or
  // the positions' gradient.
  void Run(const ops::TakeColumn&, const In<ops::TakeColumn>& in,
           const Out<ops::TakeColumn>& out) const {
    const float* x = in.x;
    float* y = out.y;
    const auto [features, columns] = in.x.shape();
    for (int64_t f = 0; f < features; ++f) y[f] = x[f * columns];
  }
  void Run(const ops::AddColumn&, const In<ops::AddColumn>& in,
           const Out<ops::AddColumn>& out) const {
    const float* x = in.x;
    float* y = out.y;
    const auto [features, columns] = out.y.shape();
    for (int64_t f = 0; f < features; ++f) y[f * columns] += x[f];
  }
  void Run(const ops::AddColumns&, const In<ops::AddColumns>& in,
           const Out<ops::AddColumns>& out) const {
    const float* x = in.x;
    float* y = out.y;
    const int64_t columns = in.x.shape().columns;
    const Shape all = out.y.shape();
    for (int64_t f = 0; f < all.rows; ++f) {
      for (int64_t t = 0; t < columns; ++t) y[f * all.columns + t] += x[f * columns + t];
    }
  }

  // moments and sums are [2][T]: the second row begins T floats after the first.
  void Run(const ops::Moments& op, const In<ops::Moments>& in, const Out<ops::Moments>& out) const {
    const auto [features, tokens] = in.x.shape();
    Moments(in.x, features, tokens, static_cast<float>(op.epsilon), out.moments,
            out.moments + tokens);
  }
  void Run(const ops::Normalize&, const In<ops::Normalize>& in,
           const Out<ops::Normalize>& out) const {
    const auto [features, tokens] = out.y.shape();
    Normalize(in.x, in.moments, in.moments + tokens, in.gain, in.shift, features, tokens, out.y);
  }
  void Run(const ops::NormalizeGradSums&, const In<ops::NormalizeGradSums>& in,
           const Out<ops::NormalizeGradSums>& out) const {
    const auto [features, tokens] = in.dy.shape();
    NormalizeGradSums(in.x, in.moments, in.moments + tokens, in.gain, in.dy, features, tokens,
                      out.sums, out.sums + tokens);
  }
  void Run(const ops::NormalizeGradAffine& op, const In<ops::NormalizeGradAffine>& in,
           const Out<ops::NormalizeGradAffine>& out) const {
    const auto [features, tokens] = in.dy.shape();
    NormalizeGradAffine(in.x, in.moments, in.moments + tokens, in.dy, features, tokens,
                        op.accumulate, out.d_gain, out.d_shift);
  }
  void Run(const ops::NormalizeGrad&, const In<ops::NormalizeGrad>& in,
           const Out<ops::NormalizeGrad>& out) const {
    const auto [features, tokens] = out.dx.shape();
    NormalizeGrad(in.x, in.moments, in.moments + tokens, in.gain, in.dy, in.sums, in.sums + tokens,
                  features, tokens, out.dx);
  }

  // [head][key][query]: the rows are heads * keys, and keys = queries = T.
  void Run(const ops::Softmax& op, const In<ops::Softmax>& in, const Out<ops::Softmax>& out) const {
    BITTERN_CHECK(op.scale == 1);
    const int64_t heads = out.p.shape().rows / tokens();
    const auto softmax = op.causal ? CausalSoftmax : Softmax;
    softmax(in.scores, heads, tokens(), tokens(), inputs_.valid, out.p);
  }
  void Run(const ops::SoftmaxGrad& op, const In<ops::SoftmaxGrad>& in,
           const Out<ops::SoftmaxGrad>& out) const {
    BITTERN_CHECK(op.scale == 1);
    const int64_t heads = out.d_scores.shape().rows / tokens();
    const auto softmax_grad = op.causal ? CausalSoftmaxGrad : SoftmaxGrad;
    softmax_grad(in.p, in.dp, heads, tokens(), tokens(), inputs_.valid, out.d_scores);
  }
  // logits, d_logits: [C][T]; labels, losses: [T].
  void Run(const ops::CrossEntropy& op, const In<ops::CrossEntropy>& in,
           const Out<ops::CrossEntropy>& out) const {
    const auto [classes, columns] = out.d_logits.shape();
    const double weight = inputs_.loss_weights[static_cast<size_t>(op.loss)];
    CrossEntropy(in.logits, in.labels.integers(), classes, columns, static_cast<float>(weight),
                 static_cast<float>(op.smoothing), out.losses, out.d_logits);
  }

  // x: [F][T], y: [F].
  void Run(const ops::RowSum& op, const In<ops::RowSum>& in, const Out<ops::RowSum>& out) const {
    BITTERN_CHECK(!op.rate_factor);
    const auto [features, tokens] = in.x.shape();
    RowSum(in.x, features, tokens, op.accumulate, out.y);
  }
  // rows: [slot][F], slot: [T], y: [F][T]. `add` has its own stride: positions are stored for
  // all tokens of the model.
  void Run(const ops::GatherColumns&, const In<ops::GatherColumns>& in,
           const Out<ops::GatherColumns>& out) const {
    const auto [features, tokens] = out.y.shape();
    GatherColumns(in.rows, in.slot.integers(), in.add, in.add.shape().columns, features, tokens,
                  out.y);
  }
  // x: [F][T], slot: [T], rows: [slot][F].
  void Run(const ops::ScatterColumns& op, const In<ops::ScatterColumns>& in,
           const Out<ops::ScatterColumns>& out) const {
    const auto [features, columns] = in.x.shape();
    const int32_t* slot = in.slot.integers();
    if (!op.accumulate) {
      ScatterColumns(in.x, columns, slot, features, inputs_.valid, ListSize(op.list), out.rows);
      return;
    }
    // A dense table: its rows are not zeroed, and columns of padding are left out.
    const float* x = in.x;
    float* rows = out.rows;
    for (int64_t t = 0; t < inputs_.valid; ++t) {
      for (int64_t f = 0; f < features; ++f) rows[slot[t] * features + f] += x[f * columns + t];
    }
  }

  // The optimizer's operations see tensors as flat lists of elements.
  void Run(const ops::ScaleByRate& op, const In<ops::ScaleByRate>& in,
           const Out<ops::ScaleByRate>& out) const {
    BITTERN_CHECK(in.x.bytes == out.y.bytes);  // only the accelerator's rewriting makes a copy
    Scale(-static_cast<float>(op.rate_factor * inputs_.learning_rate), out.y.shape().count(),
          out.y);
  }
  void Run(const ops::SumSquares& op, const In<ops::SumSquares>& in,
           const Out<ops::SumSquares>& out) const {
    // The sum itself is in double; only the total is rounded.
    float* squares = out.squares;
    squares[0] = static_cast<float>((op.accumulate ? squares[0] : 0) +
                                    SumSquares(in.x, in.x.shape().count()));
  }
  void Run(const ops::Clip& op, const In<ops::Clip>& in, const Out<ops::Clip>& out) const {
    BITTERN_CHECK(in.x.bytes == out.y.bytes);
    // Gradients below the limit stay as they are, bit for bit.
    const float* squares = in.squares;
    if (const float norm = std::sqrt(squares[0]); norm > op.clip) {
      Scale(static_cast<float>(op.clip) / norm, out.y.shape().count(), out.y);
    }
  }
  // Every update of a parameter has an overload of UpdateParameter (kernels/update.h).
  template <class O>
  requires requires(Out<O> out) { out.parameter; }
  void Run(const O& op, const In<O>& in, const Out<O>& out) const {
    UpdateParameter(op,
                    {.count = out.parameter.shape().count(),
                     .learning_rate = inputs_.learning_rate,
                     .update = inputs_.update},
                    ConvertOperands<InputsOf<O, const float*>, const float*, Input>(in),
                    ConvertOperands<OutputsOf<O, float*>, float*, Output>(out));
  }

 private:
  int64_t tokens() const { return inputs_.tokens; }
  int ListSize(int list) const { return inputs_.list_sizes[static_cast<size_t>(list)]; }

  // A list of contractions that add to slices of c, where entries may share a slice: these are
  // summed before c is read and written. In each slice the sums keep the order of the entries.
  template <class OffsetA, class OffsetB>
  void RunByResult(const ContractPlan& plan, const In<ops::Contract>& in, int entries,
                   const OffsetA& offset_a, const OffsetB& offset_b, int64_t slice_stride,
                   float* c) const {
    constexpr int64_t kMaxTerms = 32;
    std::array<int64_t, kMaxTerms> a_terms{}, b_terms{};
    // Every term needs separate scratch memory.
    int64_t most = kMaxTerms;
    if (plan.scratch_floats != 0) {
      most = std::min(most, std::ssize(scratch_) / plan.scratch_floats);
    }
    const int32_t* slices = in.c_table.integers();
    for (int first = 0; first < entries; ++first) {
      const int32_t slice = slices[first];
      if (std::find(slices, slices + first, slice) != slices + first) continue;  // is done
      size_t count = 0;
      const auto run = [&] {
        if (count == 0) return;
        RunContractTerms(plan, in.a, in.b, std::span(a_terms).first(count),
                         std::span(b_terms).first(count), c + slice * slice_stride,
                         scratch_.data());
        count = 0;
      };
      for (int entry = first; entry < entries; ++entry) {
        if (slices[entry] != slice) continue;
        a_terms[count] = offset_a(entry);
        b_terms[count] = offset_b(entry);
        if (static_cast<int64_t>(++count) == most) run();
      }
      run();
    }
  }

  const StepInputs& inputs_;
  const std::span<float> scratch_;
};

}  // namespace

// Plans differ between numbers of columns, because strides and the best tiles do.
struct Executor::Bound {
  std::vector<ContractPlan> contractions;  // in the order of the graph's contractions
};

int64_t ScratchBytes(const Graph& graph, int column_group) {
  int64_t floats = 0;
  for (const int columns : ColumnCounts(graph, column_group)) {
    for (const Op& op : graph.ops) {
      if (op.Is<ops::Contract>()) {
        floats = std::max(floats, Bind(op, columns).scratch_floats);
      }
    }
  }
  return floats * static_cast<int64_t>(sizeof(float));
}

Executor::Executor(Graph graph, int column_group)
    : graph_(std::move(graph)), plan_(PlanArena(graph_)), column_group_(column_group) {
  // A wrong plan would corrupt numbers silently, so every plan is proved, in every build.
  const std::vector<std::string> faults = CheckArena(graph_, plan_);
  if (!faults.empty()) {
    std::fprintf(stderr, "memory plan refuted: %s\n", faults.front().c_str());
    std::abort();
  }
  int32_t contractions = 0;
  for (const Op& op : graph_.ops) {
    contraction_.push_back(contractions);
    contractions += op.Is<ops::Contract>() ? 1 : 0;
  }
  for (const int columns : ColumnCounts(graph_, column_group)) {
    Bound& bound = bound_.emplace_back();
    for (const Op& op : graph_.ops) {
      if (!op.Is<ops::Contract>()) continue;
      bound.contractions.push_back(Bind(op, columns));
      scratch_bytes_ = std::max(scratch_bytes_,
                                bound.contractions.back().scratch_floats * int64_t{sizeof(float)});
    }
    bound.contractions.shrink_to_fit();
  }
  // One allocation holds the arena, followed by the scratch of the contraction that takes most.
  const auto bytes = static_cast<size_t>(arena_bytes() + kArenaAlignment);
  memory_ = std::make_unique<std::byte[]>(bytes);  // zeroed
  void* start = memory_.get();
  size_t space = bytes;
  arena_ = static_cast<std::byte*>(
      std::align(kArenaAlignment, static_cast<size_t>(arena_bytes()), start, space));
  scratch_ = reinterpret_cast<float*>(arena_ + plan_.peak_bytes);
}

Executor::~Executor() = default;

std::span<float> Executor::Values(TensorId id) {
  return {reinterpret_cast<float*>(arena_ + plan_.blocks[static_cast<size_t>(id)].offset),
          static_cast<size_t>(graph_.At(id).Elements(graph_.tokens))};
}

std::span<int32_t> Executor::Integers(TensorId id) {
  return {reinterpret_cast<int32_t*>(arena_ + plan_.blocks[static_cast<size_t>(id)].offset),
          static_cast<size_t>(graph_.At(id).Elements(graph_.tokens))};
}

void Executor::Run(const StepInputs& inputs) { RunOps(inputs, 0, graph_.update_begin); }

void Executor::RunUpdates(const StepInputs& inputs) {
  RunOps(inputs, graph_.update_begin, static_cast<int>(graph_.ops.size()));
}

void Executor::RunOps(const StepInputs& inputs, int begin, int end) {
  const int64_t tokens = inputs.tokens;
  BITTERN_CHECK(tokens > 0 && tokens <= graph_.tokens &&
                (tokens % column_group_ == 0 || tokens == graph_.tokens));
  // The plans for this number of columns; a number that is no multiple of the group is the last.
  const ContractPlan* const contractions =
      bound_[static_cast<size_t>((tokens - 1) / column_group_)].contractions.data();
  const auto bytes = [&](TensorId id) {
    return arena_ + plan_.blocks[static_cast<size_t>(id)].offset;
  };
  const auto input = [&](TensorId id) {
    return id == kNoTensor ? Input{} : Input{bytes(id), &graph_.At(id), tokens};
  };
  const auto output = [&](TensorId id) { return Output{bytes(id), &graph_.At(id), tokens}; };
  const Runner runner(inputs, {scratch_, static_cast<size_t>(scratch_bytes_) / sizeof(float)});

  // Operands become pointers by name; nothing here allocates.
  for (int i = begin; i < end; ++i) {
    const Op& op = graph_.ops[static_cast<size_t>(i)];
    std::visit(
        [&]<class O>(const O& operation) {
          const auto in = NamedOperands<In<O>, Input>(op.in, input);
          const auto out = NamedOperands<Out<O>, Output>(op.out, output);
          if constexpr (std::is_same_v<O, ops::Contract>) {
            runner.Run(operation, in, out, contractions[contraction_[static_cast<size_t>(i)]]);
          } else {
            runner.Run(operation, in, out);
          }
        },
        op.operation);
#ifdef BITTERN_POISON
    // A later read of a tensor whose life has ended meets NaN instead of a plausible number.
    for (size_t id = 0; id < graph_.tensors.size(); ++id) {
      const Block& block = plan_.blocks[id];
      if (block.life.last == i && !graph_.tensors[id].persistent) {
        std::memset(arena_ + block.offset, 0xFF, static_cast<size_t>(block.bytes));  // NaN
      }
    }
#endif
  }
}

}  // namespace bittern
