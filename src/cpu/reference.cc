// SPDX-License-Identifier: Apache-2.0
#include "cpu/reference.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <variant>

#include "cpu/dropout.h"

namespace bittern {
namespace {

const double kGeluScale = std::sqrt(2 / std::numbers::pi);

double Gelu(double x) { return 0.5 * x * (1 + std::tanh(kGeluScale * (x + 0.044715 * x * x * x))); }

double GeluDerivative(double x) {
  const double t = std::tanh(kGeluScale * (x + 0.044715 * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kGeluScale * (1 + 3 * 0.044715 * x * x);
}

// A tensor as operand or result; the number of its columns is that of the run.
struct Operand64 {
  double* values = nullptr;  // nullptr: an optional operand that is not given
  const int32_t* integers = nullptr;
  const Tensor* tensor = nullptr;
  int64_t tokens = 0;

  double& operator[](int64_t i) const { return values[i]; }
  int64_t count() const { return tensor->Elements(tokens); }
  int64_t columns() const { return tensor->shape.back().At(tokens); }
  int64_t rows() const { return columns() == 0 ? 0 : count() / columns(); }
};

template <class O>
using In = InputsOf<O, Operand64>;
template <class O>
using Out = OutputsOf<O, Operand64>;

// One overload for each operation. An operation without one does not compile.
class Definitions {
 public:
  explicit Definitions(const StepInputs& inputs) : inputs_(inputs) {}

  // First the start of every result, then one product after the other.
  void Run(const ops::Contract& op, const In<ops::Contract>& in,
           const Out<ops::Contract>& out) const {
    const std::vector<StridedLoop<int64_t>> nest = AtTokens(op.loops, inputs_.tokens);
    // Runs the loops from `level` inwards and calls visit(a, b, c, start) with element offsets.
    const auto walk = [&](const auto& self, size_t level, int64_t a, int64_t b, int64_t c,
                          int64_t s, const auto& visit) -> void {
      if (level == nest.size()) return visit(a, b, c, s);
      const StridedLoop<int64_t>& loop = nest[level];
      for (int64_t i = 0; i < loop.extent; ++i) {
        self(self, level + 1, a + i * loop.a, b + i * loop.b, c + i * loop.c, s + i * loop.start,
             visit);
      }
    };
    // Without a table, entry j uses slice j; without a list there is one entry, at slice 0.
    const auto slice = [&](const Operand64& table, int64_t entry, Size stride) {
      return (table.integers == nullptr ? entry : table.integers[entry]) *
             stride.At(inputs_.tokens);
    };
    const Gather& gather = op.gather;
    const int64_t entries = gather.list < 0 ? 1 : ListSize(gather.list);
    for (int64_t entry = 0; entry < entries; ++entry) {
      const int64_t a0 = slice(in.a_table, entry, gather.a_stride);
      const int64_t b0 = slice(in.b_table, entry, gather.b_stride);
      const int64_t c0 = slice(in.c_table, entry, gather.c_stride);
      if (!op.accumulate) {
        walk(walk, 0, a0, b0, c0, 0, [&](int64_t, int64_t, int64_t c, int64_t s) {
          out.c[c] = in.start.values == nullptr ? 0 : in.start[s];
        });
      }
      walk(walk, 0, a0, b0, c0, 0, [&](int64_t a, int64_t b, int64_t c, int64_t) {
        out.c[c] += op.scale * in.a[a] * in.b[b];
      });
    }
  }

  // Elementwise, over [F][T].
  void Run(const ops::Add&, const In<ops::Add>& in, const Out<ops::Add>& out) const {
    for (int64_t i = 0; i < out.y.count(); ++i) out.y[i] = in.a[i] + in.b[i];
  }
  void Run(const ops::Gelu&, const In<ops::Gelu>& in, const Out<ops::Gelu>& out) const {
    for (int64_t i = 0; i < out.y.count(); ++i) out.y[i] = Gelu(in.x[i]);
  }
  void Run(const ops::GeluGrad&, const In<ops::GeluGrad>& in, const Out<ops::GeluGrad>& out) const {
    for (int64_t i = 0; i < out.dx.count(); ++i) out.dx[i] = in.dy[i] * GeluDerivative(in.x[i]);
  }
  void Run(const ops::Tanh&, const In<ops::Tanh>& in, const Out<ops::Tanh>& out) const {
    for (int64_t i = 0; i < out.y.count(); ++i) out.y[i] = std::tanh(in.x[i]);
  }
  void Run(const ops::TanhGrad&, const In<ops::TanhGrad>& in, const Out<ops::TanhGrad>& out) const {
    for (int64_t i = 0; i < out.dx.count(); ++i) out.dx[i] = in.dy[i] * (1 - in.y[i] * in.y[i]);
  }
  void Run(const ops::Relu&, const In<ops::Relu>& in, const Out<ops::Relu>& out) const {
    for (int64_t i = 0; i < out.y.count(); ++i) out.y[i] = std::max(in.x[i], 0.0);
  }
  void Run(const ops::ReluGrad&, const In<ops::ReluGrad>& in, const Out<ops::ReluGrad>& out) const {
    for (int64_t i = 0; i < out.dx.count(); ++i) out.dx[i] = in.y[i] > 0 ? in.dy[i] : 0;
  }
  void Run(const ops::Dropout& op, const In<ops::Dropout>& in, const Out<ops::Dropout>& out) const {
    Masked(op.dropout, in.x, out.y, [](int64_t) { return 0.0; });
  }
  void Run(const ops::DropoutAdd& op, const In<ops::DropoutAdd>& in,
           const Out<ops::DropoutAdd>& out) const {
    Masked(op.dropout, in.x, out.y, [&](int64_t i) { return in.residual[i]; });
  }

  // Columns: y[f] = x[f][0] and the like.
  void Run(const ops::Fill& op, const In<ops::Fill>&, const Out<ops::Fill>& out) const {
    const int64_t filled = op.list < 0 ? out.y.count() : ListSize(op.list) * out.y.columns();
    std::fill_n(out.y.values, filled, 0.0);
  }
  void Run(const ops::TakeColumn&, const In<ops::TakeColumn>& in,
           const Out<ops::TakeColumn>& out) const {
    for (int64_t f = 0; f < out.y.rows(); ++f) out.y[f] = in.x[f * in.x.columns()];
  }
  void Run(const ops::AddColumn&, const In<ops::AddColumn>& in,
           const Out<ops::AddColumn>& out) const {
    for (int64_t f = 0; f < out.y.rows(); ++f) out.y[f * out.y.columns()] += in.x[f];
  }
  void Run(const ops::AddColumns&, const In<ops::AddColumns>& in,
           const Out<ops::AddColumns>& out) const {
    const int64_t columns = in.x.columns(), stride = out.y.columns();
    for (int64_t f = 0; f < in.x.rows(); ++f) {
      for (int64_t t = 0; t < columns; ++t) out.y[f * stride + t] += in.x[f * columns + t];
    }
  }

  // Normalisation. moments and sums are [2][T]: element T + t is the second one of token t.
  void Run(const ops::Moments& op, const In<ops::Moments>& in, const Out<ops::Moments>& out) const {
    const int64_t rows = in.x.rows(), columns = in.x.columns();
    const auto features = static_cast<double>(rows);
    for (int64_t t = 0; t < columns; ++t) {
      double mean = 0, variance = 0;
      for (int64_t f = 0; f < rows; ++f) mean += in.x[f * columns + t] / features;
      for (int64_t f = 0; f < rows; ++f) {
        variance += std::pow(in.x[f * columns + t] - mean, 2) / features;
      }
      out.moments[t] = mean;
      out.moments[columns + t] = 1 / std::sqrt(variance + op.epsilon);
    }
  }
  void Run(const ops::Normalize&, const In<ops::Normalize>& in,
           const Out<ops::Normalize>& out) const {
    const bool affine = in.gain.values != nullptr;
    const int64_t columns = in.x.columns();
    for (int64_t f = 0; f < in.x.rows(); ++f) {
      for (int64_t t = 0; t < columns; ++t) {
        out.y[f * columns + t] = Normalized(in.x, in.moments, f, t) * (affine ? in.gain[f] : 1) +
                                 (affine ? in.shift[f] : 0);
      }
    }
  }
  void Run(const ops::NormalizeGradSums&, const In<ops::NormalizeGradSums>& in,
           const Out<ops::NormalizeGradSums>& out) const {
    const int64_t columns = in.dy.columns();
    for (int64_t t = 0; t < columns; ++t) {
      double sum = 0, with_xhat = 0;
      for (int64_t f = 0; f < in.dy.rows(); ++f) {
        const double g = WithGain(in.dy, in.gain, f, t);
        sum += g;
        with_xhat += g * Normalized(in.x, in.moments, f, t);
      }
      out.sums[t] = sum;
      out.sums[columns + t] = with_xhat;
    }
  }
  void Run(const ops::NormalizeGradAffine& op, const In<ops::NormalizeGradAffine>& in,
           const Out<ops::NormalizeGradAffine>& out) const {
    const int64_t columns = in.dy.columns();
    for (int64_t f = 0; f < in.dy.rows(); ++f) {
      double d_gain = op.accumulate ? out.d_gain[f] : 0;
      double d_shift = op.accumulate ? out.d_shift[f] : 0;
      for (int64_t t = 0; t < columns; ++t) {
        d_gain += in.dy[f * columns + t] * Normalized(in.x, in.moments, f, t);
        d_shift += in.dy[f * columns + t];
      }
      out.d_gain[f] = d_gain;
      out.d_shift[f] = d_shift;
    }
  }
  void Run(const ops::NormalizeGrad&, const In<ops::NormalizeGrad>& in,
           const Out<ops::NormalizeGrad>& out) const {
    const int64_t columns = in.dy.columns();
    const auto features = static_cast<double>(in.dy.rows());
    for (int64_t f = 0; f < in.dy.rows(); ++f) {
      for (int64_t t = 0; t < columns; ++t) {
        const double g = WithGain(in.dy, in.gain, f, t);
        const double xhat = Normalized(in.x, in.moments, f, t);
        out.dx[f * columns + t] =
            in.moments[columns + t] *
            (g - in.sums[t] / features - xhat * in.sums[columns + t] / features);
      }
    }
  }

  // scores, p: [head][key][query]. The largest score is subtracted so that exp cannot overflow.
  void Run(const ops::Softmax& op, const In<ops::Softmax>& in, const Out<ops::Softmax>& out) const {
    ForEachColumn(out.p, op.causal, [&](int64_t seen, const auto& at) {
      const auto score = [&](int64_t key) { return op.scale * in.scores[at(key)]; };
      double largest = -INFINITY, sum = 0;
      for (int64_t key = 0; key < seen; ++key) largest = std::max(largest, score(key));
      for (int64_t key = 0; key < seen; ++key) sum += std::exp(score(key) - largest);
      for (int64_t key = 0; key < inputs_.tokens; ++key) {
        out.p[at(key)] = key < seen ? std::exp(score(key) - largest) / sum : 0;
      }
    });
  }
  void Run(const ops::SoftmaxGrad& op, const In<ops::SoftmaxGrad>& in,
           const Out<ops::SoftmaxGrad>& out) const {
    ForEachColumn(out.d_scores, op.causal, [&](int64_t seen, const auto& at) {
      double sum = 0;
      for (int64_t key = 0; key < seen; ++key) sum += in.p[at(key)] * in.dp[at(key)];
      for (int64_t key = 0; key < inputs_.tokens; ++key) {
        out.d_scores[at(key)] = key < seen ? op.scale * in.p[at(key)] * (in.dp[at(key)] - sum) : 0;
      }
    });
  }

  // logits, d_logits: [C][T]; a label below 0 means that the token has no loss.
  void Run(const ops::CrossEntropy& op, const In<ops::CrossEntropy>& in,
           const Out<ops::CrossEntropy>& out) const {
    const int64_t classes = in.logits.rows(), columns = in.logits.columns();
    const double weight = inputs_.loss_weights[static_cast<size_t>(op.loss)];
    const double smooth = op.smoothing / static_cast<double>(classes);
    for (int64_t t = 0; t < columns; ++t) {
      const int32_t label = in.labels.integers[t];
      const auto logit = [&](int64_t c) { return in.logits[c * columns + t]; };
      double largest = -INFINITY, sum = 0, loss = 0;
      for (int64_t c = 0; c < classes; ++c) largest = std::max(largest, logit(c));
      for (int64_t c = 0; c < classes; ++c) sum += std::exp(logit(c) - largest);
      for (int64_t c = 0; c < classes; ++c) {
        const double log_p = logit(c) - largest - std::log(sum);
        const double target = smooth + (c == label ? 1 - op.smoothing : 0);
        loss -= target * log_p;
        out.d_logits[c * columns + t] = label < 0 ? 0 : weight * (std::exp(log_p) - target);
      }
      out.losses[t] = label < 0 ? 0 : weight * loss;
    }
  }

  // x: [F][T], y: [F].
  void Run(const ops::RowSum& op, const In<ops::RowSum>& in, const Out<ops::RowSum>& out) const {
    const int64_t columns = in.x.columns();
    const double factor = op.rate_factor ? -*op.rate_factor * inputs_.learning_rate : 1;
    for (int64_t f = 0; f < in.x.rows(); ++f) {
      double sum = op.accumulate ? out.y[f] : 0;
      for (int64_t t = 0; t < columns; ++t) sum += factor * in.x[f * columns + t];
      out.y[f] = sum;
    }
  }
  // rows: [slot][F], x and y: [F][T].
  void Run(const ops::GatherColumns&, const In<ops::GatherColumns>& in,
           const Out<ops::GatherColumns>& out) const {
    const int64_t rows = out.y.rows(), columns = out.y.columns(), stride = in.add.columns();
    for (int64_t f = 0; f < rows; ++f) {
      for (int64_t t = 0; t < columns; ++t) {
        out.y[f * columns + t] = in.rows[in.slot.integers[t] * rows + f] + in.add[f * stride + t];
      }
    }
  }
  void Run(const ops::ScatterColumns& op, const In<ops::ScatterColumns>& in,
           const Out<ops::ScatterColumns>& out) const {
    const int64_t rows = in.x.rows(), columns = in.x.columns();
    if (!op.accumulate) std::fill_n(out.rows.values, ListSize(op.list) * rows, 0.0);
    for (int64_t f = 0; f < rows; ++f) {
      for (int64_t t = 0; t < columns; ++t) {
        out.rows[in.slot.integers[t] * rows + f] += in.x[f * columns + t];
      }
    }
  }

  // Updates, element by element.
  void Run(const ops::ScaleByRate& op, const In<ops::ScaleByRate>& in,
           const Out<ops::ScaleByRate>& out) const {
    for (int64_t i = 0; i < out.y.count(); ++i) out.y[i] = -RateOf(op) * in.x[i];
  }
  void Run(const ops::SumSquares& op, const In<ops::SumSquares>& in,
           const Out<ops::SumSquares>& out) const {
    double sum = op.accumulate ? out.squares[0] : 0;
    for (int64_t i = 0; i < in.x.count(); ++i) sum += in.x[i] * in.x[i];
    out.squares[0] = sum;
  }
  void Run(const ops::Clip& op, const In<ops::Clip>& in, const Out<ops::Clip>& out) const {
    const double factor = std::min(1.0, op.clip / std::sqrt(in.squares[0]));
    for (int64_t i = 0; i < in.x.count(); ++i) out.y[i] = factor * in.x[i];
  }

  void Run(const ops::Sgd& op, const In<ops::Sgd>& in, const Out<ops::Sgd>& out) const {
    const double rate = RateOf(op);
    for (int64_t i = 0; i < in.gradient.count(); ++i) {
      out.parameter[i] -= rate * op.decay * out.parameter[i];
      out.parameter[i] -= rate * in.gradient[i];
    }
  }
  void Run(const ops::Momentum& op, const In<ops::Momentum>& in,
           const Out<ops::Momentum>& out) const {
    const double rate = RateOf(op);
    for (int64_t i = 0; i < in.gradient.count(); ++i) {
      double& velocity = out.velocity[i];
      velocity = op.momentum * velocity + in.gradient[i];
      out.parameter[i] -= rate * op.decay * out.parameter[i];
      out.parameter[i] -= rate * velocity;
    }
  }
  // m and v are the running means of the gradient and of its square; both start at 0, hence the
  // division by 1 - beta^n.
  void Run(const ops::AdamW& op, const In<ops::AdamW>& in, const Out<ops::AdamW>& out) const {
    const double rate = RateOf(op);
    const auto n = static_cast<double>(inputs_.update);
    for (int64_t i = 0; i < in.gradient.count(); ++i) {
      const double g = in.gradient[i];
      double &m = out.first[i], &v = out.second[i];
      m = op.beta1 * m + (1 - op.beta1) * g;
      v = op.beta2 * v + (1 - op.beta2) * g * g;
      out.parameter[i] -= rate * op.decay * out.parameter[i];
      out.parameter[i] -= rate * (m / (1 - std::pow(op.beta1, n))) /
                          (std::sqrt(v / (1 - std::pow(op.beta2, n))) + op.epsilon);
    }
  }

 private:
  int64_t ListSize(int list) const { return inputs_.list_sizes[static_cast<size_t>(list)]; }
  template <class O>
  double RateOf(const O& op) const {
    return op.rate_factor * inputs_.learning_rate;
  }

  // y[i] = base(i) + x[i] * mask / keep
  template <class Base>
  void Masked(const DropoutAttributes& dropout, const Operand64& x, const Operand64& y,
              const Base& base) const {
    const DropoutMask mask = MaskOf(dropout, inputs_);
    for (int64_t f = 0; f < y.rows(); ++f) {
      for (int64_t t = 0; t < y.columns(); ++t) {
        const int64_t i = f * y.columns() + t;
        y[i] = base(i) + (DropoutKeeps(mask, f, t) ? x[i] * (65536.0 / mask.threshold) : 0);
      }
    }
  }

  // (x - mean) rstd of feature f and token t.
  static double Normalized(const Operand64& x, const Operand64& moments, int64_t f, int64_t t) {
    return (x[f * x.columns() + t] - moments[t]) * moments[x.columns() + t];
  }
  static double WithGain(const Operand64& dy, const Operand64& gain, int64_t f, int64_t t) {
    return dy[f * dy.columns() + t] * (gain.values == nullptr ? 1 : gain[f]);
  }

  // Calls column(seen, at) for every head and query of p[head][key][query]. The query sees the keys
  // before `seen`; at(key) is an element.
  template <class Column>
  void ForEachColumn(const Operand64& p, bool causal, const Column& column) const {
    const int64_t heads = p.tensor->shape[0].At(inputs_.tokens), tokens = inputs_.tokens;
    for (int64_t head = 0; head < heads; ++head) {
      for (int64_t query = 0; query < tokens; ++query) {
        const int64_t seen = causal ? std::min<int64_t>(inputs_.valid, query + 1) : inputs_.valid;
        column(seen, [=](int64_t key) { return (head * tokens + key) * tokens + query; });
      }
    }
  }

  const StepInputs& inputs_;
};

}  // namespace

Reference::Reference(const Graph& graph)
    : graph_(graph), values_(graph.tensors.size()), integers_(graph.tensors.size()) {
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    const auto elements = static_cast<size_t>(graph.tensors[id].Elements(graph.tokens));
    if (graph.tensors[id].type == ElementType::kI32) {
      integers_[id].assign(elements, 0);
    } else {
      // A value that no operation has written must not look like a number.
      values_[id].assign(elements, graph.tensors[id].persistent ? 0.0 : NAN);
    }
  }
}

void Reference::Run(const StepInputs& inputs, int begin, int end) {
  const Definitions definitions(inputs);
  const auto operand = [&](TensorId id) -> Operand64 {
    if (id == kNoTensor) return {};
    return {Values(id).data(), Integers(id).data(), &graph_.At(id), inputs.tokens};
  };
  for (int i = begin; i < end; ++i) {
    const Op& op = graph_.ops[static_cast<size_t>(i)];
    std::visit(
        [&]<class O>(const O& operation) {
          definitions.Run(operation, NamedOperands<In<O>, Operand64>(op.in, operand),
                          NamedOperands<Out<O>, Operand64>(op.out, operand));
        },
        op.operation);
  }
}

}  // namespace bittern
