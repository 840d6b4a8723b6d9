// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/testing/small_graphs.h"

#include <optional>

#include "accelerator/compiler/compile.h"
#include "base/error.h"

namespace bittern {
namespace {

// Tensors of features by tokens, and of features by features.
struct SmallBuilder : Builder {
  SmallBuilder() : Builder(kSmallTokens) {}

  TensorId Columns(const std::string& name, TensorKind kind) {
    return NewTensor(name, kind, {Constant(kSmallFeatures), kTokens});
  }
  TensorId Square(const std::string& name, TensorKind kind) {
    return NewTensor(name, kind, {Constant(kSmallFeatures), Constant(kSmallFeatures)});
  }
  Graph Finished() {
    Graph graph = Take();
    graph.update_begin = static_cast<int>(graph.ops.size());
    return graph;
  }
};

std::string Numbered(const std::string& name, int i) { return name + "." + std::to_string(i); }

}  // namespace

Graph TwoLayers() {
  SmallBuilder b;
  constexpr int kLayers = 2;
  std::vector<TensorId> h, y, w, dh;
  for (int i = 0; i <= kLayers; ++i) {
    h.push_back(b.Columns(Numbered("h", i), i == 0 ? TensorKind::kInput : TensorKind::kActivation));
  }
  for (int i = 0; i < kLayers; ++i) {
    y.push_back(b.Columns(Numbered("y", i), TensorKind::kActivation));
  }
  for (int i = 0; i < kLayers; ++i) {
    w.push_back(b.Square(Numbered("w", i), TensorKind::kParameter));
  }
  for (int i = 0; i <= kLayers; ++i) {
    dh.push_back(b.Columns(Numbered("dh", i), TensorKind::kScratch));
  }
  const TensorId v = b.Square("v", TensorKind::kParameter);
  const TensorId out = b.Columns("out", TensorKind::kOutput);
  const TensorId d_out = b.Columns("dout", TensorKind::kInput);
  for (int i = 0; i < kLayers; ++i) {
    const auto n = static_cast<size_t>(i);
    b.BeginIteration(0, i);
    b.Contract(Numbered("y", i), b.Of(y[n], "mt"), b.Of(w[n], "mn"), b.Of(h[n], "nt"));
    b.Append(Numbered("h", i + 1), ops::Gelu{}, {.x = y[n]}, {.y = h[n + 1]});
  }
  b.EndLoop();
  b.Contract("out", b.Of(out, "mt"), b.Of(v, "mn"), b.Of(h[kLayers], "nt"));
  b.Contract("dh.2", b.Of(dh[kLayers], "nt"), b.Of(v, "mn"), b.Of(d_out, "mt"));
  for (int i = kLayers; i-- > 0;) {
    const auto n = static_cast<size_t>(i);
    b.BeginIteration(1, kLayers - 1 - i);
    const TensorId dy = b.Columns(Numbered("dy", i), TensorKind::kScratch);
    const TensorId dw = b.Square(Numbered("dw", i), TensorKind::kGradient);
    b.Append(Numbered("dy", i), ops::GeluGrad{}, {.dy = dh[n + 1], .x = y[n]}, {.dx = dy});
    b.Contract(Numbered("dh", i), b.Of(dh[n], "nt"), b.Of(w[n], "mn"), b.Of(dy, "mt"));
    b.Contract(Numbered("dw", i), b.Of(dw, "mn"), b.Of(dy, "mt"), b.Of(h[n], "nt"));
    b.Append(Numbered("w", i), ops::Sgd{.rate_factor = 1}, {.gradient = dw}, {.parameter = w[n]});
  }
  b.EndLoop();
  return b.Finished();
}

Graph SumWithMoments() {
  SmallBuilder b;
  const TensorId x = b.Columns("a", TensorKind::kInput);
  const TensorId r = b.Columns("b", TensorKind::kInput);
  const TensorId sum = b.Columns("s", TensorKind::kOutput);
  const TensorId moments = b.NewTensor("moments", TensorKind::kOutput, {Constant(2), kTokens});
  const TensorId gelu = b.Columns("t", TensorKind::kOutput);
  b.Append("s", ops::Add{}, {.a = x, .b = r}, {.y = sum});
  b.Append("t", ops::Gelu{}, {.x = x}, {.y = gelu});
  b.Append("moments", ops::Moments{.epsilon = 1e-5}, {.x = sum}, {.moments = moments});
  return b.Finished();
}

Graph GradientInPlace() {
  SmallBuilder b;
  const TensorId w = b.Square("w", TensorKind::kParameter);
  const TensorId h = b.Columns("h", TensorKind::kInput);
  const TensorId x = b.Columns("x", TensorKind::kInput);
  const TensorId dy = b.Columns("dy", TensorKind::kScratch);
  const TensorId out = b.Columns("out", TensorKind::kOutput);
  b.Contract("product", b.Of(dy, "mt"), b.Of(w, "mn"), b.Of(h, "nt"));
  b.Append("gradient", ops::GeluGrad{}, {.dy = dy, .x = x}, {.dx = dy});
  b.Contract("out", b.Of(out, "mt"), b.Of(w, "mn"), b.Of(dy, "nt"));
  return b.Finished();
}

Graph SumZeroedLate() {
  SmallBuilder b;
  const TensorId w = b.Square("w", TensorKind::kParameter);
  const TensorId h = b.Columns("h", TensorKind::kInput);
  const TensorId p = b.Columns("p", TensorKind::kActivation);
  const TensorId g = b.Square("g", TensorKind::kGradient);
  b.MakePersistent(g);
  b.Contract("p", b.Of(p, "mt"), b.Of(w, "mn"), b.Of(h, "nt"));
  b.Append("zero", ops::Fill{}, {}, {.y = g});
  b.Contract("g", b.Of(g, "mn"), b.Of(p, "mt"), b.Of(h, "nt"), Result::kAccumulate);
  return b.Finished();
}

std::vector<std::string> Kinds(const std::vector<Op>& ops) {
  std::vector<std::string> kinds;
  for (const Op& op : ops) kinds.emplace_back(Name(op.operation));
  return kinds;
}

const Op& OpNamed(const std::vector<Op>& ops, std::string_view name) {
  for (const Op& op : ops) {
    if (op.name == name) return op;
  }
  Fail("no operation is named \"{}\"", name);
}

bool Accumulates(const Op& op) { return op.As<ops::Contract>()->accumulate; }

Compilation StateAfter(std::string_view pass, const Graph& graph, const isa::Accelerator& machine) {
  std::optional<Compilation> state;
  TryCompile(graph, machine, [&](const Pass& of, const Compilation& compilation) {
    if (of.name == pass) state.emplace(compilation);
  });
  if (!state) Fail("the compiler has not run pass \"{}\"", pass);
  return *state;
}

}  // namespace bittern
