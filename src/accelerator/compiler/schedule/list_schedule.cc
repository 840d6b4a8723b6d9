// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/schedule/list_schedule.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "accelerator/compiler/fuse/lowerings.h"
#include "accelerator/compiler/layout/array_mapping.h"
#include "accelerator/compiler/layout/contraction_cost.h"

namespace bittern {
namespace {

constexpr int64_t kLatency = 70;     // from an element to who follows it, about
constexpr int64_t kLoopSlack = 300;  // of loops over a list, before which the others go
constexpr int64_t kSlack = 80;       // starts that are as good as the same
constexpr int64_t kUrgent = 8000;    // priority of what the next section begins with

enum MainUnit { kStreamUnit, kVectorUnit };

// A group as the model sees it.
struct Node {
  MainUnit unit = kVectorUnit;
  int64_t cycles = 0;            // that its unit takes
  int64_t first_pass = 0;        // cycles of the pass that may follow an operand, at the begin
  int64_t last_pass = 0;         // cycles of the pass that makes its result, at the end
  int64_t lead = 0;              // loading before
  int64_t tail = 0;              // draining behind
  bool loops = false;            // over a list
  bool flows = false;            // makes its result word by word
  TensorId follows = kNoTensor;  // takes this operand word by word; kNoTensor: any (vector unit)
  std::vector<std::pair<size_t, bool>> before;  // must go first; true: may be followed closely
  std::vector<std::pair<size_t, bool>> behind;
  // What it reads while its unit works, and while it loads before.
  std::vector<TensorId> reads, loads;
  int64_t priority = 0;  // cycles until the end of the section, at least
  int64_t start = 0, finish = 0;
};

class Scheduling {
 public:
  Scheduling(const Section& section, const LaidOutGraph& in)
      : groups_(section.groups), next_(section.wanted), in_(in) {}

  std::vector<FusionGroup> Run() {
    for (const FusionGroup& group : groups_) nodes_.push_back(Model(group));
    Connect();
    PutBehindTheArray();
    for (size_t i = nodes_.size(); i-- > 0;) {
      Node& node = nodes_[i];
      for (const auto& [n, close] : node.behind) {
        node.priority = std::max(node.priority, nodes_[n].priority);
      }
      if (Urgent(groups_[i])) node.priority += kUrgent;
      // The vector unit is soon wanted by the next section.
      if (node.unit == kVectorUnit && node.behind.empty()) node.priority += kUrgent / 4;
      node.priority += node.cycles + node.tail;
    }
    std::vector<FusionGroup> ordered;
    std::vector<bool> done(nodes_.size());
    while (ordered.size() < groups_.size()) {
      const size_t next = Pick(done);
      done[next] = true;
      Node& node = nodes_[next];
      node.start = Earliest(node);
      node.finish = Finish(node);
      free_[node.unit] = node.finish - node.tail;
      for (const TensorId id : node.reads) {
        read_[id].push_back({node.start, node.start + node.cycles, node.unit});
      }
      for (const TensorId id : node.loads) {
        read_[id].push_back({node.start - node.lead, node.start, node.unit});
      }
      ordered.push_back(std::move(groups_[next]));
    }
    return ordered;
  }

 private:
  int64_t Words(TensorId id) const { return in_.layout(id).words(); }

