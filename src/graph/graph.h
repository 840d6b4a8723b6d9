// A training step as data: named tensors and the operations on them, in the order they run.
//
// The graph is the one description of a step that every machine shares: the CPU executor runs it,
// the float64 reference checks it, the memory planner lays it out, and a compiler can lower it
// without knowing what a layer is. An operation is one contraction, one elementwise map or
// per-token reduction, one gather or scatter, or one update of a parameter.
//
// Layout: tensors are row-major and packed. Activations are feature-major, [feature][token]. The
// token count T is known only when a step runs (T <= Graph::tokens); extents and strides that
// depend on it are a Size, count * T^power.
//
// Order of effects: operations run in the order of Graph::ops. An operation reads every operand in
// `in` and overwrites every tensor in `out`, unless `accumulate` is set, when it adds to them.
// An elementwise operation may name one tensor in both (in place). Nothing here allocates or runs.
#ifndef BITTERN_GRAPH_GRAPH_H_
#define BITTERN_GRAPH_GRAPH_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/part.h"

namespace bittern {

// count * T^power, where T is the number of token columns of the running step.
struct Size {
  int64_t count = 0;
  int power = 0;

  constexpr int64_t At(int64_t tokens) const {
    int64_t value = count;
    for (int i = 0; i < power; ++i) value *= tokens;
    return value;
  }
  friend constexpr Size operator*(Size a, Size b) { return {a.count * b.count, a.power + b.power}; }
  friend constexpr bool operator==(Size, Size) = default;
};

constexpr Size Constant(int64_t count) { return {count, 0}; }
inline constexpr Size kTokens = {1, 1};

using TensorId = int32_t;
inline constexpr TensorId kNoTensor = -1;

enum class TensorKind {
  kParameter,   // trained; lives for ever
  kState,       // of the optimizer (momentum, ...); lives for ever, starts at 0
  kGradient,    // of a parameter; dies with its update unless gradients are accumulated
  kActivation,  // made in the forward pass, read in the backward pass
  kScratch,     // an intermediate of one layer's forward or backward pass
  kInput,       // written by the host before the step
  kOutput,      // read by the host after the step
};
std::string_view Name(TensorKind kind);

enum class ElementType { kF32, kI32 };  // both 4 bytes

struct Tensor {
  std::string name;
  TensorKind kind;
  ElementType type = ElementType::kF32;
  std::vector<Size> shape;
  bool persistent = false;       // keeps its bytes between steps
  int part = kNoPart;            // which of Graph::parts it belongs to
  ParameterInfo parameter = {};  // kParameter alone

  int64_t Elements(int64_t tokens) const;
  // Whether it is what a checkpoint keeps of a run: a parameter, or the optimizer's state of one.
  bool IsKept() const { return kind == TensorKind::kParameter || kind == TensorKind::kState; }
};

enum class OpKind {
  // out[0][c...] = scale * sum in[0][a...] * in[1][b...], plus in[2][start...] where given.
  kContract,

  // Elementwise, over packed tensors of one shape.
  kAdd,         // y = a + b
  kGelu,        // y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
  kGeluGrad,    // dx = dy * gelu'(x)                in: dy, x
  kTanh,        // y = tanh(x)
  kTanhGrad,    // dx = dy * (1 - y^2)               in: dy, y
  kDropout,     // y = x * mask / keep               mask from (stream, step key, feature, token)
  kDropoutAdd,  // y = r + x * mask / keep           in: r, x
  kFill,        // y = 0; with a list: its first list_sizes[list] rows alone
  kTakeColumn,  // y[f] = x[f][0]
  kAddColumn,   // y[f][0] += x[f]
  kAddColumns,  // y[f][t] += x[f][t] for the columns of x; y may have more

  // Normalisation over features, each token by itself. x, y: [F][T]; moments: [2][T] = mean, rstd.
  kMoments,    // moments of x (biased variance, epsilon)
  kNormalize,  // y = (x - mean) rstd [gain[f]] + [shift[f]]     in: x, moments[, gain, shift]
  kNormalizeGradSums,    // sums[0][t] = sum_f g, sums[1][t] = sum_f g xhat, g = dy [gain]
                         //                                        in: dy, x, moments[, gain]
  kNormalizeGradAffine,  // dgain[f] = sum_t dy xhat, dshift[f] = sum_t dy
                         //                                        in: dy, x, moments; out: dgain,
                         //                                        dshift
  kNormalizeGrad,        // dx = rstd (g - sums0 / F - xhat sums1 / F)
                         //                                        in: dy, x, moments, sums[, gain]

  // Attention, columns = queries: [head][key][query].
  kSoftmax,      // over the valid keys of each column; keys beyond them get exactly 0
  kSoftmaxGrad,  // ds = p (dp - sum_key p dp)                     in: dp, p

