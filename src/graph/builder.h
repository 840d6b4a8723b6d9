// SPDX-License-Identifier: Apache-2.0
// Builds a Graph: makes tensors, and turns labelled views into the loops of a contraction.
//
// A View names each axis of an operand by a label. An axis that both operands have and the result
// has not is summed. A layer writes its products as they are written on paper:
//   b.Contract("Y", b.Of(y, "mt"), b.Of(w, "mn"), b.Of(x, "nt"));
#ifndef BITTERN_GRAPH_BUILDER_H_
#define BITTERN_GRAPH_BUILDER_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace bittern {

struct Axis {
  int label;
  Size extent;
  Size stride;  // in elements
};

struct View {
  TensorId tensor = kNoTensor;
  std::vector<Axis> axes;
};

enum class Result { kOverwrite, kAccumulate };

// The slices of the operands that a contraction over a list takes (see Gather).
struct ListSlices {
  int list;
  TensorId a_table = kNoTensor, b_table = kNoTensor, c_table = kNoTensor;
  Size a_stride = {}, b_stride = {}, c_stride = {};
};

class Builder {
 public:
  explicit Builder(int tokens) { graph_.tokens = tokens; }

  TensorId NewTensor(std::string name, TensorKind kind, std::vector<Size> shape,
                     ElementType type = ElementType::kF32);
  // Parameters, states, inputs and outputs are persistent from the start; this makes any tensor so.
  void MakePersistent(TensorId tensor);
  int NewList() { return graph_.lists++; }

  // The whole tensor, row-major, with one label for each axis.
  View Of(TensorId tensor, const std::vector<int>& labels) const;
  View Of(TensorId tensor, std::string_view labels) const;
  // The same elements under another shape; the extents must multiply to the tensor's size.
  View As(TensorId tensor, const std::vector<int>& labels, const std::vector<Size>& extents) const;
  View As(TensorId tensor, std::string_view labels, const std::vector<Size>& extents) const;

  // c (=, +=) scale * sum a b (+ start). Axes of extent 1 in one operand only are allowed.
  void Contract(std::string name, const View& c, const View& a, const View& b,
                Result result = Result::kOverwrite, const View& start = {}, double scale = 1);
  // One such contraction for every entry of a list; the views are of the slices at index 0.
  void ContractList(std::string name, const ListSlices& slices, const View& c, const View& a,
                    const View& b, Result result = Result::kOverwrite);
  // Any operation, with its operands by name:
  //   b.Append("dx", ops::GeluGrad{}, {.dy = dy, .x = x}, {.dx = dx});
  template <class O>
  void Append(std::string name, O attributes, const InputsOf<O, OperandId>& inputs,
              const OutputsOf<O, OperandId>& outputs) {
    Push(MakeOp(std::move(name), std::move(attributes), inputs, outputs));
  }

  // Operations appended from here on belong to an iteration of a loop (Op::loop); EndLoop ends
  // it.
  void BeginIteration(int loop, int iteration) {
    loop_ = loop;
    iteration_ = iteration;
  }
  void EndLoop() { BeginIteration(-1, 0); }

  // Adds a part of the model to the graph; returns its place in Graph::parts.
  int NewPart(ModelPart part);
  // Tensors and operations from here on belong to this part. Returns the part until now.
  int SetPart(int part) { return std::exchange(part_, part); }

  const Graph& graph() const { return graph_; }
  Graph& mutable_graph() { return graph_; }
  Graph Take() { return std::move(graph_); }

 private:
  void Push(Op op);

  Graph graph_;
  int loop_ = -1, iteration_ = 0;
  int part_ = kNoPart;
};

// Tensors and operations that are added in this object's life belong to a part of the model.
class PartScope {
 public:
  PartScope(Builder& builder, int part) : builder_(builder), outer_(builder.SetPart(part)) {}
  ~PartScope() { builder_.SetPart(outer_); }
  PartScope(const PartScope&) = delete;
  PartScope& operator=(const PartScope&) = delete;

 private:
  Builder& builder_;
  int outer_;
};

}  // namespace bittern

#endif  // BITTERN_GRAPH_BUILDER_H_
