// SPDX-License-Identifier: Apache-2.0
#include "model/layers/linear_map.h"

#include <fmt/format.h>

#include <utility>

namespace bittern {

LinearMap::LinearMap(StepBuilder& step, const std::string& name, const MapShape& shape,
                     Size columns, BiasGradient bias_gradient)
    : step_(step), name_(name), columns_(columns), bias_gradient_(bias_gradient) {
  const MatrixShape& matrix = shape.matrix;
  chain_ = MakeChain(matrix, shape.rows, shape.columns);
  if (matrix.format == MatrixFormat::kDense) {
    cores_ = {step.Parameter(name + ".weight", {Constant(shape.rows), Constant(shape.columns)},
                             NormalValues(shape.deviation))};
  } else {
    Validate(matrix, shape.rows, shape.columns, name);
    for (int core = 0; core < matrix.cores(); ++core) {
      std::vector<Size> extents;
      for (const int64_t extent : matrix.CoreShape(core)) extents.push_back(Constant(extent));
      cores_.push_back(
          step.Parameter(fmt::format("{}.core.{}", name, core), std::move(extents),
                         matrix.CoreStartValues(core, shape.deviation, shape.core_start)));
    }
  }
  tree_ =
      Plan(step.config().order, chain_, columns.At(step.model().tokens), step.config().objective);
  bias_ = step.Parameter(name + ".bias", {Constant(shape.rows)}, ConstantValues(0));
}

// The tensor of a node with its indices as labels. Their order is canonical (tensor/chain.h): modes
// and bonds as they stand in the chain, the token last. So is that of a core's parameter.
View LinearMap::NodeView(int node, TensorId tensor) const {
  const ContractionNode& of = tree_.nodes[static_cast<size_t>(node)];
  std::vector<Size> extents;
  for (const int index : of.open) {
    extents.push_back(index == chain_.token_index()
                          ? columns_
                          : Constant(chain_.indices[static_cast<size_t>(index)].extent));
  }
  return step_.As(tensor, of.open, extents);
}

TensorId LinearMap::Forward(TensorId x) {
  values_ = cores_;
  values_.push_back(x);
  for (int node = tree_.leaves(); node <= tree_.root(); ++node) {
    const ContractionNode& of = tree_.nodes[static_cast<size_t>(node)];
    const std::string name = fmt::format("{}: node {}", name_, node);
    const bool root = node == tree_.root();
    // A node above x has T columns; a product of cores alone has none. The root is y: [M][T].
    const Size columns = of.activation ? columns_ : Constant(1);
    const Size rows = Constant(of.elements / columns.At(step_.model().tokens));
    const TensorId value = step_.Activation(root ? name_ + ": y" : name, rows, columns);
    step_.Contract(name, NodeView(node, value),
                   NodeView(of.left, values_[static_cast<size_t>(of.left)]),
                   NodeView(of.right, values_[static_cast<size_t>(of.right)]), Result::kOverwrite,
                   root ? BiasView() : View{});
    values_.push_back(value);
  }
  return values_.back();
}

// b as y without the token: every column of y starts from the same bias.
View LinearMap::BiasView() const {
  const ContractionNode& y = tree_.nodes.back();
  const std::vector<int> labels(y.open.begin(), y.open.end() - 1);
  std::vector<Size> extents;
  extents.reserve(labels.size());
  for (const int label : labels) {
    extents.push_back(Constant(chain_.indices[static_cast<size_t>(label)].extent));
  }
  return step_.As(bias_, labels, extents);
}

void LinearMap::Backward(TensorId dy, TensorId dx, Result result) {
  if (bias_gradient_ == BiasGradient::kComputed) {
    const TensorId gradient = step_.Gradient(bias_);
    step_.Append(name_ + ".bias: gradient",
                 ops::RowSum{.accumulate = Accumulates(step_.gradient_result())}, {.x = dy},
                 {.y = gradient});
    step_.Update(bias_, gradient);
  } else if (step_.keeps_gradients()) {
    step_.ClearGradient(step_.Gradient(bias_));
  }

  // From the root down: the gradient of a node gives those of its two operands. The right one comes
  // first: the activation is on the right, and its gradient is needed next.
  const int activation_leaf = chain_.cores();
  std::vector<TensorId> gradients(tree_.nodes.size(), kNoTensor);
  gradients.back() = dy;
  for (int node = tree_.root(); node >= tree_.leaves(); --node) {
    const ContractionNode& of = tree_.nodes[static_cast<size_t>(node)];
    const View dc = NodeView(node, gradients[static_cast<size_t>(node)]);
    for (const auto& [child, other] :
         {std::pair{of.right, of.left}, std::pair{of.left, of.right}}) {
      const ContractionNode& to = tree_.nodes[static_cast<size_t>(child)];
      TensorId gradient = kNoTensor;
      Result how = Result::kOverwrite;
      if (child == activation_leaf) {
        gradient = dx;
        how = result;
      } else if (child < activation_leaf) {
        gradient = step_.Gradient(cores_[static_cast<size_t>(child)]);
        how = step_.gradient_result();
      } else {
        const Size columns = to.activation ? columns_ : Constant(1);
        gradient = step_.Scratch(fmt::format("{}: d node {}", name_, child),
                                 Constant(to.elements / columns.At(step_.model().tokens)), columns);
      }
      gradients[static_cast<size_t>(child)] = gradient;
      step_.Contract(fmt::format("{}: d node {}", name_, child), NodeView(child, gradient), dc,
                     NodeView(other, values_[static_cast<size_t>(other)]), how);
    }
  }
  for (size_t core = 0; core < cores_.size(); ++core) step_.Update(cores_[core], gradients[core]);
}

}  // namespace bittern
