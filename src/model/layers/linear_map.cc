#include "model/layers/linear_map.h"

#include <fmt/format.h>

namespace bittern {

LinearMap::LinearMap(StepBuilder& step, const std::string& name, Size columns,
                     BiasGradient bias_gradient)
    : step_(step), name_(name), columns_(columns), bias_gradient_(bias_gradient) {
  const ModelConfig& model = step.model();
  const int64_t tokens = columns.At(model.tokens);
  if (model.format == Format::kDense) {
    chain_ = DenseChain(model.hidden, model.hidden);
    cores_ = {step.Parameter(name + ".weight", {Constant(model.hidden), Constant(model.hidden)})};
  } else {
    chain_ = TtChain(model.map);
    for (int core = 0; core < model.map.cores(); ++core) {
      const auto [left, mode, right] = model.map.CoreShape(core);
      cores_.push_back(step.Parameter(fmt::format("{}.core.{}", name, core),
                                      {Constant(left), Constant(mode), Constant(right)}));
    }
  }
  tree_ = Plan(step.config().order, chain_, tokens, step.config().objective);
  bias_ = step.Parameter(name + ".bias", {Constant(model.hidden)});
}

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
    Size elements = Constant(of.elements / (of.activation ? columns_.At(step_.model().tokens) : 1));
    const TensorId value =
        root ? step_.Activation(name_ + ": y", elements, columns_)
             : step_.Activation(name, elements, of.activation ? columns_ : Constant(1));
    View start;
    if (root) {
      start = NodeView(node, value);
      start.axes.pop_back();  // the token: every column starts from the same bias
      std::vector<int> labels;
      std::vector<Size> extents;
      for (const Axis& axis : start.axes) {
        labels.push_back(axis.label);
        extents.push_back(axis.extent);
      }
      start = step_.As(bias_, labels, extents);
    }
    step_.Contract(
        name, NodeView(node, value), NodeView(of.left, values_[static_cast<size_t>(of.left)]),
        NodeView(of.right, values_[static_cast<size_t>(of.right)]), Result::kOverwrite, start);
    values_.push_back(value);
  }
  return values_.back();
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
        const int64_t columns = to.activation ? columns_.At(step_.model().tokens) : 1;
        gradient =
            step_.Scratch(fmt::format("{}: d node {}", name_, child),
                          Constant(to.elements / columns), to.activation ? columns_ : Constant(1));
      }
      gradients[static_cast<size_t>(child)] = gradient;
      step_.Contract(fmt::format("{}: d node {}", name_, child), NodeView(child, gradient), dc,
                     NodeView(other, values_[static_cast<size_t>(other)]), how);
    }
  }
  for (size_t core = 0; core < cores_.size(); ++core) step_.Update(cores_[core], gradients[core]);
}

}  // namespace bittern
