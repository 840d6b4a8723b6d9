// SPDX-License-Identifier: Apache-2.0
// The table of operations: everything that a training step can do, one struct for each.
//
// The members of a struct are its attributes. `In<T>` and `Out<T>` name its operands: with T =
// TensorId they are the tensors of a graph, with T = a pointer what a machine computes on. An
// operand with a default is optional. `kInfo` holds the facts that do not depend on attributes.
// Equality is of attributes; operands are compared apart.
//
// Shapes: activations are [features][tokens], written [F][T]. A comment gives the shapes where they
// are not those. Results are overwritten, but for Effect::kChanges and for the attribute
// `accumulate`, with which an operation adds to its results. An elementwise operation may name one
// tensor as operand and as result (in place).
//
// A new operation gets a struct here and a place in `Operation`. The float64 reference
// (cpu/reference.cc) and the executor (cpu/executor.cc) visit every operation and do not compile
// until they have it. The accelerator refuses an operation until its compiler knows it.
#ifndef BITTERN_GRAPH_OPERATIONS_H_
#define BITTERN_GRAPH_OPERATIONS_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "graph/loop_nest.h"
#include "graph/operands.h"

namespace bittern {

enum class Effect {
  kOverwrites,  // results do not depend on what they held before, unless `accumulate` is set
  kChanges,     // results are read and written: always in place
};

enum class Stage {
  kLayer,    // a layer's forward or backward pass
  kLoss,     // where the backward pass begins
  kScaling,  // turns a factor of a gradient into a part of an update
  kUpdate,   // the optimizer: moved to the earliest place after the gradient is complete
};

// Every fact must be given: there are no defaults.
struct OpInfo {
  std::string_view name;  // in listings and profiles
  Effect effect;
  Stage stage;

  consteval OpInfo(std::string_view name_, Effect effect_, Stage stage_)
      : name(name_), effect(effect_), stage(stage_) {}
};

// One contraction for each entry of a list that the host writes before the step: entry j uses the
// slice table[j] of an operand, or slice j where the operand has no table. Strides are elements
// from slice to slice.
struct Gather {
  int list = -1;  // which run-time list length: StepInputs::list_sizes[list]; -1: no list
  Size a_stride, b_stride, c_stride;

  friend bool operator==(const Gather&, const Gather&) = default;
};

// The mask of a dropout follows from (stream, step key, feature, token).
struct DropoutAttributes {
  int stream;   // which mask; one number for each place in the model
  double rate;  // the probability of a zero

  friend bool operator==(const DropoutAttributes&, const DropoutAttributes&) = default;
};

namespace ops {

// c[...] = scale * sum a[...] * b[...], plus start[...] where given.
struct Contract {
  static constexpr OpInfo kInfo{"contract", Effect::kOverwrites, Stage::kLayer};
  std::vector<Loop> loops;
  Gather gather = {};
  double scale = 1;
  bool accumulate = false;
  template <class T>
  struct In {
    T a, b;
    T start = Absent<T>();
    T a_table = Absent<T>(), b_table = Absent<T>(), c_table = Absent<T>();  // i32 [list], of Gather
  };
  template <class T>
  struct Out {
    T c;
  };
  friend bool operator==(const Contract&, const Contract&) = default;

