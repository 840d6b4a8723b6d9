// SPDX-License-Identifier: Apache-2.0
#include "model/layers/word_embedding.h"

#include <fmt/format.h>

namespace bittern {

WordEmbedding::WordEmbedding(StepBuilder& step, const std::string& name,
                             const WordEmbeddingShape& shape)
    : step_(step),
      name_(name),
      shape_(shape.words),
      tree_(PlanEmbedding(shape_, WorstDistinctCounts(shape_, step.model().tokens))),
      cores_count_(shape_.cores()) {
  const int tokens = step.model().tokens;
  const PartScope table_scope(step, step.NewPart({name + ".word", name, PartKind::kInput}));
  for (int core = 0; core < cores_count_; ++core) {
    const auto [left, words, features, right] = shape_.CoreShape(core);
    cores_.push_back(
        cores_count_ == 1
            ? step.Parameter(name + ".word.weight", {Constant(words), Constant(features)},
                             NormalValues(shape.table_deviation))
            : step.Parameter(
                  fmt::format("{}.word.core.{}", name, core),
                  {Constant(left), Constant(words), Constant(features), Constant(right)},
                  CoreValues(shape_, core, shape.embedding_deviation, shape.core_start)));
  }
  {
    const PartScope position_scope(step,
                                   step.NewPart({name + ".position", name, PartKind::kInput}));
    positions_ = step.Parameter(name + ".position", {Constant(shape_.columns()), Constant(tokens)},
                                NormalValues(shape.table_deviation));
  }
  const auto table = [&](const std::string& tensor) {
    return step.NewTensor(tensor, TensorKind::kInput, {Constant(tokens)}, ElementType::kI32);
  };
  slot_ = table("input.slot");
  for (int node = cores_count_; node <= tree_.root(); ++node) {
    const std::string input = fmt::format("input.embedding.{}", Inner(node));
    const TensorId left = table(input + ".left");
    inputs_.push_back({left, table(input + ".right"), step.NewList()});
  }
}

// One entry of a node as [left rank][features][right rank]. A core has its word mode between the
// left rank and the features, so an entry of it is a slice with a longer left stride.
View WordEmbedding::NodeView(int node, TensorId tensor, int first, int middle, int last) const {
  const EmbeddingNode& of = tree_.nodes[static_cast<size_t>(node)];
  const Size left = Constant(shape_.ranks[static_cast<size_t>(of.first)]);
  const Size right = Constant(shape_.ranks[static_cast<size_t>(of.last) + 1]);
  const Size features = Constant(of.elements / (left.count * right.count));
  Size left_stride = features * right;
  if (node < cores_count_) left_stride = left_stride * Constant(shape_.CoreShape(node)[1]);
  return {tensor,
          {{first, left, left_stride}, {middle, features, right}, {last, right, Constant(1)}}};
}

// Elements from one entry of a node to the next. In a core the entries are the slices of the word
// mode.
Size WordEmbedding::SliceStride(int node) const {
  const EmbeddingNode& of = tree_.nodes[static_cast<size_t>(node)];
  if (node >= cores_count_) return Constant(of.elements);
  const auto [left, words, features, right] = shape_.CoreShape(node);
  return Constant(features * right);
}

TensorId WordEmbedding::Value(int node) const {
  return node < cores_count_ ? cores_[static_cast<size_t>(node)]
                             : values_[static_cast<size_t>(Inner(node))];
}

void WordEmbedding::ComputeRows() {
  values_.clear();
  for (int node = cores_count_; node <= tree_.root(); ++node) {
    const EmbeddingNode& of = tree_.nodes[static_cast<size_t>(node)];
    const NodeInput& input = inputs_[static_cast<size_t>(Inner(node))];
    const std::string name = fmt::format("{}.word: node {}", name_, node);
    const TensorId value =
        step_.NewTensor(name, TensorKind::kActivation, {kTokens, Constant(of.elements)});
    values_.push_back(value);
    // c[p][x y][q] = sum_s left[p][x][s] right[s][y][q]. The feature axis of c joins those of the
    // operands, x slower than y.
    const View left = NodeView(of.left, Value(of.left), 'p', 'x', 's');
    const View right = NodeView(of.right, Value(of.right), 's', 'y', 'q');
    View c = NodeView(node, value, 'p', 'x', 'q');
    c.axes[1] = {'x', left.axes[1].extent, right.axes[1].extent * right.axes[2].extent};
    c.axes.insert(c.axes.begin() + 2, {'y', right.axes[1].extent, right.axes[2].extent});
    step_.ContractList(name,
                       {.list = input.list,
                        .a_table = input.left,
                        .b_table = input.right,
                        .a_stride = SliceStride(of.left),
                        .b_stride = SliceStride(of.right),
                        .c_stride = SliceStride(node)},
                       c, left, right);
  }
}

TensorId WordEmbedding::Forward() {
  ComputeRows();
  const TensorId x = step_.Activation(name_ + ": x", Constant(shape_.columns()));
  step_.Append(name_ + ": x", ops::GatherColumns{},
               {.rows = Value(tree_.root()), .slot = slot_, .add = positions_}, {.y = x});
  return x;
}

// Scatters dx to the rows, then goes down the tree: d_left = dc right^T, d_right = left^T dc.
// Several entries of a node may use the same entry of a child, so gradients are zeroed and
// accumulated.
void WordEmbedding::Backward(TensorId dx) {
  std::vector<TensorId> gradients(tree_.nodes.size(), kNoTensor);
  for (int core = 0; core < cores_count_; ++core) {
    gradients[static_cast<size_t>(core)] = step_.Gradient(cores_[static_cast<size_t>(core)]);
    step_.ClearGradient(gradients[static_cast<size_t>(core)]);
  }
  const auto scatter = [&](TensorId rows, int list) {
    step_.Append(name_ + ": d rows", ops::ScatterColumns{.list = list, .accumulate = list < 0},
                 {.x = dx, .slot = slot_}, {.rows = rows});
  };
  if (cores_count_ == 1) {
    scatter(gradients[0], -1);  // the slots are rows of the table itself
  } else {
    for (int node = cores_count_; node <= tree_.root(); ++node) {
      const std::string name = fmt::format("{}.word: d node {}", name_, node);
      gradients[static_cast<size_t>(node)] =
          step_.NewTensor(name, TensorKind::kScratch,
                          {kTokens, Constant(tree_.nodes[static_cast<size_t>(node)].elements)});
    }
    scatter(gradients.back(), inputs_.back().list);
  }
  for (int node = cores_count_; node < tree_.root(); ++node) {
    step_.Append(name_ + ".word: d node: 0",
                 ops::Fill{.list = inputs_[static_cast<size_t>(Inner(node))].list}, {},
                 {.y = gradients[static_cast<size_t>(node)]});
  }
  for (int node = tree_.root(); node >= cores_count_; --node) {
    const EmbeddingNode& of = tree_.nodes[static_cast<size_t>(node)];
    const NodeInput& input = inputs_[static_cast<size_t>(Inner(node))];
    const View left = NodeView(of.left, Value(of.left), 'p', 'x', 's');
    const View right = NodeView(of.right, Value(of.right), 's', 'y', 'q');
    View dc = NodeView(node, gradients[static_cast<size_t>(node)], 'p', 'x', 'q');
    dc.axes[1] = {'x', left.axes[1].extent, right.axes[1].extent * right.axes[2].extent};
    dc.axes.insert(dc.axes.begin() + 2, {'y', right.axes[1].extent, right.axes[2].extent});

    View d_left = left, d_right = right;
    d_left.tensor = gradients[static_cast<size_t>(of.left)];
    d_right.tensor = gradients[static_cast<size_t>(of.right)];
    step_.ContractList(fmt::format("{}.word: d node {}", name_, of.right),
                       {.list = input.list,
                        .a_table = input.left,
                        .c_table = input.right,
                        .a_stride = SliceStride(of.left),
                        .b_stride = SliceStride(node),
                        .c_stride = SliceStride(of.right)},
                       d_right, left, dc, Result::kAccumulate);
    step_.ContractList(fmt::format("{}.word: d node {}", name_, of.left),
                       {.list = input.list,
                        .b_table = input.right,
                        .c_table = input.left,
                        .a_stride = SliceStride(node),
                        .b_stride = SliceStride(of.right),
                        .c_stride = SliceStride(of.left)},
                       d_left, dc, right, Result::kAccumulate);
  }
  UpdatePositions(dx);
  for (int core = 0; core < cores_count_; ++core) {
    step_.Update(cores_[static_cast<size_t>(core)], gradients[static_cast<size_t>(core)]);
  }
}

// positions[F][T] is added to x, so its gradient is dx. A direct update scales dx in place, because
// dx is not read later.
void WordEmbedding::UpdatePositions(TensorId dx) {
  if (step_.updates_directly()) {
    step_.ScaleByRate(positions_, dx);
    step_.Append(name_ + ".position: update", ops::AddColumns{}, {.x = dx}, {.y = positions_});
    return;
  }
  const TensorId gradient = step_.Gradient(positions_);
  step_.ClearGradient(gradient);
  step_.Append(name_ + ".position: gradient", ops::AddColumns{}, {.x = dx}, {.y = gradient});
  step_.Update(positions_, gradient);
}

}  // namespace bittern
