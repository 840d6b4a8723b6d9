// SPDX-License-Identifier: Apache-2.0
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

// One loop for each label: the result's axes first, then the summed ones. An operand without the
// label has stride 0 in the loop.
std::vector<Loop> LoopsOf(const View& c, const View& a, const View& b, const View& start) {
  std::vector<int> labels;
  for (const View* view : {&c, &a, &b}) {
    for (const Axis& axis : view->axes) {
      if (std::find(labels.begin(), labels.end(), axis.label) == labels.end()) {
        labels.push_back(axis.label);
      }
    }
  }
  std::vector<Loop> loops;
  for (const int label : labels) {
    Loop loop{.extent = Size{}};
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
    loops.push_back(loop);
  }
  for (const Axis& axis : start.axes) BITTERN_CHECK(FindAxis(c, axis.label) != nullptr);
  return loops;
}

}  // namespace

TensorId Builder::NewTensor(std::string name, TensorKind kind, std::vector<Size> shape,
                            ElementType type) {
  // A checkpoint or the host uses these between steps.
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
  // Row-major: the last axis is contiguous, each earlier one steps over all axes after it.
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

void Builder::Contract(std::string name, const View& c, const View& a, const View& b, Result result,
                       const View& start, double scale) {
  // An accumulated result starts from itself, so it has no other start.
  const bool accumulate = result == Result::kAccumulate;
  BITTERN_CHECK(!(accumulate && start.tensor != kNoTensor));
  Append(std::move(name),
         ops::Contract{.loops = LoopsOf(c, a, b, start), .scale = scale, .accumulate = accumulate},
         {.a = a.tensor, .b = b.tensor, .start = start.tensor}, {.c = c.tensor});
}

void Builder::ContractList(std::string name, const ListSlices& slices, const View& c, const View& a,
                           const View& b, Result result) {
  Append(std::move(name),
         ops::Contract{.loops = LoopsOf(c, a, b, {}),
                       .gather = {.list = slices.list,
                                  .a_stride = slices.a_stride,
                                  .b_stride = slices.b_stride,
                                  .c_stride = slices.c_stride},
                       .accumulate = result == Result::kAccumulate},
         {.a = a.tensor,
          .b = b.tensor,
          .a_table = slices.a_table,
          .b_table = slices.b_table,
          .c_table = slices.c_table},
         {.c = c.tensor});
}

void Builder::Push(Op op) {
  op.loop = loop_;
  op.iteration = iteration_;
  op.part = part_;
  graph_.ops.push_back(std::move(op));
}

}  // namespace bittern