  // At T tokens, a list taken as `list_size` entries.
  int64_t MultiplyAdds(int64_t tokens, int64_t list_size) const;
};

// y = a + b
struct Add {
  static constexpr OpInfo kInfo{"add", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T a, b;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const Add&, const Add&) = default;
};

// y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
struct Gelu {
  static constexpr OpInfo kInfo{"gelu", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const Gelu&, const Gelu&) = default;
};

// dx = dy * gelu'(x)
struct GeluGrad {
  static constexpr OpInfo kInfo{"gelu_grad", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T dy, x;
  };
  template <class T>
  struct Out {
    T dx;
  };
  friend bool operator==(const GeluGrad&, const GeluGrad&) = default;
};

// y = tanh(x)
struct Tanh {
  static constexpr OpInfo kInfo{"tanh", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const Tanh&, const Tanh&) = default;
};

// dx = dy * (1 - y^2)
struct TanhGrad {
  static constexpr OpInfo kInfo{"tanh_grad", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T dy, y;
  };
  template <class T>
  struct Out {
    T dx;
  };
  friend bool operator==(const TanhGrad&, const TanhGrad&) = default;
};

// y = max(x, 0)
struct Relu {
  static constexpr OpInfo kInfo{"relu", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const Relu&, const Relu&) = default;
};

// dx = dy where y > 0, else 0; y is the result of Relu.
struct ReluGrad {
  static constexpr OpInfo kInfo{"relu_grad", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T dy, y;
  };
  template <class T>
  struct Out {
    T dx;
  };
  friend bool operator==(const ReluGrad&, const ReluGrad&) = default;
};

// y = x * mask / (1 - rate). It is its own gradient, with the same stream.
struct Dropout {
  static constexpr OpInfo kInfo{"dropout", Effect::kOverwrites, Stage::kLayer};
  DropoutAttributes dropout;
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const Dropout&, const Dropout&) = default;
};

// y = residual + x * mask / (1 - rate)
struct DropoutAdd {
  static constexpr OpInfo kInfo{"dropout_add", Effect::kOverwrites, Stage::kLayer};
  DropoutAttributes dropout;
  template <class T>
  struct In {
    T residual, x;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const DropoutAdd&, const DropoutAdd&) = default;
};

// y = 0; with a list, its first list_sizes[list] rows alone.
struct Fill {
  static constexpr OpInfo kInfo{"fill", Effect::kOverwrites, Stage::kLayer};
  int list = -1;  // -1: all rows
  template <class T>
  struct In {};
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const Fill&, const Fill&) = default;
};

// y[f] = x[f][0]. y: [F][1]
struct TakeColumn {
  static constexpr OpInfo kInfo{"take_column", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const TakeColumn&, const TakeColumn&) = default;
};

// y[f][0] += x[f]. x: [F][1]
struct AddColumn {
  static constexpr OpInfo kInfo{"add_column", Effect::kChanges, Stage::kLayer};
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const AddColumn&, const AddColumn&) = default;
};

// y[f][t] += x[f][t] for the columns of x; y may have more.
struct AddColumns {
  static constexpr OpInfo kInfo{"add_columns", Effect::kChanges, Stage::kLayer};
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const AddColumns&, const AddColumns&) = default;
};

// Normalisation over features, each token by itself. moments: [2][T], mean and
// rstd = 1 / sqrt(variance + epsilon) with the biased variance.
struct Moments {
  static constexpr OpInfo kInfo{"moments", Effect::kOverwrites, Stage::kLayer};
  double epsilon;
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T moments;
  };
  friend bool operator==(const Moments&, const Moments&) = default;
};

// y = xhat gain[f] + shift[f] with xhat = (x - mean) rstd. gain and shift: [F], both or neither.
struct Normalize {
  static constexpr OpInfo kInfo{"normalize", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T x, moments;
    T gain = Absent<T>(), shift = Absent<T>();
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const Normalize&, const Normalize&) = default;
};

// sums[0][t] = sum_f g, sums[1][t] = sum_f g xhat with g = dy gain. sums: [2][T]
struct NormalizeGradSums {
  static constexpr OpInfo kInfo{"normalize_grad_sums", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T dy, x, moments;
    T gain = Absent<T>();
  };
  template <class T>
  struct Out {
    T sums;
  };
  friend bool operator==(const NormalizeGradSums&, const NormalizeGradSums&) = default;
};

// d_gain[f] = sum_t dy xhat, d_shift[f] = sum_t dy. d_gain, d_shift: [F]
struct NormalizeGradAffine {
  static constexpr OpInfo kInfo{"normalize_grad_affine", Effect::kOverwrites, Stage::kLayer};
  bool accumulate = false;
  template <class T>
  struct In {
    T dy, x, moments;
  };
  template <class T>
  struct Out {
    T d_gain, d_shift;
  };
  friend bool operator==(const NormalizeGradAffine&, const NormalizeGradAffine&) = default;
};

// dx = rstd (g - sums[0] / F - xhat sums[1] / F) with g = dy gain
struct NormalizeGrad {
  static constexpr OpInfo kInfo{"normalize_grad", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T dy, x, moments, sums;
    T gain = Absent<T>();
  };
  template <class T>
  struct Out {
    T dx;
  };
  friend bool operator==(const NormalizeGrad&, const NormalizeGrad&) = default;
};

