// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/layout/plane_partition.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include "accelerator/compiler/fuse/lowerings.h"
#include "accelerator/compiler/layout/contraction_cost.h"
#include "accelerator/compiler/layout/layout_search.h"
#include "accelerator/isa/accelerator.h"

namespace bittern {
namespace {

// Tensors with fewer words stay whole: the second plane would save less than the extra instructions
// cost. Tuned by hand on the presets; no experiment is recorded.
constexpr int64_t kLeastWords = 24;
// The cost in cycles of an operation that has no place on the array: more than any step takes.
constexpr int64_t kTooDear = int64_t{1} << 40;
// The most rounds over all tensors. The search ends earlier if a round changes no tensor. Tuned by
// hand on the presets; no experiment is recorded.
constexpr int kRounds = 4;

class PartitionSearch {
 public:
  PartitionSearch(const Graph& graph, const isa::Accelerator& machine,
                  std::vector<TensorLayout>& layout)
      : graph_(graph),
        machine_(machine),
        layouts_(layout),
        tied_(TiedTensors(graph)),
        axes_(graph.tensors.size()),
        ops_of_(graph.tensors.size()) {}

  void Run(const std::set<RefusedPartition>& refused) {
    Collect();
    KeepBlocksWhole();
    for (const auto& [id, split] : refused) Axes(id).erase(split);
    for (TensorId id = 0; id < std::ssize(axes_); ++id) {
      // The set is ascending, so the last element is the outermost axis.
      if (!Axes(id).empty()) Set(id, *Axes(id).rbegin());
    }
    ImproveAll();
    // Every repair clears the axes of at least one tensor with a partition, so this loop ends.
    while (Repair()) ImproveAll();
    for (size_t id = 0; id < layouts_.size(); ++id) {
      // Tied tensors have their own layout entries, which all get the same partition.
      const TensorLayout& of = At(static_cast<TensorId>(id));
      layouts_[id].split = of.split;
      layouts_[id].plane_step = of.plane_step;
    }
  }

 private:
  TensorId Tied(TensorId id) const { return tied_[static_cast<size_t>(id)]; }
  TensorLayout& At(TensorId id) { return layouts_[static_cast<size_t>(Tied(id))]; }
  std::set<int64_t>& Axes(TensorId id) { return axes_[static_cast<size_t>(Tied(id))]; }
  std::set<size_t>& OpsOf(TensorId id) { return ops_of_[static_cast<size_t>(Tied(id))]; }

  void Set(TensorId id, int64_t split) {
    TensorLayout& of = At(id);
    of.split = split;
    const isa::Region& region = isa::RegionOf(machine_, static_cast<int32_t>(of.kind));
    of.plane_step = split == 0 ? 0 : isa::PlaneStep(region, machine_.planes);
  }

  // Adds an axis (stride in elements, extent) to those along which a tensor can be halved.
  void AddAxis(TensorId id, int64_t stride, int64_t extent) {
    const TensorLayout& of = At(id);
    if (of.words() < kLeastWords || extent % 2 != 0 || stride <= 0) return;
    const bool lanes = stride == of.lane_stride && extent == of.lanes;
    // A plane has whole words, so neither the lane axis nor a part of it can be halved.
    const bool within = stride * extent <= of.lane_stride * of.lanes && stride >= of.lane_stride;
    if (lanes || within || of.blocks() > 1) return;
    int64_t split = stride * extent / 2;
    // If axes are joined, a half of them may be the lane axis or a part of it.
    if (split >= of.lane_stride && split % (of.lane_stride * of.lanes) != 0) return;
    Axes(id).insert(split);
  }

  // The rows of the word table, the activations that they are made into or from, and what a gather
  // adds to them (kNoTensor for a scatter). nullopt: another operation.
  struct RowsAndTokens {
    TensorId rows, x, add;
  };
  static std::optional<RowsAndTokens> RowsOf(const Op& op) {
    if (op.Is<ops::GatherColumns>()) {
      const auto in = op.Inputs<ops::GatherColumns>();
      return RowsAndTokens{in.rows, op.Outputs<ops::GatherColumns>().y, in.add};
    }
    if (op.Is<ops::ScatterColumns>()) {
      return RowsAndTokens{op.Outputs<ops::ScatterColumns>().rows,
                           op.Inputs<ops::ScatterColumns>().x, kNoTensor};
    }
    return std::nullopt;
  }

  void Collect() {
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const Op& op = graph_.ops[i];
      if (const auto of = RowsOf(op)) {
        // rows[T][F]: each plane has half of the features of every row.
        const int64_t features = At(of->rows).elements / graph_.tokens;
        // `groups` is the number of rank words in a row. A plane adds to its half of them in turn,
        // and the adder needs its distance between two additions to the same one.
        const int64_t groups = At(of->rows).words() / graph_.tokens;
        if (groups % 2 == 0 && groups / 2 >= machine_.accumulate_distance) {
          AddAxis(of->rows, 1, features);
          AddAxis(of->x, graph_.tokens, features);
          if (of->add != kNoTensor) AddAxis(of->add, graph_.tokens, features);
        }
        for (const TensorId id : {of->rows, of->x, of->add}) {
          if (id != kNoTensor) OpsOf(id).insert(i);
        }
        continue;
      }
      const auto* contract = op.As<ops::Contract>();
      if (contract == nullptr) continue;
      // Every index of a contraction is a possible axis, because one of its loops then halves the
      // operand.
      const auto axis = [&](TensorId id, Size Loop::*stride) {
        OpsOf(id).insert(i);
        for (const Loop& loop : contract->loops) {
          AddAxis(id, (loop.*stride).At(graph_.tokens), loop.extent.At(graph_.tokens));
        }
      };
      const auto in = op.Inputs<ops::Contract>();
      axis(op.Outputs<ops::Contract>().c, &Loop::c);
      axis(in.a, &Loop::a);
      axis(in.b, &Loop::b);
      if (in.start != kNoTensor) axis(in.start, &Loop::start);
    }
  }