  Node Model(const FusionGroup& group) const {
    Node node;
    const Op& op = group[0];
    if (op.Is<ops::Contract>()) return ModelContraction(op);
    if (op.Is<ops::GatherColumns>() || op.Is<ops::ScatterColumns>()) {
      node.unit = kStreamUnit;
      node.cycles = Words(op.Is<ops::GatherColumns>() ? op.Inputs<ops::GatherColumns>().rows
                                                      : op.Outputs<ops::ScatterColumns>().rows);
      node.tail = Words(op.out[0]);
      return node;
    }
    for (const Op& member : group) {
      const std::vector<TensorId> operands = Operands(member);
      node.reads.insert(node.reads.end(), operands.begin(), operands.end());
    }
    // The first operand has the words of the operation, or the result where there is no operand.
    const int64_t words = Words(op.in.empty() ? op.out.front() : op.in.front());
    int64_t passes = 1;
    for (const Op& member : group) {
      const bool on_the_way = member.Is<ops::NormalizeGradAffine>() && group.size() > 1;
      passes += on_the_way ? 0 : LoweringOf(member).more_passes;
    }
    node.cycles = passes * (words + kLatency) - kLatency;
    node.first_pass = node.last_pass = words;
    node.flows = !op.Is<ops::Moments>() && !group.back().Is<ops::Moments>();
    // The sum of AddAndMoments comes first.
    if (group.size() > 1 && group[1].Is<ops::Moments>()) {
      node.flows = true;
      node.last_pass = node.cycles;
    }
    return node;
  }

  Node ModelContraction(const Op& op) const {
    Node node;
    node.unit = kStreamUnit;
    const auto& contract = *op.As<ops::Contract>();
    const auto in = op.Inputs<ops::Contract>();
    node.loops = contract.gather.list >= 0;
    const TensorLayout &c = in_.layout(op.Outputs<ops::Contract>().c), &a = in_.layout(in.a),
                       &b = in_.layout(in.b);
    node.first_pass = node.cycles =
        ContractionCycles(contract, in_.tokens(), in_.machine, c, a, b,
                          in.start != kNoTensor ? &in_.layout(in.start) : nullptr);
    const std::optional<ArrayMapping> mapping = FindArrayMapping(contract, in_.tokens(), c, a, b);
    if (mapping->direction == isa::Direction::kTime) {
      // In a loop over a list each trip writes its own part.
      node.tail = node.loops ? c.words() / in_.tokens() : c.words();
      node.follows = mapping->token_side == kA ? in.a : in.b;
      node.reads = {in.a, in.b};
    } else {
      const bool a_is_tile =
          (mapping->direction == isa::Direction::kRank) == (mapping->token_side == kA);
      node.lead = (a_is_tile ? a : b).words();
      node.loads = {a_is_tile ? in.a : in.b};
      node.reads = {a_is_tile ? in.b : in.a};
      node.flows = true;
      node.last_pass = node.cycles;
    }
    node.tail += kLatency;
    return node;
  }

  bool Urgent(const FusionGroup& group) const {
    for (const Op& op : group) {
      for (const TensorId id : op.out) {
        if (next_.contains(id) && !in_.graph.At(id).persistent) return true;
      }
    }
    return false;
  }

  void Connect() {
    for (size_t i = 0; i < groups_.size(); ++i) {
      for (size_t n = 0; n < i; ++n) {
        bool meets = false;
        for (const Op& a : groups_[n]) {
          for (const Op& b : groups_[i]) meets = meets || MustKeepOrder(a, b);
        }
        if (!meets) continue;
        const bool close = Close(n, i);
        nodes_[i].before.emplace_back(n, close);
        nodes_[n].behind.emplace_back(i, close);
      }
    }
  }

  // What nobody waits for can wait until the array has read the same tensor (a bank has one port to
  // read): what leaves nothing behind but an updated parameter, and scaled copies of parameters.
  void PutBehindTheArray() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      Node& node = nodes_[i];
      const Op& op = groups_[i][0];
      const bool patient = node.behind.empty() || op.Is<ops::ScaleByRate>() || op.Is<ops::RowSum>();
      if (node.unit != kVectorUnit || !patient) continue;
      const std::vector<bool> after = After(i);
      const auto shared = [&](TensorId id) {
        return std::find(node.reads.begin(), node.reads.end(), id) != node.reads.end();
      };
      for (size_t n = 0; n < nodes_.size(); ++n) {
        const Node& other = nodes_[n];
        if (other.unit == kStreamUnit && !after[n] &&
            (std::any_of(other.reads.begin(), other.reads.end(), shared) ||
             std::any_of(other.loads.begin(), other.loads.end(), shared))) {
          node.before.emplace_back(n, false);
        }
      }
    }
  }

