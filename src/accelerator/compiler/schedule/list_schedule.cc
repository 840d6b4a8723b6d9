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

// The constants of the model, in cycles. They were tuned by hand on the presets. No experiment is
// recorded for a single one of them.
//
// The time from an element of one instruction to the element of another one that uses its result.
// The actual latencies are those of timing.h.
constexpr int64_t kLatency = 70;
// Groups whose starts differ by no more than this count as equally early. Then the priority
// decides.
constexpr int64_t kSlack = 80;
// The same for a loop over a list. Its start counts as kSlack + 1 later than it is, so that other
// groups go first.
constexpr int64_t kLoopSlack = 300;
// The extra priority of a group whose result the next section reads. A quarter of it goes to the
// last vector ops of a section. It competes with chains of work, so its unit is cycles, too.
constexpr int64_t kUrgent = 8000;

enum MainUnit { kStreamUnit, kVectorUnit };

// Holds what the model knows of a group. Times are in cycles.
struct Node {
  MainUnit unit = kVectorUnit;
  int64_t cycles = 0;      // time that its unit works
  int64_t first_pass = 0;  // time of its first instruction, which may follow an operand closely
  int64_t last_pass = 0;   // time of its last instruction, which makes the result
  int64_t lead = 0;        // time to load a tile, before the unit works
  int64_t tail = 0;        // time to write results back, after the unit works
  bool loops = false;      // true if it is a loop over a list
  bool flows = false;      // true if it makes its result word by word
  TensorId follows = kNoTensor;  // the operand that it reads word by word; kNoTensor: any (vector)
  std::vector<std::pair<size_t, bool>> before;  // nodes that go first; true: may follow it closely
  std::vector<std::pair<size_t, bool>> behind;  // nodes that go later; true: may follow closely
  // The tensors that it reads while its unit works, and those that it loads before.
  std::vector<TensorId> reads, loads;
  int64_t priority = 0;  // cycles from its start to the end of the section, at least
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
    // From the last node to the first, so that the priorities of later nodes are known.
    for (size_t i = nodes_.size(); i-- > 0;) {
      Node& node = nodes_[i];
      for (const auto& [n, close] : node.behind) {
        node.priority = std::max(node.priority, nodes_[n].priority);
      }
      if (Urgent(groups_[i])) node.priority += kUrgent;
      // The next section needs the vector unit soon, so the last vector ops should not be late.
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
    // A vector op runs over the words of the first operand, or of the result if it has no operand.
    const int64_t words = Words(op.in.empty() ? op.out.front() : op.in.front());
    int64_t passes = 1;
    for (const Op& member : group) {
      // In a group, the vector ops of the gradient also compute the sums for gain and shift.
      const bool on_the_way = member.Is<ops::NormalizeGradAffine>() && group.size() > 1;
      passes += on_the_way ? 0 : LoweringOf(member).more_passes;
    }
    node.cycles = passes * (words + kLatency) - kLatency;
    node.first_pass = node.last_pass = words;
    node.flows = !op.Is<ops::Moments>() && !group.back().Is<ops::Moments>();
    // With moments, the first vector op already writes the sum, and the rest only reads it. So a
    // reader may follow from the first word on.
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
      // In a loop over a list each iteration writes its own part of the result, and the model
      // counts the last one alone.
      node.tail = node.loops ? c.words() / in_.tokens() : c.words();
      node.follows = mapping->token_side == kA ? in.a : in.b;
      node.reads = {in.a, in.b};
    } else {
      // The tile is loaded before the stream starts. It has tokens in its lanes in the direction of
      // ranks, and ranks in the direction of tokens.
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

  // True if the next section reads a result of the group. Parameters do not count: their readers
  // come in the next step.
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

  // A bank has one read port. A group of vector ops whose result is not needed soon waits until the
  // array has read the same tensor. Such groups are those without a later reader (updates of
  // parameters), scaled copies and sums over tokens.
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

  // Marks node `i` and all nodes that must come after it, so that no new edge makes a cycle.
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

  // True if the second node reads the first one's result word by word.
  bool Close(size_t first, size_t second) const {
    const Node &a = nodes_[first], &b = nodes_[second];
    if (!a.flows) return false;
    const TensorId result = groups_[first][0].out[0];
    if (b.unit == kVectorUnit) return true;
    return b.follows == result;
  }

  // The first cycle in which the unit may start on the node.
  int64_t Earliest(const Node& node) const {
    int64_t ready = 0;
    for (const auto& [n, close] : node.before) {
      const Node& before = nodes_[n];
      // A close reader starts with the last pass of its writer, a fixed latency later.
      if (close) {
        ready = std::max(ready, before.finish - before.tail - before.last_pass + kLatency);
      } else {
        ready = std::max(ready, before.finish);
      }
    }
    return PortsFree(node, std::max(ready + node.lead, free_[node.unit]));
  }
  // The first cycle from `start` on in which no other unit reads the same tensor, because a bank
  // has one read port.
  int64_t PortsFree(const Node& node, int64_t start) const {
    for (bool moved = true; std::exchange(moved, false);) {
      const auto keep_clear = [&](TensorId id, int64_t begin, int64_t end) {
        const auto found = read_.find(id);
        if (found == read_.end()) return;
        for (const Reading& other : found->second) {
          // Readings of the same unit never overlap, because a unit takes one node at a time.
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
  // A node that follows another closely ends after it: its last instruction needs the last word.
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
      // Loops over lists start later in the comparison, so that they do not set the earliest start.
      ready.emplace_back(Earliest(nodes_[i]) + (nodes_[i].loops ? kSlack + 1 : 0), i);
    }
    const int64_t first = std::min_element(ready.begin(), ready.end())->first;
    size_t best = ready.front().second;
    int64_t most = -1;
    for (const auto& [start, i] : ready) {
      // Among the nodes that can start almost as early as the first one, the priority decides.
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
  const std::set<TensorId>& next_;  // tensors that the next section reads or updates
  const LaidOutGraph& in_;
  std::vector<Node> nodes_;
  std::array<int64_t, 2> free_{};
  std::map<TensorId, std::vector<Reading>> read_;  // times in which scheduled nodes read a tensor
};

}  // namespace

void ListSchedule(Section& section, const LaidOutGraph& in) {
  section.groups = Scheduling(section, in).Run();
}

}  // namespace bittern
