// SPDX-License-Identifier: Apache-2.0
#include "graph/arena_checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <type_traits>
#include <variant>

namespace bittern {
namespace {

constexpr int64_t kLine = 64;  // bytes; blocks begin at lines
constexpr TensorId kUnwritten = -1;

// The operations that always add to their results. Updates are not among them: their results are
// parameters and states, which are taken as read in any case.
template <class O>
constexpr bool kAdds = std::is_same_v<O, ops::AddColumn> || std::is_same_v<O, ops::AddColumns>;

bool AddsToResults(const Op& op) {
  return std::visit(
      []<class O>(const O& attributes) {
        static_assert(
            kAdds<O> || O::kInfo.effect == Effect::kOverwrites || O::kInfo.stage == Stage::kUpdate,
            "the table says that this operation changes its results; kAdds does not");
        static_assert(!kAdds<O> || O::kInfo.effect == Effect::kChanges,
                      "kAdds says that this operation changes its results; the table does not");
        if constexpr (requires { attributes.accumulate; }) {
          return attributes.accumulate;
        } else {
          return kAdds<O>;
        }
      },
      op.operation);
}

// Runs through the step once and keeps, for each line of the arena, the tensor that wrote it last.
class Replay {
 public:
  Replay(const Graph& graph, const ArenaPlan& plan) : graph_(graph), plan_(plan) {
    // Blocks begin at lines, so a line belongs to one block at a time.
    lines_.assign(static_cast<size_t>(plan.peak_bytes / kLine), kUnwritten);
  }

  std::vector<std::string> Run() {
    if (plan_.blocks.size() != graph_.tensors.size()) {
      return {fmt::format("the plan has {} blocks, the graph {} tensors", plan_.blocks.size(),
                          graph_.tensors.size())};
    }
    for (TensorId id = 0; id < static_cast<TensorId>(graph_.tensors.size()); ++id) {
      // A tensor that nothing touches has no bytes, so its place is not checked.
      if (!Touched(id) && !graph_.At(id).persistent) continue;
      CheckPlace(id);
    }
    // The replay indexes lines by the plan's offsets, so a block outside the arena must end it
    // here.
    if (!faults_.empty()) return faults_;
    // Persistent tensors were written by an earlier step, or by the host.
    where_ = "before the step";
    for (TensorId id = 0; id < static_cast<TensorId>(graph_.tensors.size()); ++id) {
      if (graph_.At(id).persistent) Write(id);
    }
    for (const Op& op : graph_.ops) {
      where_ = op.name;
      // The rule for reads stands here a second time on purpose: the planner's may be wrong.
      std::set<TensorId> reads(op.in.begin(), op.in.end());
      reads.erase(kNoTensor);
      const bool adds = AddsToResults(op);
      for (const TensorId id : op.out) {
        if (adds || graph_.At(id).IsCheckpointed()) reads.insert(id);
      }
      // All reads come before all writes: an operation may overwrite an operand only in place.
      for (const TensorId id : reads) Read(id);
      for (const TensorId id : op.out) {
        Write(id);
        for (const TensorId other : reads) {
          // The same tensor as operand and result is an operation in place.
          if (other != id && Shares(id, other)) {
            Fault(fmt::format("its result {} shares bytes with its operand {}", graph_.At(id).name,
                              graph_.At(other).name));
          }
        }
      }
      for (const TensorId id : op.out) Read(id);  // no result may destroy another
    }
    // The next step reads persistent tensors, so their bytes must still be intact.
    where_ = "after the step";
    for (TensorId id = 0; id < static_cast<TensorId>(graph_.tensors.size()); ++id) {
      if (graph_.At(id).persistent) Read(id);
    }
    return faults_;
  }

 private:
  int64_t Bytes(TensorId id) const { return graph_.At(id).Elements(graph_.tokens) * 4; }
  int64_t Begin(TensorId id) const { return plan_.blocks[static_cast<size_t>(id)].offset / kLine; }
  int64_t End(TensorId id) const {
    // The last line of a block may be filled only in part, but belongs to the block as a whole.
    return (plan_.blocks[static_cast<size_t>(id)].offset + Bytes(id) + kLine - 1) / kLine;
  }
  bool Shares(TensorId a, TensorId b) const { return Begin(a) < End(b) && Begin(b) < End(a); }
  void Fault(const std::string& what) { faults_.push_back(where_ + ": " + what); }

  bool Touched(TensorId id) const {
    const auto has = [id](const auto& ids) { return std::ranges::find(ids, id) != ids.end(); };
    return std::ranges::any_of(graph_.ops, [&](const Op& op) { return has(op.in) || has(op.out); });
  }

  void CheckPlace(TensorId id) {
    const int64_t offset = plan_.blocks[static_cast<size_t>(id)].offset;
    where_ = "the plan";
    if (offset < 0 || offset + Bytes(id) > plan_.peak_bytes) {
      Fault(fmt::format("{} at {} with {} bytes is outside the arena of {} bytes",
                        graph_.At(id).name, offset, Bytes(id), plan_.peak_bytes));
    } else if (offset % kLine != 0) {
      Fault(fmt::format("{} at {} is not aligned to {}", graph_.At(id).name, offset, kLine));
    }
  }

  void Write(TensorId id) {
    for (int64_t line = Begin(id); line < End(id); ++line) lines_[static_cast<size_t>(line)] = id;
  }

  void Read(TensorId id) {
    for (int64_t line = Begin(id); line < End(id); ++line) {
      const TensorId owner = lines_[static_cast<size_t>(line)];
      if (owner == id) continue;
      // One fault for each read is enough, although more lines may be wrong.
      Fault(owner == kUnwritten
                ? fmt::format("reads {}, which nothing has written", graph_.At(id).name)
                : fmt::format("reads {}, but {} was written over it", graph_.At(id).name,
                              graph_.At(owner).name));
      return;
    }
  }

  const Graph& graph_;
  const ArenaPlan& plan_;
  std::vector<TensorId> lines_;  // the tensor that wrote each line last
  std::string where_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> CheckArena(const Graph& graph, const ArenaPlan& plan) {
  return Replay(graph, plan).Run();
}

}  // namespace bittern