  // Which nodes must come behind node `i`.
  std::vector<bool> After(size_t i) const {
    std::vector<bool> after(nodes_.size());
    after[i] = true;
    for (bool found = true; std::exchange(found, false);) {
      for (size_t n = 0; n < nodes_.size(); ++n) {
        const auto& before = nodes_[n].before;
        if (after[n] || std::none_of(before.begin(), before.end(),
                                     [&](const auto& edge) { return after[edge.first]; })) {
          continue;
        }
        after[n] = found = true;
      }
    }
    return after;
  }

  // Whether the second takes the first one's result word by word, and nothing else of it.
  bool Close(size_t first, size_t second) const {
    const Node &a = nodes_[first], &b = nodes_[second];
    if (!a.flows) return false;
    const TensorId result = groups_[first][0].out[0];
    if (b.unit == kVectorUnit) return true;
    return b.follows == result;
  }

  // When the unit may start on it.
  int64_t Earliest(const Node& node) const {
    int64_t ready = 0;
    for (const auto& [n, close] : node.before) {
      const Node& before = nodes_[n];
      if (close) {
        ready = std::max(ready, before.finish - before.tail - before.last_pass + kLatency);
      } else {
        ready = std::max(ready, before.finish);
      }
    }
    return PortsFree(node, std::max(ready + node.lead, free_[node.unit]));
  }
  // From `start` on, when no other unit reads the same tensor: a bank has one port to read.
  int64_t PortsFree(const Node& node, int64_t start) const {
    for (bool moved = true; std::exchange(moved, false);) {
      const auto keep_clear = [&](TensorId id, int64_t begin, int64_t end) {
        const auto found = read_.find(id);
        if (found == read_.end()) return;
        for (const Reading& other : found->second) {
          if (other.unit == node.unit || other.end <= begin || other.begin >= end) continue;
          start += other.end - begin;
          moved = true;
          return;
        }
      };
      for (const TensorId id : node.reads) keep_clear(id, start, start + node.cycles);
      for (const TensorId id : node.loads) keep_clear(id, start - node.lead, start);
    }
    return start;
  }
  int64_t Finish(const Node& node) const {
    int64_t finish = node.start + node.cycles;
    for (const auto& [n, close] : node.before) {
      if (!close) continue;
      finish = std::max(finish, nodes_[n].finish + kLatency + node.cycles - node.first_pass);
    }
    return finish + node.tail;
  }

  size_t Pick(const std::vector<bool>& done) const {
    std::vector<std::pair<int64_t, size_t>> ready;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (done[i]) continue;
      const auto& before = nodes_[i].before;
      if (std::any_of(before.begin(), before.end(),
                      [&](const auto& edge) { return !done[edge.first]; })) {
        continue;
      }
      ready.emplace_back(Earliest(nodes_[i]) + (nodes_[i].loops ? kSlack + 1 : 0), i);
    }
    const int64_t first = std::min_element(ready.begin(), ready.end())->first;
    size_t best = ready.front().second;
    int64_t most = -1;
    for (const auto& [start, i] : ready) {
      if (start > first + (nodes_[i].loops ? kLoopSlack : kSlack) || nodes_[i].priority <= most)
        continue;
      best = i;
      most = nodes_[i].priority;
    }
    return best;
  }

  struct Reading {
    int64_t begin = 0, end = 0;
    MainUnit unit = kVectorUnit;
  };

  std::vector<FusionGroup> groups_;
  const std::set<TensorId>& next_;  // what the section behind this one reads or updates
  const LaidOutGraph& in_;
  std::vector<Node> nodes_;
  std::array<int64_t, 2> free_{};
  std::map<TensorId, std::vector<Reading>> read_;  // by the groups that have their place
};

}  // namespace

void ListSchedule(Section& section, const LaidOutGraph& in) {
  section.groups = Scheduling(section, in).Run();
}

}  // namespace bittern
