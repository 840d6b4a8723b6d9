#include "cpu/executor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

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

// A contraction's loops at T columns.
ContractPlan Bind(const Op& op, int64_t tokens) {
  std::vector<ContractLoop> loops;
  for (const Loop& loop : op.loops) {
    loops.push_back({loop.extent.At(tokens), loop.a.At(tokens), loop.b.At(tokens),
                     loop.c.At(tokens), loop.start.At(tokens)});
  }
  ContractOptions options;
  options.scale = static_cast<float>(op.scale);
  if (op.accumulate) options.start = ContractStart::kAccumulate;
  if (op.in.size() > 2) options.start = ContractStart::kOperand;
  return PlanContract(loops, options);
}

// Every number of columns that a step can have, in the order of Executor::bound_.
std::vector<int> ColumnCounts(const Graph& graph, int column_group) {
  std::vector<int> counts;
  for (int columns = column_group; columns < graph.tokens; columns += column_group) {
    counts.push_back(columns);
  }
  counts.push_back(graph.tokens);
  return counts;
}

struct Shape {
  int64_t rows = 1, columns = 1;
  int64_t count() const { return rows * columns; }
};

Shape ShapeOf(const Tensor& tensor, int64_t tokens) {
  Shape shape{1, tensor.shape.back().At(tokens)};
  for (size_t i = 0; i + 1 < tensor.shape.size(); ++i) shape.rows *= tensor.shape[i].At(tokens);
  return shape;
}

