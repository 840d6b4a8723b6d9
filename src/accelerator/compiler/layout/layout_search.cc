// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/layout/layout_search.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "accelerator/compiler/layout/array_mapping.h"
#include "accelerator/compiler/layout/contraction_cost.h"
#include "accelerator/compiler/layout/least_choice.h"
#include "base/error.h"

namespace bittern {
namespace {

class LayoutSearch {
 public:
  LayoutSearch(const Graph& graph, const isa::Accelerator& machine)
      : graph_(graph), machine_(machine), tokens_(graph.tokens), layouts_(graph.tensors.size()) {}

  std::vector<TensorLayout> Run() {
    tied_ = TiedTensors(graph_);
    FixKnown();
    Collect();
    for (const std::vector<TensorId>& component : Components()) Solve(component);
    for (size_t id = 0; id < layouts_.size(); ++id) {
      layouts_[id] = layouts_[static_cast<size_t>(tied_[id])];
    }
    return layouts_;
  }

 private:
  // Tied tensors share one layout, which is stored under the number of the tensor they are tied to.
  TensorLayout& At(TensorId id) { return layouts_[static_cast<size_t>(Tied(id))]; }
  TensorId Tied(TensorId id) const { return tied_[static_cast<size_t>(id)]; }
  bool Known(TensorId id) { return At(id).elements > 0; }

  void Fix(TensorId id, TensorLayout layout) {
    layout.elements = graph_.At(id).Elements(tokens_);
    At(id) = layout;
  }

  // Fixes the layouts that need no search. An activation has its tokens in the lanes. A vector is a
  // list of scalars.
  void FixKnown() {
    // The tokens are the last axis of an activation [F][T], so the lane stride is 1.
    const TensorLayout columns{.kind = WordKind::kToken, .lanes = tokens_, .width = machine_.lanes};
    for (TensorId id = 0; id < std::ssize(graph_.tensors); ++id) {
      const Tensor& tensor = graph_.At(id);
      if (tensor.type == ElementType::kI32) {
        // The host writes integers into index tables, which are no words of memory.
        continue;
      } else if (tensor.kind == TensorKind::kOutput || tensor.shape.back().power > 0) {
        Fix(id, columns);
      } else if (tensor.shape.size() == 1) {
        Fix(id, {.kind = WordKind::kScalar});
      }
    }
    for (const Op& op : graph_.ops) {
      // A table of positions [F][T] is a parameter, so its shape does not depend on the token
      // count. It is added to activations, so it needs their lanes.
      if (op.Is<ops::AddColumns>()) Fix(op.Outputs<ops::AddColumns>().y, columns);
      if (op.Is<ops::GatherColumns>()) Fix(op.Inputs<ops::GatherColumns>().add, columns);
    }
    if (tokens_ > machine_.lanes) {
      Fail(
          "accelerator: the model takes {} tokens, {} has {} lanes; shorten model.tokens to {} or "
          "choose another accelerator",
          tokens_, machine_.name, machine_.lanes, machine_.lanes);
    }
  }

  // The contractions and the possible lane axes of every tensor that is not fixed.
  void Collect() {
    axes_.resize(graph_.tensors.size());
    rows_.resize(graph_.tensors.size());
    for (const Op& op : graph_.ops) {
      // The rows of the word table are rank words in a product with a selection of tokens. So their
      // lanes must be features.
      const auto of_rows = [&](TensorId id) { rows_[static_cast<size_t>(Tied(id))] = true; };
      if (op.Is<ops::GatherColumns>()) of_rows(op.Inputs<ops::GatherColumns>().rows);
      if (op.Is<ops::ScatterColumns>()) of_rows(op.Outputs<ops::ScatterColumns>().rows);
      const auto* contract = op.As<ops::Contract>();
      if (contract == nullptr) continue;
      const auto in = op.Inputs<ops::Contract>();
      bool open = false;
      for (const auto& [id, stride] : {std::pair{op.Outputs<ops::Contract>().c, &Loop::c},
                                       std::pair{in.a, &Loop::a}, std::pair{in.b, &Loop::b}}) {
        // An axis can lie across lanes only if one loop of the contraction runs over it.
        if (Known(id)) continue;
        open = true;
        for (const Loop& loop : contract->loops) {
          const int64_t extent = loop.extent.At(tokens_), step = (loop.*stride).At(tokens_);
          // A stride of 0 means that the tensor does not have this index.
          if (extent <= 1 || step <= 0) continue;
          auto& axes = axes_[static_cast<size_t>(Tied(id))];
          axes.insert({step, extent});
          // The features of a row of the word table are joined modes; the last one fits a word.
          for (int64_t part = 2; step == 1 && part <= machine_.rows; ++part) {
            if (extent % part == 0) axes.insert({step, part});
          }
        }
      }
      // A contraction of known layouts has a fixed cost, so it cannot decide anything.
      if (open) ops_.push_back(&op);
    }
  }

