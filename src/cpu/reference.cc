#include "cpu/reference.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "cpu/dropout.h"

namespace bittern {
namespace {

const double kGeluScale = std::sqrt(2 / std::numbers::pi);

double Gelu(double x) { return 0.5 * x * (1 + std::tanh(kGeluScale * (x + 0.044715 * x * x * x))); }

double GeluDerivative(double x) {
  const double t = std::tanh(kGeluScale * (x + 0.044715 * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kGeluScale * (1 + 3 * 0.044715 * x * x);
}

}  // namespace

Reference::Reference(const Graph& graph)
    : graph_(graph), values_(graph.tensors.size()), integers_(graph.tensors.size()) {
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    const auto elements = static_cast<size_t>(graph.tensors[id].Elements(graph.tokens));
    if (graph.tensors[id].type == ElementType::kI32) {
      integers_[id].assign(elements, 0);
    } else {
      // What was never written must not look like a number.
      values_[id].assign(elements, graph.tensors[id].persistent ? 0.0 : NAN);
    }
  }
}

void Reference::Run(const StepInputs& inputs, int begin, int end) {
  for (int i = begin; i < end; ++i) RunOp(graph_.ops[static_cast<size_t>(i)], inputs);
}

void Reference::RunOp(const Op& op, const StepInputs& inputs) {
  const int64_t tokens = inputs.tokens;
  // Most operations see one [rows][columns] tensor; where shapes differ, the one named here.
  const bool by_input = op.kind == OpKind::kRowSum || op.kind == OpKind::kScatterColumns ||
                        op.kind == OpKind::kAddColumns ||
                        (op.kind >= OpKind::kMoments && op.kind <= OpKind::kNormalizeGrad);
  const Tensor& shaped = graph_.At(by_input ? op.in[0] : op.out[0]);
  const int64_t count = shaped.Elements(tokens);
  const int64_t columns = shaped.shape.back().At(tokens);
  const int64_t rows = columns == 0 ? 0 : count / columns;
  double* y = Out(op);

  switch (op.kind) {
    case OpKind::kContract:
      return Contract(op, inputs);
    case OpKind::kAdd:
      for (int64_t i = 0; i < count; ++i) y[i] = In(op, 0)[i] + In(op, 1)[i];
      return;
    case OpKind::kGelu:
      for (int64_t i = 0; i < count; ++i) y[i] = Gelu(In(op, 0)[i]);
      return;
    case OpKind::kGeluGrad:
      for (int64_t i = 0; i < count; ++i) y[i] = In(op, 0)[i] * GeluDerivative(In(op, 1)[i]);
      return;
    case OpKind::kTanh:
      for (int64_t i = 0; i < count; ++i) y[i] = std::tanh(In(op, 0)[i]);
      return;
    case OpKind::kTanhGrad:
      for (int64_t i = 0; i < count; ++i) y[i] = In(op, 0)[i] * (1 - In(op, 1)[i] * In(op, 1)[i]);
      return;
    case OpKind::kDropout:
    case OpKind::kDropoutAdd: {
      const DropoutMask mask = MaskOf(op, inputs);
      const bool add = op.kind == OpKind::kDropoutAdd;
      const double* x = In(op, add ? 1 : 0);
      for (int64_t f = 0; f < rows; ++f) {
        for (int64_t t = 0; t < columns; ++t) {
          const int64_t i = f * columns + t;
          const double kept = DropoutKeeps(mask, f, t) ? x[i] * (65536.0 / mask.threshold) : 0;
          y[i] = (add ? In(op, 0)[i] : 0) + kept;
        }
      }
      return;
    }
    case OpKind::kFill: {
      const int64_t filled =
          op.list < 0 ? count : inputs.list_sizes[static_cast<size_t>(op.list)] * columns;
      std::fill_n(y, filled, 0.0);
      return;
    }
    case OpKind::kTakeColumn: {
      const int64_t stride = graph_.At(op.in[0]).shape.back().At(tokens);
      for (int64_t f = 0; f < rows; ++f) y[f] = In(op, 0)[f * stride];
      return;
    }
    case OpKind::kAddColumn:
      for (int64_t f = 0; f < rows; ++f) y[f * columns] += In(op, 0)[f];
      return;
    case OpKind::kAddColumns: {
      const int64_t stride = graph_.At(op.out[0]).shape.back().At(tokens);
      for (int64_t f = 0; f < rows; ++f) {
        for (int64_t t = 0; t < columns; ++t) y[f * stride + t] += In(op, 0)[f * columns + t];
      }
      return;
    }
    case OpKind::kMoments:
    case OpKind::kNormalize:
    case OpKind::kNormalizeGradSums:
    case OpKind::kNormalizeGradAffine:
    case OpKind::kNormalizeGrad:
      return Normalization(op, rows, columns);
    case OpKind::kSoftmax:
    case OpKind::kSoftmaxGrad:
      return Attention(op, inputs);
    case OpKind::kCrossEntropy:
      return CrossEntropy(op, inputs);
    case OpKind::kRowSum:
      for (int64_t f = 0; f < rows; ++f) {
        double sum = op.accumulate ? y[f] : 0;
        for (int64_t t = 0; t < columns; ++t) sum += In(op, 0)[f * columns + t];
        y[f] = sum;
      }
      return;
    case OpKind::kGatherColumns: {
      const std::vector<int32_t>& slot = Integers(op.in[1]);
      const int64_t stride = graph_.At(op.in[2]).shape.back().At(tokens);
      for (int64_t f = 0; f < rows; ++f) {
        for (int64_t t = 0; t < columns; ++t) {
          y[f * columns + t] =
              In(op, 0)[slot[static_cast<size_t>(t)] * rows + f] + In(op, 2)[f * stride + t];
        }
      }
      return;
    }
    case OpKind::kScatterColumns: {
      const std::vector<int32_t>& slot = Integers(op.in[1]);
      if (!op.accumulate) {
        std::fill_n(y, inputs.list_sizes[static_cast<size_t>(op.list)] * rows, 0.0);
      }
      for (int64_t f = 0; f < rows; ++f) {
        for (int64_t t = 0; t < columns; ++t) {
          y[slot[static_cast<size_t>(t)] * rows + f] += In(op, 0)[f * columns + t];
        }
      }
      return;
    }
    case OpKind::kDescend:
    case OpKind::kSumSquares:
    case OpKind::kClip:
    case OpKind::kSgd:
    case OpKind::kMomentum:
    case OpKind::kAdamW:
      return Update(op, inputs);
  }
}

void Reference::Contract(const Op& op, const StepInputs& inputs) {
  struct Index {
    int64_t extent, a, b, c, start;
  };
  const int64_t tokens = inputs.tokens;
  std::vector<Index> nest;
  for (const Loop& loop : op.loops) {
    nest.push_back({loop.extent.At(tokens), loop.a.At(tokens), loop.b.At(tokens), loop.c.At(tokens),
                    loop.start.At(tokens)});
  }
  // Walks the loops from `level` inwards and calls visit(a, b, c, start) with element offsets.
  const auto walk = [&](const auto& self, size_t level, int64_t a, int64_t b, int64_t c, int64_t s,
                        const auto& visit) -> void {
    if (level == nest.size()) return visit(a, b, c, s);
    const Index& index = nest[level];
    for (int64_t i = 0; i < index.extent; ++i) {
      self(self, level + 1, a + i * index.a, b + i * index.b, c + i * index.c, s + i * index.start,
           visit);
    }
  };
  const auto slice = [&](TensorId table, int64_t entry, Size stride) {
    return (table == kNoTensor ? entry : Integers(table)[static_cast<size_t>(entry)]) *
           stride.At(tokens);
  };
  const double *a = In(op, 0), *b = In(op, 1), *start = op.in.size() > 2 ? In(op, 2) : nullptr;
  double* c = Out(op);
  const int64_t entries =
      op.gather.list < 0 ? 1 : inputs.list_sizes[static_cast<size_t>(op.gather.list)];
  for (int64_t entry = 0; entry < entries; ++entry) {
    const int64_t a0 = slice(op.gather.a_table, entry, op.gather.a_stride);
    const int64_t b0 = slice(op.gather.b_table, entry, op.gather.b_stride);
    const int64_t c0 = slice(op.gather.c_table, entry, op.gather.c_stride);
    if (!op.accumulate) {
      walk(walk, 0, a0, b0, c0, 0, [&](int64_t, int64_t, int64_t at, int64_t s) {
        c[at] = start == nullptr ? 0 : start[s];
      });
    }
    walk(walk, 0, a0, b0, c0, 0, [&](int64_t at_a, int64_t at_b, int64_t at_c, int64_t) {
      c[at_c] += op.scale * a[at_a] * b[at_b];
    });
  }
}

void Reference::Normalization(const Op& op, int64_t rows, int64_t columns) {
  const bool forward = op.kind == OpKind::kMoments || op.kind == OpKind::kNormalize;
  const double* x = In(op, forward ? 0 : 1);
  for (int64_t t = 0; t < columns; ++t) {
    if (op.kind == OpKind::kMoments) {
      double mean = 0, variance = 0;
      for (int64_t f = 0; f < rows; ++f) mean += x[f * columns + t] / static_cast<double>(rows);
      for (int64_t f = 0; f < rows; ++f) {
        variance += std::pow(x[f * columns + t] - mean, 2) / static_cast<double>(rows);
      }
      Out(op)[t] = mean;
      Out(op)[columns + t] = 1 / std::sqrt(variance + op.epsilon);
      continue;
    }
    const double* moments = In(op, forward ? 1 : 2);
    const double mean = moments[t], rstd = moments[columns + t];
    const auto xhat = [&](int64_t f) { return (x[f * columns + t] - mean) * rstd; };
    if (op.kind == OpKind::kNormalize) {
      const bool affine = op.in.size() > 2;
      for (int64_t f = 0; f < rows; ++f) {
        Out(op)[f * columns + t] =
            xhat(f) * (affine ? In(op, 2)[f] : 1) + (affine ? In(op, 3)[f] : 0);
      }
      continue;
    }
    const double* dy = In(op, 0);
    if (op.kind == OpKind::kNormalizeGradAffine) {
      for (int64_t f = 0; f < rows; ++f) {
        const bool first = t == 0 && !op.accumulate;
        Out(op, 0)[f] = (first ? 0 : Out(op, 0)[f]) + dy[f * columns + t] * xhat(f);
        Out(op, 1)[f] = (first ? 0 : Out(op, 1)[f]) + dy[f * columns + t];
      }
      continue;
    }
    const size_t gain_place = op.kind == OpKind::kNormalizeGradSums ? 3 : 4;
    const auto g = [&](int64_t f) {
      return dy[f * columns + t] * (op.in.size() > gain_place ? In(op, gain_place)[f] : 1);
    };
    if (op.kind == OpKind::kNormalizeGradSums) {
      double sum = 0, with_xhat = 0;
      for (int64_t f = 0; f < rows; ++f) {
        sum += g(f);
        with_xhat += g(f) * xhat(f);
      }
      Out(op)[t] = sum;
      Out(op)[columns + t] = with_xhat;
    } else {
      const double* sums = In(op, 3);
      const auto features = static_cast<double>(rows);
      for (int64_t f = 0; f < rows; ++f) {
        Out(op)[f * columns + t] =
            rstd * (g(f) - sums[t] / features - xhat(f) * sums[columns + t] / features);
      }
    }
  }
}

void Reference::Attention(const Op& op, const StepInputs& inputs) {
  const Tensor& shape = graph_.At(op.out[0]);
  const int64_t heads = shape.shape[0].At(inputs.tokens);
  const int64_t tokens = inputs.tokens;
  for (int64_t head = 0; head < heads; ++head) {
    for (int64_t query = 0; query < tokens; ++query) {
      const auto at = [&](int64_t key) { return (head * tokens + key) * tokens + query; };
      if (op.kind == OpKind::kSoftmax) {
        const double* s = In(op, 0);
        double largest = -INFINITY, sum = 0;
        for (int64_t key = 0; key < inputs.valid; ++key) largest = std::max(largest, s[at(key)]);
        for (int64_t key = 0; key < inputs.valid; ++key) sum += std::exp(s[at(key)] - largest);
        for (int64_t key = 0; key < tokens; ++key) {
          Out(op)[at(key)] = key < inputs.valid ? std::exp(s[at(key)] - largest) / sum : 0;
        }
      } else {
        const double *dp = In(op, 0), *p = In(op, 1);
        double sum = 0;
        for (int64_t key = 0; key < inputs.valid; ++key) sum += p[at(key)] * dp[at(key)];
        for (int64_t key = 0; key < tokens; ++key) {
          Out(op)[at(key)] = key < inputs.valid ? p[at(key)] * (dp[at(key)] - sum) : 0;
        }
      }
    }
  }
}

void Reference::CrossEntropy(const Op& op, const StepInputs& inputs) {
  const Tensor& shape = graph_.At(op.in[0]);
  const int64_t classes = shape.shape[0].At(inputs.tokens);
  const int64_t columns = shape.shape[1].At(inputs.tokens);
  const double weight = inputs.loss_weights[static_cast<size_t>(op.loss)];
  const double smooth = op.smoothing / static_cast<double>(classes);
  for (int64_t t = 0; t < columns; ++t) {
    const int32_t label = Integers(op.in[1])[static_cast<size_t>(t)];
    const double* logits = In(op, 0);
    double largest = -INFINITY, sum = 0, loss = 0;
    for (int64_t c = 0; c < classes; ++c) largest = std::max(largest, logits[c * columns + t]);
    for (int64_t c = 0; c < classes; ++c) sum += std::exp(logits[c * columns + t] - largest);
    for (int64_t c = 0; c < classes; ++c) {
      const double log_p = logits[c * columns + t] - largest - std::log(sum);
      const double target = smooth + (c == label ? 1 - op.smoothing : 0);
      loss -= target * log_p;
      Out(op, 0)[c * columns + t] = label < 0 ? 0 : weight * (std::exp(log_p) - target);
    }
    Out(op, 1)[t] = label < 0 ? 0 : weight * loss;
  }
}

void Reference::Update(const Op& op, const StepInputs& inputs) {
  const int64_t count = graph_.At(op.in[0]).Elements(inputs.tokens);
  const double* g = In(op, 0);
  if (op.kind == OpKind::kSumSquares) {
    double sum = op.accumulate ? Out(op)[0] : 0;
    for (int64_t i = 0; i < count; ++i) sum += g[i] * g[i];
    Out(op)[0] = sum;
    return;
  }
  if (op.kind == OpKind::kClip) {
    const double factor = std::min(1.0, op.clip / std::sqrt(In(op, 1)[0]));
    for (int64_t i = 0; i < count; ++i) Out(op)[i] = factor * g[i];
    return;
  }
  const double rate = op.scale * inputs.learning_rate;
  if (op.kind == OpKind::kDescend) {
    for (int64_t i = 0; i < count; ++i) Out(op)[i] = -rate * g[i];
    return;
  }
  double* p = Out(op, 0);
  for (int64_t i = 0; i < count; ++i) {
    p[i] -= rate * op.decay * p[i];
    if (op.kind == OpKind::kSgd) {
      p[i] -= rate * g[i];
    } else if (op.kind == OpKind::kMomentum) {
      double& v = Out(op, 1)[i];
      v = op.momentum * v + g[i];
      p[i] -= rate * v;
    } else {
      double &m = Out(op, 1)[i], &v = Out(op, 2)[i];
      const auto n = static_cast<double>(inputs.update);
      m = op.momentum * m + (1 - op.momentum) * g[i];
      v = op.beta2 * v + (1 - op.beta2) * g[i] * g[i];
      p[i] -= rate * (m / (1 - std::pow(op.momentum, n))) /
              (std::sqrt(v / (1 - std::pow(op.beta2, n))) + op.epsilon);
    }
  }
}

}  // namespace bittern