// p = softmax of scale * scores over the valid keys of each column; keys beyond them get exactly 0.
// scores, p: [head][key][query]. With a causal mask the keys after the query's token count as
// beyond.
struct Softmax {
  static constexpr OpInfo kInfo{"softmax", Effect::kOverwrites, Stage::kLayer};
  bool causal = false;
  double scale = 1;  // other than 1 only after the accelerator's rewriting
  template <class T>
  struct In {
    T scores;
  };
  template <class T>
  struct Out {
    T p;
  };
  friend bool operator==(const Softmax&, const Softmax&) = default;
};

// d_scores = scale * p (dp - sum_key p dp), with the mask of Softmax.
struct SoftmaxGrad {
  static constexpr OpInfo kInfo{"softmax_grad", Effect::kOverwrites, Stage::kLayer};
  bool causal = false;
  double scale = 1;  // other than 1 only after the accelerator's rewriting
  template <class T>
  struct In {
    T dp, p;
  };
  template <class T>
  struct Out {
    T d_scores;
  };
  friend bool operator==(const SoftmaxGrad&, const SoftmaxGrad&) = default;
};

// Columns are tokens. logits, d_logits: [C][T]; labels: i32 [T], -1 where a token has none;
// losses: [T]. Both results are times the weight StepInputs::loss_weights[loss], and 0 without a
// label.
struct CrossEntropy {
  static constexpr OpInfo kInfo{"cross_entropy", Effect::kOverwrites, Stage::kLoss};
  int loss;              // which weight
  double smoothing = 0;  // of labels
  template <class T>
  struct In {
    T logits, labels;
  };
  template <class T>
  struct Out {
    T d_logits, losses;
  };
  friend bool operator==(const CrossEntropy&, const CrossEntropy&) = default;
};

// y[f] = sum_t x[f][t]; with a rate factor, the sum times -rate_factor * learning rate.
struct RowSum {
  static constexpr OpInfo kInfo{"row_sum", Effect::kOverwrites, Stage::kLayer};
  bool accumulate = false;
  std::optional<double> rate_factor = {};  // given only by the accelerator's rewriting
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const RowSum&, const RowSum&) = default;
};

// y[f][t] = rows[slot[t]][f] + add[f][t]. slot: i32 [T]; `add` may have more columns.
struct GatherColumns {
  static constexpr OpInfo kInfo{"gather_columns", Effect::kOverwrites, Stage::kLayer};
  template <class T>
  struct In {
    T rows, slot, add;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const GatherColumns&, const GatherColumns&) = default;
};

// rows[slot[t]][f] += x[f][t]. The rows in use are zeroed first, unless `accumulate`.
struct ScatterColumns {
  static constexpr OpInfo kInfo{"scatter_columns", Effect::kOverwrites, Stage::kLayer};
  int list;  // rows in use = list_sizes[list]; -1: all, which are then accumulated
  bool accumulate = false;
  template <class T>
  struct In {
    T x, slot;
  };
  template <class T>
  struct Out {
    T rows;
  };
  friend bool operator==(const ScatterColumns&, const ScatterColumns&) = default;
};

// y = -rate_factor * learning rate * x: what is added to a parameter, for a sum that goes there
// directly.
struct ScaleByRate {
  static constexpr OpInfo kInfo{"descend", Effect::kOverwrites, Stage::kScaling};
  double rate_factor;
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const ScaleByRate&, const ScaleByRate&) = default;
};

// squares[0] = sum x^2
struct SumSquares {
  static constexpr OpInfo kInfo{"sum_squares", Effect::kOverwrites, Stage::kUpdate};
  bool accumulate = false;
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T squares;
  };
  friend bool operator==(const SumSquares&, const SumSquares&) = default;
};

// y = min(1, clip / sqrt(squares[0])) x. The executor takes it in place alone.
struct Clip {
  static constexpr OpInfo kInfo{"clip", Effect::kOverwrites, Stage::kUpdate};
  double clip;
  template <class T>
  struct In {
    T x, squares;
  };
  template <class T>
  struct Out {
    T y;
  };
  friend bool operator==(const Clip&, const Clip&) = default;
};

