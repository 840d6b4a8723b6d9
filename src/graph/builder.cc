#include "graph/builder.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace bittern {
namespace {

std::vector<int> Labels(std::string_view text) { return {text.begin(), text.end()}; }

const Axis* FindAxis(const View& view, int label) {
  const auto found = std::find_if(view.axes.begin(), view.axes.end(),
                                  [label](const Axis& axis) { return axis.label == label; });
  return found == view.axes.end() ? nullptr : &*found;
}

}  // namespace

TensorId Builder::NewTensor(std::string name, TensorKind kind, std::vector<Size> shape,
                            ElementType type) {
  const bool persistent = kind == TensorKind::kParameter || kind == TensorKind::kState ||
                          kind == TensorKind::kInput || kind == TensorKind::kOutput;
  graph_.tensors.push_back({std::move(name), kind, type, std::move(shape), persistent, part_});
  return static_cast<TensorId>(graph_.tensors.size() - 1);
}

int Builder::NewPart(ModelPart part) {
  graph_.parts.push_back(std::move(part));
  return static_cast<int>(graph_.parts.size() - 1);
}

void Builder::MakePersistent(TensorId tensor) {
  graph_.tensors[static_cast<size_t>(tensor)].persistent = true;
}

View Builder::Of(TensorId tensor, const std::vector<int>& labels) const {
  return As(tensor, labels, graph_.At(tensor).shape);
}

View Builder::Of(TensorId tensor, std::string_view labels) const {
  return Of(tensor, Labels(labels));
}

View Builder::As(TensorId tensor, const std::vector<int>& labels,
                 const std::vector<Size>& extents) const {
  BITTERN_CHECK(labels.size() == extents.size());
  Size all = Constant(1);
  for (const Size& extent : graph_.At(tensor).shape) all = all * extent;
  View view{tensor, std::vector<Axis>(labels.size())};
  Size stride = Constant(1);
  for (size_t i = labels.size(); i-- > 0;) {
    view.axes[i] = {labels[i], extents[i], stride};
    stride = stride * extents[i];
  }
  BITTERN_CHECK(stride == all);
  return view;
}

View Builder::As(TensorId tensor, std::string_view labels, const std::vector<Size>& extents) const {
  return As(tensor, Labels(labels), extents);
}

Op& Builder::Contract(std::string name, const View& c, const View& a, const View& b, Result result,
                      const View& start, double scale) {
  Op op{.kind = OpKind::kContract,
        .name = std::move(name),
        .in = {a.tensor, b.tensor},
        .out = {c.tensor}};
  op.accumulate = result == Result::kAccumulate;
  op.scale = scale;
  BITTERN_CHECK(!(op.accumulate && start.tensor != kNoTensor));
  if (start.tensor != kNoTensor) op.in.push_back(start.tensor);

  // Result's axes first, then the summed ones, each once.
  std::vector<int> labels;
  for (const View* view : {&c, &a, &b}) {
    for (const Axis& axis : view->axes) {
      if (std::find(labels.begin(), labels.end(), axis.label) == labels.end()) {
        labels.push_back(axis.label);
      }
    }
  }
  for (const int label : labels) {
    Loop loop{};
    const auto take = [&](const View& view, Size Loop::*stride) {
      const Axis* axis = FindAxis(view, label);
      if (axis == nullptr) return;
      BITTERN_CHECK(loop.extent == Size{} || loop.extent == axis->extent);
      loop.extent = axis->extent;
      loop.*stride = axis->stride;
    };
    take(c, &Loop::c);
    take(a, &Loop::a);
    take(b, &Loop::b);
    take(start, &Loop::start);
    op.loops.push_back(loop);
  }
  for (const Axis& axis : start.axes) BITTERN_CHECK(FindAxis(c, axis.label) != nullptr);
  return Push(std::move(op));
}

Op& Builder::Append(OpKind kind, std::string name, std::vector<TensorId> in,
                    std::vector<TensorId> out) {
  return Push({.kind = kind, .name = std::move(name), .in = std::move(in), .out = std::move(out)});
}

Op& Builder::Push(Op op) {
  op.repeat = repeat_;
  op.trip = trip_;
  op.part = part_;
  graph_.ops.push_back(std::move(op));
  return graph_.ops.back();
}

}  // namespace bittern