// A list of contractions that add to slices of c, where entries may share a slice: these are summed
// before c is read and written. In each slice the sums keep the order of the entries.
template <class OffsetA, class OffsetB>
void RunByResult(const ContractPlan& plan, const float* a, const float* b, int entries,
                 int64_t scratch_bytes, float* scratch, const OffsetA& offset_a,
                 const OffsetB& offset_b, const int32_t* slices, int64_t slice_stride, float* c) {
  constexpr int64_t kMaxTerms = 32;
  std::array<int64_t, kMaxTerms> a_terms{}, b_terms{};
  int64_t most = kMaxTerms;
  if (plan.scratch_floats != 0) {
    most = std::min(most, scratch_bytes / int64_t{sizeof(float)} / plan.scratch_floats);
  }
  for (int first = 0; first < entries; ++first) {
    const int32_t slice = slices[first];
    if (std::find(slices, slices + first, slice) != slices + first) continue;
    size_t count = 0;
    const auto run = [&] {
      if (count == 0) return;
      RunContractTerms(plan, a, b, std::span(a_terms).first(count), std::span(b_terms).first(count),
                       c + slice * slice_stride, scratch);
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

}  // namespace

struct Executor::Bound {
  std::vector<ContractPlan> contractions;  // in the order of the graph's contractions
};

int64_t ScratchBytes(const Graph& graph, int column_group) {
  int64_t floats = 0;
  for (const int columns : ColumnCounts(graph, column_group)) {
    for (const Op& op : graph.ops) {
      if (op.kind == OpKind::kContract) {
        floats = std::max(floats, Bind(op, columns).scratch_floats);
      }
    }
  }
  return floats * static_cast<int64_t>(sizeof(float));
}

Executor::Executor(Graph graph, int column_group)
    : graph_(std::move(graph)), plan_(PlanArena(graph_)), column_group_(column_group) {
  const std::vector<std::string> faults = CheckArena(graph_, plan_);
  if (!faults.empty()) {
    std::fprintf(stderr, "memory plan refuted: %s\n", faults.front().c_str());
    std::abort();
  }
  int32_t contractions = 0;
  for (const Op& op : graph_.ops) {
    contraction_.push_back(contractions);
    contractions += op.kind == OpKind::kContract ? 1 : 0;
  }
  for (const int columns : ColumnCounts(graph_, column_group)) {
    Bound& bound = bound_.emplace_back();
    for (const Op& op : graph_.ops) {
      if (op.kind != OpKind::kContract) continue;
      bound.contractions.push_back(Bind(op, columns));
      scratch_bytes_ = std::max(scratch_bytes_,
                                bound.contractions.back().scratch_floats * int64_t{sizeof(float)});
    }
    bound.contractions.shrink_to_fit();
  }
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
  const ContractPlan* const contractions =
      bound_[static_cast<size_t>((tokens - 1) / column_group_)].contractions.data();
  const auto at = [&](TensorId id) {
    return reinterpret_cast<float*>(arena_ + plan_.blocks[static_cast<size_t>(id)].offset);
  };
  const auto integers = [&](TensorId id) { return reinterpret_cast<const int32_t*>(at(id)); };

  for (int i = begin; i < end; ++i) {
    const Op& op = graph_.ops[static_cast<size_t>(i)];
    const auto in = [&](size_t n) -> const float* { return at(op.in[n]); };
    const auto optional_in = [&](size_t n) -> const float* {
      return op.in.size() > n ? at(op.in[n]) : nullptr;
    };
    const auto shape_in = [&](size_t n) { return ShapeOf(graph_.At(op.in[n]), tokens); };
    float* y = at(op.out[0]);
    const Shape shape = ShapeOf(graph_.At(op.out[0]), tokens);
    const float rate = static_cast<float>(op.scale * inputs.learning_rate);

    switch (op.kind) {
      case OpKind::kContract: {
        const ContractPlan& plan = contractions[contraction_[static_cast<size_t>(i)]];
        const Gather& gather = op.gather;
        if (gather.list < 0) {
          RunContract(plan, in(0), in(1), optional_in(2), y, scratch_);
          break;
        }
        const auto slice = [&](TensorId table, int entry, Size stride) {
          return (table == kNoTensor ? entry : integers(table)[entry]) * stride.At(tokens);
        };
        const int entries = inputs.list_sizes[static_cast<size_t>(gather.list)];
        if (op.accumulate && gather.c_table != kNoTensor && plan.TakesTerms()) {
          RunByResult(
              plan, in(0), in(1), entries, scratch_bytes_, scratch_,
              [&](int entry) { return slice(gather.a_table, entry, gather.a_stride); },
              [&](int entry) { return slice(gather.b_table, entry, gather.b_stride); },
              integers(gather.c_table), gather.c_stride.At(tokens), y);
          break;
        }
        for (int entry = 0; entry < entries; ++entry) {
          RunContract(plan, in(0) + slice(gather.a_table, entry, gather.a_stride),
                      in(1) + slice(gather.b_table, entry, gather.b_stride), nullptr,
                      y + slice(gather.c_table, entry, gather.c_stride), scratch_);
        }
        break;
      }
      case OpKind::kAdd:
        Add(in(0), in(1), shape.count(), y);
        break;
      case OpKind::kGelu:
        Gelu(in(0), shape.count(), y);
        break;
      case OpKind::kGeluGrad:
        GeluGrad(in(1), in(0), shape.count(), y);
        break;
      case OpKind::kTanh:
        Tanh(in(0), shape.count(), y);
        break;
      case OpKind::kTanhGrad:
        TanhGrad(in(1), in(0), shape.count(), y);
        break;
      case OpKind::kDropout:
        Dropout(MaskOf(op, inputs), in(0), shape.rows, shape.columns, y);
        break;
      case OpKind::kDropoutAdd:
        DropoutAdd(MaskOf(op, inputs), in(0), in(1), shape.rows, shape.columns, y);
        break;
      case OpKind::kFill:
        Fill(0,
             op.list < 0 ? shape.count()
                         : inputs.list_sizes[static_cast<size_t>(op.list)] * shape.columns,
             y);
        break;
      case OpKind::kTakeColumn: {
        const int64_t stride = shape_in(0).columns;
        for (int64_t f = 0; f < shape.rows; ++f) y[f] = in(0)[f * stride];
        break;
      }
      case OpKind::kAddColumn: {
        const float* x = in(0);
        for (int64_t f = 0; f < shape.rows; ++f) y[f * shape.columns] += x[f];
        break;
      }
      case OpKind::kAddColumns: {
        const float* x = in(0);
        const int64_t columns = shape_in(0).columns;
        for (int64_t f = 0; f < shape.rows; ++f) {
          for (int64_t t = 0; t < columns; ++t) y[f * shape.columns + t] += x[f * columns + t];
        }
        break;
      }
      case OpKind::kMoments: {
        const Shape x = shape_in(0);
        Moments(in(0), x.rows, x.columns, static_cast<float>(op.epsilon), y, y + x.columns);
        break;
      }
      case OpKind::kNormalize:
        Normalize(in(0), in(1), in(1) + shape.columns, optional_in(2), optional_in(3), shape.rows,
                  shape.columns, y);
        break;
      case OpKind::kNormalizeGradSums: {
        const Shape x = shape_in(0);
        NormalizeGradSums(in(1), in(2), in(2) + x.columns, optional_in(3), in(0), x.rows, x.columns,
                          y, y + x.columns);
        break;
      }
      case OpKind::kNormalizeGradAffine: {
        const Shape x = shape_in(0);
        NormalizeGradAffine(in(1), in(2), in(2) + x.columns, in(0), x.rows, x.columns,
                            op.accumulate, y, at(op.out[1]));
        break;
      }
      case OpKind::kNormalizeGrad:
        NormalizeGrad(in(1), in(2), in(2) + shape.columns, optional_in(4), in(0), in(3),
                      in(3) + shape.columns, shape.rows, shape.columns, y);
        break;
      case OpKind::kSoftmax:
      case OpKind::kSoftmaxGrad: {
        const int64_t heads = shape.rows / tokens;
        if (op.kind == OpKind::kSoftmax) {
          Softmax(in(0), heads, tokens, tokens, inputs.valid, y);
        } else {
          SoftmaxGrad(in(1), in(0), heads, tokens, tokens, inputs.valid, y);
        }
        break;
      }
      case OpKind::kCrossEntropy: {
        const auto weight = inputs.loss_weights[static_cast<size_t>(op.loss)];
        CrossEntropy(in(0), integers(op.in[1]), shape.rows, shape.columns,
                     static_cast<float>(weight), static_cast<float>(op.smoothing), at(op.out[1]),
                     y);
        break;
      }
      case OpKind::kRowSum: {
        const Shape x = shape_in(0);
        RowSum(in(0), x.rows, x.columns, op.accumulate, y);
        break;
      }
      case OpKind::kGatherColumns:
        GatherColumns(in(0), integers(op.in[1]), in(2), shape_in(2).columns, shape.rows,
                      shape.columns, y);
        break;
      case OpKind::kScatterColumns: {
        const Shape x = shape_in(0);
        const int32_t* slot = integers(op.in[1]);
        if (!op.accumulate) {
          ScatterColumns(in(0), x.columns, slot, x.rows, inputs.valid,
                         inputs.list_sizes[static_cast<size_t>(op.list)], y);
          break;
        }
        for (int64_t t = 0; t < inputs.valid; ++t) {
          for (int64_t f = 0; f < x.rows; ++f) {
            y[slot[t] * x.rows + f] += in(0)[f * x.columns + t];
          }
        }
        break;
      }
      case OpKind::kDescend:
        Scale(-rate, shape.count(), y);
        break;  // always in place
      case OpKind::kSumSquares:
        y[0] =
            static_cast<float>((op.accumulate ? y[0] : 0) + SumSquares(in(0), shape_in(0).count()));
        break;
      case OpKind::kClip:
        if (const float norm = std::sqrt(in(1)[0]); norm > op.clip) {
          Scale(static_cast<float>(op.clip) / norm, shape.count(), y);
        }
        break;
      case OpKind::kSgd:
      case OpKind::kMomentum:
      case OpKind::kAdamW: {
        if (op.kind == OpKind::kAdamW) {
          const auto n = static_cast<double>(inputs.update);
          AdamW(in(0), shape.count(),
                {.rate = rate,
                 .beta1 = static_cast<float>(op.momentum),
                 .beta2 = static_cast<float>(op.beta2),
                 .epsilon = static_cast<float>(op.epsilon),
                 .weight_decay = static_cast<float>(op.decay),
                 .correction1 = static_cast<float>(1 - std::pow(op.momentum, n)),
                 .correction2 = static_cast<float>(1 - std::pow(op.beta2, n))},
                at(op.out[1]), at(op.out[2]), y);
          break;
        }
        if (op.decay > 0) Scale(1 - rate * static_cast<float>(op.decay), shape.count(), y);
        if (op.kind == OpKind::kSgd) {
          Sgd(in(0), shape.count(), rate, y);
        } else {
          Momentum(in(0), shape.count(), rate, static_cast<float>(op.momentum), at(op.out[1]), y);
        }
        break;
      }
    }
#ifdef BITTERN_POISON
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