// Updates of a parameter p by its gradient g, with rate = rate_factor * learning rate. Decay is
// decoupled: p -= rate * decay * p comes first.

// p -= rate g
struct Sgd {
  static constexpr OpInfo kInfo{"sgd", Effect::kChanges, Stage::kUpdate};
  double rate_factor;
  double decay = 0;
  template <class T>
  struct In {
    T gradient;
  };
  template <class T>
  struct Out {
    T parameter;
  };
  friend bool operator==(const Sgd&, const Sgd&) = default;
};

// velocity = momentum velocity + g;  p -= rate velocity
struct Momentum {
  static constexpr OpInfo kInfo{"momentum", Effect::kChanges, Stage::kUpdate};
  double rate_factor;
  double decay = 0;
  double momentum;
  template <class T>
  struct In {
    T gradient;
  };
  template <class T>
  struct Out {
    T parameter, velocity;
  };
  friend bool operator==(const Momentum&, const Momentum&) = default;
};

// Loshchilov and Hutter 2019, with n = StepInputs::update:
// first = beta1 first + (1 - beta1) g;  second = beta2 second + (1 - beta2) g^2
// p -= rate (first / (1 - beta1^n)) / (sqrt(second / (1 - beta2^n)) + epsilon)
struct AdamW {
  static constexpr OpInfo kInfo{"adamw", Effect::kChanges, Stage::kUpdate};
  double rate_factor;
  double decay = 0;
  double beta1, beta2, epsilon;
  template <class T>
  struct In {
    T gradient;
  };
  template <class T>
  struct Out {
    T parameter, first, second;
  };
  friend bool operator==(const AdamW&, const AdamW&) = default;
};

}  // namespace ops

// One line for each subject.
using Operation =
    std::variant<ops::Contract, ops::Add, ops::Gelu, ops::GeluGrad, ops::Tanh, ops::TanhGrad,  //
                 ops::Relu, ops::ReluGrad, ops::Dropout, ops::DropoutAdd,                      //
                 ops::Fill, ops::TakeColumn, ops::AddColumn, ops::AddColumns,                  //
                 ops::Moments, ops::Normalize, ops::NormalizeGradSums,                         //
                 ops::NormalizeGradAffine, ops::NormalizeGrad,                                 //
                 ops::Softmax, ops::SoftmaxGrad, ops::CrossEntropy,                            //
                 ops::RowSum, ops::GatherColumns, ops::ScatterColumns,                         //
                 ops::ScaleByRate, ops::SumSquares, ops::Clip, ops::Sgd, ops::Momentum, ops::AdamW>;

// The named operands of an operation, each of them a T.
template <class O, class T = TensorId>
using InputsOf = typename O::template In<T>;
template <class O, class T = TensorId>
using OutputsOf = typename O::template Out<T>;

// The declarations that every operation must have.
template <class O>
concept DescribedOperation =
    std::same_as<decltype(O::kInfo), const OpInfo> && std::equality_comparable<O> &&
    std::is_trivially_copyable_v<InputsOf<O>> && std::is_trivially_copyable_v<OutputsOf<O>> &&
    kOperandCount<OutputsOf<O>> >
0;

template <class Operations>
inline constexpr bool kAllDescribed = false;
template <class... O>
inline constexpr bool kAllDescribed<std::variant<O...>> = (DescribedOperation<O> && ...);
static_assert(kAllDescribed<Operation>, "an operation lacks kInfo, In, Out or operator==");

inline const OpInfo& InfoOf(const Operation& operation) {
  return std::visit(
      [](const auto& of) -> const OpInfo& { return std::remove_cvref_t<decltype(of)>::kInfo; },
      operation);
}
inline std::string_view Name(const Operation& operation) { return InfoOf(operation).name; }

// True if the results are also read, with these attributes.
inline bool ReadsResults(const Operation& operation) {
  return std::visit(
      [](const auto& of) {
        bool reads = of.kInfo.effect == Effect::kChanges;
        if constexpr (requires { of.accumulate; }) reads = reads || of.accumulate;
        return reads;
      },
      operation);
}

}  // namespace bittern

#endif  // BITTERN_GRAPH_OPERATIONS_H_