  std::vector<TensorId> Unknowns(const Op& op) {
    std::vector<TensorId> unknown;
    const auto in = op.Inputs<ops::Contract>();
    for (const TensorId id : {op.Outputs<ops::Contract>().c, in.a, in.b}) {
      if (!Known(id) && std::find(unknown.begin(), unknown.end(), Tied(id)) == unknown.end()) {
        unknown.push_back(Tied(id));
      }
    }
    return unknown;
  }

  // Unknown tensors that meet in contractions, in the order in which the contractions meet them.
  std::vector<std::vector<TensorId>> Components() {
    std::vector<std::vector<TensorId>> components;
    std::set<TensorId> seen;
    for (const Op* start : ops_) {
      std::vector<TensorId> component;
      std::vector<TensorId> queue = Unknowns(*start);
      for (size_t i = 0; i < queue.size(); ++i) {
        if (!seen.insert(queue[i]).second) continue;
        // All tensors in a contraction with this one belong to its component. The queue may hold a
        // tensor several times.
        component.push_back(queue[i]);
        for (const Op* op : ops_) {
          const std::vector<TensorId> meets = Unknowns(*op);
          if (std::find(meets.begin(), meets.end(), queue[i]) == meets.end()) continue;
          queue.insert(queue.end(), meets.begin(), meets.end());
        }
      }
      if (!component.empty()) components.push_back(std::move(component));
    }
    return components;
  }

  // Returns a candidate in rank words for each possible lane axis. A bond that is longer than a
  // rank word needs several blocks. If it fits a token word, the token word is a second candidate.
  // The TTM bond of 30 is such a case.
  std::vector<TensorLayout> Candidates(TensorId id) const {
    std::vector<TensorLayout> candidates;
    const int64_t elements = graph_.At(id).Elements(tokens_);
    const int64_t rows = machine_.rows;
    for (const auto& [stride, extent] : axes_[static_cast<size_t>(id)]) {
      const bool row_of_words = rows_[static_cast<size_t>(id)];
      if (row_of_words && (stride != 1 || extent > rows)) continue;
      candidates.push_back({WordKind::kRank, elements, stride, extent, rows});
      if (extent > rows && extent <= machine_.lanes) {
        candidates.push_back({WordKind::kToken, elements, stride, extent, machine_.lanes});
      }
    }
    return candidates;
  }

  void Solve(const std::vector<TensorId>& component) {
    std::vector<std::vector<TensorLayout>> candidates;
    std::vector<size_t> counts;
    for (const TensorId id : component) {
      candidates.push_back(Candidates(id));
      counts.push_back(candidates.back().size());
    }
    std::vector<ChoiceCost> costs;
    for (const Op* op : ops_) {
      if (auto cost = CostOf(*op, component, candidates)) costs.push_back(std::move(*cost));
    }
    // Components share no contraction, so the least sum of each one gives the least sum of all.
    const LeastChoice choice = ChooseLeast(counts, costs);
    if (choice.too_large) {
      Fail(
          "accelerator: \"{}\" is one of {} tensors that meet in too many products for a search of "
          "their layouts; train with another contraction order or fewer cores, or on the CPU",
          graph_.At(component.front()).name, component.size());
    }
    if (choice.candidates.empty()) {
      Fail(
          "accelerator: no layout of \"{}\" and what it is multiplied with gives every product a "
          "place on the array; train this format or contraction order on the CPU",
          graph_.At(component.front()).name);
    }
    for (size_t i = 0; i < component.size(); ++i) {
      At(component[i]) = candidates[i][choice.candidates[i]];
    }
  }

