// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/schedule/loop_rolling.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"

namespace bittern {
namespace {

// The dropout stream of an operation, or nullptr if it has none.
int* StreamOf(Operation& operation) {
  return std::visit(
      [](auto& of) -> int* {
        if constexpr (requires { of.dropout; }) {
          return &of.dropout.stream;
        } else {
          return nullptr;
        }
      },
      operation);
}

// True if two operations differ only in their tensors, the dropout stream and the name. A
// contraction over a list is a loop itself, and the machine does not nest loops.
bool Alike(const Op& a, const Op& b) {
  Operation x = a.operation, y = b.operation;
  for (const Operation* of : {&x, &y}) {
    const auto* contract = std::get_if<ops::Contract>(of);
    if (contract != nullptr && contract->gather.list >= 0) return false;
  }
  for (Operation* of : {&x, &y}) {
    // Streams may differ from iteration to iteration by a constant step, which TripStep checks.
    if (int* stream = StreamOf(*of)) *stream = 0;
  }
  return x == y;
}

// Maps the tensors of one iteration to those of the next one.
class TripStep {
 public:
  TripStep(const std::vector<FusionGroup>& from, const std::vector<FusionGroup>& to,
           const std::vector<TensorLayout>& layout)
      : layouts_(layout) {
    // Both iterations must have the same groups with the same operations in the same order.
    alike_ = from.size() == to.size();
    for (size_t i = 0; alike_ && i < from.size(); ++i) {
      alike_ = from[i].size() == to[i].size();
      for (size_t n = 0; alike_ && n < from[i].size(); ++n) Meet(from[i][n], to[i][n]);
    }
  }

  bool alike() const { return alike_; }
  const std::map<TensorId, TensorId>& next() const { return next_; }
  int stream_step() const { return stream_step_.value_or(0); }

 private:
  void Meet(const Op& a, const Op& b) {
    alike_ = Alike(a, b);
    Operation x = a.operation, y = b.operation;
    const int *from = StreamOf(x), *to = StreamOf(y);
    if (alike_ && from != nullptr) {
      // An instruction has one stream step for the loop, so all operations must agree on it.
      if (!stream_step_) stream_step_ = *to - *from;
      alike_ = *stream_step_ == *to - *from;
    }
    for (size_t i = 0; alike_ && i < a.in.size(); ++i) Meet(a.in[i], b.in[i]);
    for (size_t i = 0; alike_ && i < a.out.size(); ++i) Meet(a.out[i], b.out[i]);
  }
  void Meet(TensorId a, TensorId b) {
    // An optional operand must be present in both iterations or in neither.
    if (a == kNoTensor || b == kNoTensor) {
      alike_ = a == b;
      return;
    }
    // A tensor that occurs several times must have the same successor every time. Both need the
    // same layout, because one instruction reads both.
    const auto at = next_.try_emplace(a, b).first;
    const TensorLayout &x = layouts_[static_cast<size_t>(a)], &y = layouts_[static_cast<size_t>(b)];
    alike_ = at->second == b && x == y;
  }

