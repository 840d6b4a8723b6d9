// SPDX-License-Identifier: Apache-2.0
// A training step as data: named tensors and the operations on them, in the order they run.
//
// Every machine shares this one description of a step: the CPU executor runs it, the float64
// reference checks it, the memory planner lays it out, and the accelerator's compiler lowers it
// without knowing what a layer is. An operation is one contraction, one elementwise map or
// per-token reduction, one gather or scatter, or one update of a parameter (operations.h).
//
// Layout: tensors are row-major and packed. Activations are feature-major, [feature][token]. The
// token count T is known only when a step runs (T <= Graph::tokens); extents and strides that
// depend on it are a Size, count * T^power.
//
// Order of effects: operations run in the order of Graph::ops. Each reads its operands and writes
// its results as operations.h says. Nothing here allocates or runs.
#ifndef BITTERN_GRAPH_GRAPH_H_
#define BITTERN_GRAPH_GRAPH_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "graph/loop_nest.h"
#include "graph/operations.h"
#include "graph/part.h"

namespace bittern {

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
  // A checkpoint keeps the parameters and the optimizer's state of each.
  bool IsCheckpointed() const {
    return kind == TensorKind::kParameter || kind == TensorKind::kState;
  }
};

// One operation of a graph. `in` and `out` have a place for every operand that the operation's In
// and Out name, in their order; kNoTensor stands for an optional operand that is not given.
struct Op {
  Operation operation;
  std::string name;  // "encoder.0.attention.query: U", for people alone
  std::vector<TensorId> in = {};
  std::vector<TensorId> out = {};

  // Encoders do the same on different tensors: iteration 0, 1, ... of loop 0 forward, of loop 1
  // backward. -1: in no loop.
  int loop = -1;
  int iteration = 0;
  int part = kNoPart;  // which of Graph::parts it belongs to

  template <class O>
  bool Is() const {
    return std::holds_alternative<O>(operation);
  }
  // The attributes; nullptr where it is another operation.
  template <class O>
  const O* As() const {
    return std::get_if<O>(&operation);
  }
  template <class O>
  O* As() {
    return std::get_if<O>(&operation);
  }
  // The operands by name. O must be the operation.
  template <class O>
  InputsOf<O> Inputs() const {
    BITTERN_CHECK(Is<O>());
    return NamedOperands<InputsOf<O>, TensorId>(in, [](TensorId id) { return id; });
  }
  template <class O>
  OutputsOf<O> Outputs() const {
    BITTERN_CHECK(Is<O>());
    return NamedOperands<OutputsOf<O>, TensorId>(out, [](TensorId id) { return id; });
  }
  // Makes it operation O on these operands; the name and the loop stay.
  template <class O>
  void Become(O attributes, const InputsOf<O, OperandId>& inputs,
              const OutputsOf<O, OperandId>& outputs) {
    operation = std::move(attributes);
    in = OperandList(inputs);
    out = OperandList(outputs);
  }
};

template <class O>
Op MakeOp(std::string name, O attributes, const InputsOf<O, OperandId>& inputs,
          const OutputsOf<O, OperandId>& outputs) {
  return {.operation = std::move(attributes),
          .name = std::move(name),
          .in = OperandList(inputs),
          .out = OperandList(outputs)};
}

// Calls f(attributes, inputs, outputs) with the operands by name.
template <class F>
auto Visit(const Op& op, F&& f) {
  return std::visit(
      [&]<class O>(const O& attributes) { return f(attributes, op.Inputs<O>(), op.Outputs<O>()); },
      op.operation);
}

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

  TensorId Find(std::string_view name) const;  // kNoTensor if no tensor has the name
  const Tensor& At(TensorId id) const { return tensors[static_cast<size_t>(id)]; }
  // Multiply-adds of all contractions at T tokens with every list of `list_size` entries.
  int64_t MultiplyAdds(int64_t tokens, int64_t list_size) const;
};

// The operands that are given.
std::vector<TensorId> Operands(const Op& op);
// The tensors that an operation reads: its operands, and the results that it adds to or updates.
std::vector<TensorId> Reads(const Op& op);

bool Contains(const std::vector<TensorId>& ids, TensorId id);

// The inputs of a step in addition to the input tensors.
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