  // Loss over classes, columns = tokens: in: logits [C][T], labels i32 [T] (-1: none).
  kCrossEntropy,  // out: dlogits [C][T], loss [T], both times the weight, 0 without a label

  kRowSum,          // y[f] = sum_t x[f][t]
  kGatherColumns,   // y[f][t] = rows[slot[t]][f] + add[f][t]     in: rows, slot, add
                    // add may have more columns
  kScatterColumns,  // rows[slot[t]][f] += x[f][t]                in: x, slot
                    // the rows in use are zeroed first, unless `accumulate`

  // Updates, rate = Op::scale * learning rate. in[0]: gradient; out[0]: parameter, in place;
  // states in out[1...]. Decay is decoupled: p -= rate * decay * p.
  kDescend,     // y = -rate x: what is added to a parameter, for a sum that goes there directly
  kSumSquares,  // y[0] = sum x^2
  kClip,        // y = min(1, clip / sqrt(squares)) x             in: x, squares
  kSgd,         // p -= rate g
  kMomentum,    // v = momentum v + g;  p -= rate v
  kAdamW,       // p -= rate (m / (1 - beta1^n)) / (sqrt(v / (1 - beta2^n)) + epsilon)
};
std::string_view Name(OpKind kind);

// One index of a contraction: its extent and the step that each operand takes with it. A stride of
// 0 in `c` means that the index is summed.
struct Loop {
  Size extent;
  Size a, b, c, start;
};

// A contraction repeated over a list that the host writes before the step: entry j uses the slice
// table[j] of an operand (or slice j, where no table is given).
struct Gather {
  int list = -1;  // which run-time list length: StepInputs::list_sizes[list]; -1: no list
  TensorId a_table = kNoTensor, b_table = kNoTensor, c_table = kNoTensor;
  Size a_stride, b_stride, c_stride;
};

struct Op {
  OpKind kind;
  std::string name;  // "encoder.0.attention.query: U", for people alone
  std::vector<TensorId> in = {};
  std::vector<TensorId> out = {};
  bool accumulate = false;

  std::vector<Loop> loops = {};  // kContract
  Gather gather = {};            // kContract
  double scale = 1;              // kContract; updates: factor on the learning rate

  int list = -1;         // kFill, kScatterColumns: rows in use = list_sizes[list] (-1: all)
  int stream = -1;       // dropout: which mask
  double rate = 0;       // dropout: probability of a zero
  double epsilon = 0;    // normalisation, AdamW
  int loss = -1;         // kCrossEntropy: which weight, StepInputs::loss_weights[loss]
  double smoothing = 0;  // kCrossEntropy: label smoothing
  double clip = 0;       // kClip
  double momentum = 0;   // kMomentum; AdamW: beta1
  double beta2 = 0;      // kAdamW
  double decay = 0;      // updates

  // Encoders do the same on tensors of their own: trip 0, 1, ... of repeat 0 forward, of repeat 1
  // backward. -1: in no repeat.
  int repeat = -1;
  int trip = 0;
  int part = kNoPart;  // which of Graph::parts it belongs to

  // Multiply-adds of a contraction at T tokens, a list taken as `list_size` entries.
  int64_t MultiplyAdds(int64_t tokens, int64_t list_size) const;
};

struct Graph {
  int tokens = 0;  // the largest T, for which memory is planned
  int lists = 0;   // how many run-time lists there are
  std::vector<Tensor> tensors;
  std::vector<Op> ops;
  std::vector<ModelPart> parts = {};
  // ops[0, update_begin) is what every sentence runs, ops[update_begin, end) what runs once a
  // batch. Without accumulated gradients the updates stand in the first part and the second is
  // empty.
  int update_begin = 0;

  TensorId Find(std::string_view name) const;  // kNoTensor where there is none
  const Tensor& At(TensorId id) const { return tensors[static_cast<size_t>(id)]; }
  // Multiply-adds of all contractions at T tokens with every list of `list_size` entries.
  int64_t MultiplyAdds(int64_t tokens, int64_t list_size) const;
};

// What an operation reads: `in`, and what it adds to or updates in place.
std::vector<TensorId> Reads(const Op& op);

bool Among(TensorId id, const std::vector<TensorId>& ids);

// What the host gives a step besides the input tensors.
struct StepInputs {
  int tokens = 0;  // columns computed (T), padding included
  int valid = 0;   // real tokens; keys beyond them are masked
  std::vector<int> list_sizes;
  std::vector<double> loss_weights;
  uint64_t dropout_key = 0;  // one a step: the masks follow from it alone
  double learning_rate = 0;
  int64_t update = 1;  // counts updates from 1, for AdamW's bias correction
};

}  // namespace bittern

#endif  // BITTERN_GRAPH_GRAPH_H_