  const std::vector<TensorLayout>& layouts_;
  bool alike_ = true;
  std::map<TensorId, TensorId> next_;
  std::optional<int> stream_step_;
};

// For each tensor the only part that uses it, or -1 if several parts do. A tensor that lives within
// one iteration can be used again by the next one, so it needs no sequence.
std::map<TensorId, int> OnlySections(const std::vector<std::vector<FusionGroup>>& parts) {
  std::map<TensorId, int> only;
  for (int i = 0; i < std::ssize(parts); ++i) {
    for (const FusionGroup& group : parts[static_cast<size_t>(i)]) {
      for (const Op& op : group) {
        for (const std::vector<TensorId>& ids : {Operands(op), op.out}) {
          for (const TensorId id : ids) {
            const auto at = only.try_emplace(id, i).first;
            if (at->second != i) at->second = -1;
          }
        }
      }
    }
  }
  return only;
}

// Sequences of tensors, from the pairs that neighbouring iterations of some loop use. The forward
// and the backward loop use the same activations in opposite order, so an edge has no direction.
std::vector<std::vector<TensorId>> Paths(const std::map<TensorId, std::set<TensorId>>& neighbours) {
  std::vector<std::vector<TensorId>> paths;
  std::set<TensorId> seen;
  // Neighbours form chains. A tensor with one neighbour is an end of a chain, from which the walk
  // starts.
  for (const auto& [end, of_end] : neighbours) {
    BITTERN_CHECK(of_end.size() <= 2);  // a tensor has one place, so at most two neighbours
    if (of_end.size() != 1 || seen.contains(end)) continue;
    std::vector<TensorId> path = {end};
    seen.insert(end);
    for (bool more = true; more;) {
      more = false;
      for (const TensorId id : neighbours.at(path.back())) {
        if (!seen.insert(id).second) continue;
        // At most one neighbour is new: the other one is where the walk came from.
        path.push_back(id);
        more = true;
        break;
      }
    }
    paths.push_back(std::move(path));
  }
  BITTERN_CHECK(seen.size() == neighbours.size());  // a cycle has no end to begin with
  return paths;
}

}  // namespace

RolledStep RollLoops(std::vector<FusionGroup> groups, const Graph& graph,
                     const std::vector<TensorLayout>& layout) {
  std::vector<std::vector<FusionGroup>> parts;  // one for each iteration and for the code between
  for (FusionGroup& group : groups) {
    // All operations of a group are in one iteration (fusion_groups.cc), so the first one decides.
    const auto same = [&](const FusionGroup& other) {
      return other[0].loop == group[0].loop && other[0].iteration == group[0].iteration;
    };
    if (parts.empty() || !same(parts.back().front())) parts.emplace_back();
    parts.back().push_back(std::move(group));
  }
  // One set more than parts: no section follows the last one.
  std::vector<std::set<TensorId>> reads(parts.size() + 1);
  for (size_t i = 0; i < parts.size(); ++i) {
    for (const FusionGroup& group : parts[i]) {
      for (const Op& op : group) {
        const std::vector<TensorId> of = Reads(op);
        reads[i].insert(of.begin(), of.end());
      }
    }
  }
  const std::map<TensorId, int> only = OnlySections(parts);
  // A local tensor is made and used in one iteration. All iterations can use the words of the first
  // one's tensor.
  const auto local = [&](TensorId id) { return only.at(id) >= 0 && !graph.At(id).persistent; };

  RolledStep sections;
  std::map<TensorId, std::set<TensorId>> neighbours;
  for (size_t i = 0; i < parts.size();) {
    Section section;
    section.wanted = reads[i + 1];
    // Takes as many of the following iterations as continue in the same way.
    size_t end = i + 1;
    while (end < parts.size() && parts[end][0][0].loop >= 0 &&
           parts[end][0][0].loop == parts[i][0][0].loop) {
      // Each iteration is compared with the one before, so that every step has the same tensors and
      // stream step.
      const TripStep step(parts[end - 1], parts[end], layout);
      if (!step.alike() || (section.iterations > 1 && step.stream_step() != section.stream_step))
        break;
      section.stream_step = step.stream_step();
      for (const auto& [tensor, next] : step.next()) {
        if (tensor == next || local(tensor)) continue;
        // `next` has the step from the first to the second iteration. Later steps have the same
        // stride, because the tensors of a sequence are adjacent and of equal size.
        if (section.iterations == 1) section.next.emplace(tensor, next);
        neighbours[tensor].insert(next);
        neighbours[next].insert(tensor);
      }
      ++section.iterations;
      ++end;
    }
    // A part that belongs to no loop becomes a section of one iteration.
    section.groups = std::move(parts[i]);
    sections.list.push_back(std::move(section));
    i = end;
  }
  sections.loop_indexed = Paths(neighbours);
  return sections;
}

}  // namespace bittern