  // The cost of a contraction with each layout of its unknown tensors; nullopt: it has none in
  // `component`.
  std::optional<ChoiceCost> CostOf(const Op& op, const std::vector<TensorId>& component,
                                   const std::vector<std::vector<TensorLayout>>& candidates) {
    ChoiceCost cost;
    // A component is closed: if one unknown of the operation is not in it, no unknown is.
    for (const TensorId id : Unknowns(op)) {
      const auto at = std::find(component.begin(), component.end(), id);
      if (at == component.end()) return std::nullopt;
      cost.variables.push_back(static_cast<size_t>(at - component.begin()));
    }
    if (cost.variables.empty()) return std::nullopt;
    // A ChoiceCost lists its variables in ascending order. `index` holds the candidate that each of
    // them has now.
    std::sort(cost.variables.begin(), cost.variables.end());
    std::vector<size_t> index(cost.variables.size());
    const auto layout = [&](TensorId id) -> const TensorLayout& {
      for (size_t i = 0; i < index.size(); ++i) {
        const size_t variable = cost.variables[i];
        if (component[variable] == Tied(id)) return candidates[variable][index[i]];
      }
      return At(id);
    };
    size_t combinations = 1;
    for (const size_t variable : cost.variables) combinations *= candidates[variable].size();
    for (size_t n = 0; n < combinations; ++n) {
      // The digits of n are the candidates: the last variable changes fastest, as in
      // ChoiceCost::costs.
      size_t rest = n;
      for (size_t i = index.size(); i-- > 0;) {
        const size_t count = candidates[cost.variables[i]].size();
        index[i] = rest % count;
        rest /= count;
      }
      const auto in = op.Inputs<ops::Contract>();
      const int64_t elements =
          ContractionCycles(*op.As<ops::Contract>(), tokens_, machine_,
                            layout(op.Outputs<ops::Contract>().c), layout(in.a), layout(in.b));
      cost.costs.push_back(elements < 0 ? kImpossibleChoice : elements);
    }
    return cost;
  }

  const Graph& graph_;
  const isa::Accelerator& machine_;
  const int64_t tokens_;
  std::vector<TensorLayout> layouts_;
  std::vector<TensorId> tied_;
  std::vector<const Op*> ops_;
  std::vector<std::set<std::pair<int64_t, int64_t>>> axes_;  // (element stride, extent)
  std::vector<bool> rows_;  // rows of the word table: features in lanes
};

}  // namespace

std::vector<TensorId> TiedTensors(const Graph& graph) {
  std::vector<TensorId> tied(graph.tensors.size());
  std::iota(tied.begin(), tied.end(), 0);
  for (const Op& op : graph.ops) {
    // An update reads gradient and parameter word by word, so both need one layout. The same holds
    // for a scaled copy.
    const auto tie = [&](TensorId id, TensorId to) { tied[static_cast<size_t>(id)] = to; };
    if (op.Is<ops::Sgd>()) {
      tie(op.Inputs<ops::Sgd>().gradient, op.Outputs<ops::Sgd>().parameter);
    } else if (op.Is<ops::Add>()) {
      const auto in = op.Inputs<ops::Add>();
      // After the rewriting, an addition in place can be the update of a parameter by a scaled
      // gradient.
      if (in.a == op.Outputs<ops::Add>().y) tie(in.b, in.a);
    } else if (op.Is<ops::ScaleByRate>()) {
      tie(op.Outputs<ops::ScaleByRate>().y, op.Inputs<ops::ScaleByRate>().x);
    }
  }
  return tied;
}

std::vector<TensorLayout> ChooseLayouts(const Graph& graph, const isa::Accelerator& machine) {
  return LayoutSearch(graph, machine).Run();
}

}  // namespace bittern