  // The vector unit reduces over words in blocks of accumulate_distance words. Removes the axes
  // whose halves would cut a block.
  void KeepBlocksWhole() {
    const int64_t block = machine_.accumulate_distance;
    for (const Op& op : graph_.ops) {
      if (!LoweringOf(op).reduces_words) continue;
      for (const std::vector<TensorId>& ids : {Operands(op), op.out}) {
        for (const TensorId id : ids) {
          // `half` is the number of words that run before the other half takes its turn.
          std::erase_if(Axes(id), [&](int64_t split) {
            const int64_t half = split < At(id).lane_stride ? split : split / At(id).lanes;
            return half % block != 0 || At(id).words() % (2 * half) != 0;
          });
        }
      }
    }
  }

  // Cycles of the array, about, or kTooDear if the operation has no place with these partitions.
  int64_t Cost(const Op& op) {
    if (const auto of = RowsOf(op)) {
      const bool gather = of->add != kNoTensor;
      const TensorLayout &rows = At(of->rows), &x = At(of->x);
      const int64_t features = rows.elements / graph_.tokens;
      // The features are halved in rows [T][F] with stride 1 and in activations [F][T] with stride
      // T.
      const auto halved = [&](const TensorLayout& layout, int64_t stride) {
        return layout.split == stride * features / 2;
      };
      const bool add_split = !gather || halved(At(of->add), graph_.tokens);
      const bool add_whole = !gather || At(of->add).split == 0;
      // Either all operands are halved along the features, or all are whole. A mixture has no
      // lowering.
      if (halved(rows, 1) && halved(x, graph_.tokens) && add_split) return rows.words() / 2;
      return rows.split == 0 && x.split == 0 && add_whole ? rows.words() : kTooDear;
    }
    const auto in = op.Inputs<ops::Contract>();
    const int64_t elements = ContractionCycles(
        *op.As<ops::Contract>(), graph_.tokens, machine_, At(op.Outputs<ops::Contract>().c),
        At(in.a), At(in.b), in.start != kNoTensor ? &At(in.start) : nullptr);
    return elements < 0 ? kTooDear : elements;
  }
  // Only the operations that use the tensor can change their cost with its partition.
  int64_t CostOf(TensorId id) {
    int64_t cost = 0;
    for (const size_t op : OpsOf(id)) cost += Cost(graph_.ops[op]);
    return cost;
  }

  bool Improve(TensorId id) {
    const int64_t before = At(id).split;
    // A change must save cycles. An equal cost keeps the partition, so the rounds come to an end.
    int64_t best = before, least = CostOf(id);
    std::vector<int64_t> choices(Axes(id).begin(), Axes(id).end());
    // 0: the tensor stays whole.
    choices.push_back(0);
    for (const int64_t split : choices) {
      Set(id, split);
      const int64_t cost = CostOf(id);
      if (cost < least) {
        least = cost;
        best = split;
      }
    }
    Set(id, best);
    return best != before;
  }

  void ImproveAll() {
    bool better = true;
    for (int round = 0; round < kRounds && better; ++round) {
      better = false;
      for (TensorId id = 0; id < std::ssize(axes_); ++id) {
        if (!Axes(id).empty()) better |= Improve(id);
      }
    }
  }

  // The search changes one tensor at a time, so it may not leave a state in which an operation has
  // no place. The tensors of the first such operation then stay whole. Returns true if there was
  // one.
  bool Repair() {
    for (const Op& op : graph_.ops) {
      if ((!op.Is<ops::Contract>() && !RowsOf(op)) || Cost(op) < kTooDear) continue;
      bool changed = false;
      for (const std::vector<TensorId>& ids : {Operands(op), op.out}) {
        for (const TensorId id : ids) {
          changed |= At(id).split != 0;
          Axes(id).clear();
          Set(id, 0);
        }
      }
      if (changed) return true;
    }
    return false;
  }

  const Graph& graph_;
  const isa::Accelerator& machine_;
  std::vector<TensorLayout>& layouts_;
  const std::vector<TensorId> tied_;
  std::vector<std::set<int64_t>> axes_;  // by tied tensor
  std::vector<std::set<size_t>> ops_of_;
};

}  // namespace

void PartitionPlanes(const Graph& graph, const isa::Accelerator& machine,
                     const std::set<RefusedPartition>& refused, std::vector<TensorLayout>& layout) {
  if (machine.planes > 1) PartitionSearch(graph, machine, layout).Run(refused);
}

}  // namespace bittern
