#include "compiler/list_schedule.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "compiler/contraction_cost.h"
#include "compiler/roles.h"

namespace bittern {
namespace {

constexpr int64_t kLatency = 60;     // from an element to who follows it, about
constexpr int64_t kLoopSlack = 300;  // of loops over a list, before which the others go
constexpr int64_t kSlack = 40;       // starts that are as good as the same
constexpr int64_t kUrgent = 5000;    // priority of what the next section begins with

enum MainUnit { kStreamUnit, kVectorUnit };

// A group as the model sees it.
struct Node {
  MainUnit unit = kVectorUnit;
  int64_t cycles = 0;            // that its unit takes
  int64_t last_pass = 0;         // cycles of the pass that makes its result, at the end
  int64_t lead = 0;              // loading before
  int64_t tail = 0;              // draining behind
  bool alone = false;            // in a loop over a list: everything comes to rest around it
  bool loops = false;            // over a list
  bool flows = false;            // makes its result word by word
  TensorId follows = kNoTensor;  // takes this operand word by word; kNoTensor: any (vector unit)
  std::vector<std::pair<size_t, bool>> before;  // must go first; true: may be followed closely
  std::vector<std::pair<size_t, bool>> behind;
  int64_t priority = 0;  // cycles until the end of the section, at least
  int64_t start = 0, finish = 0;
};

class Scheduling {
 public:
  Scheduling(const Section& section, const Emitter& emitter)
      : groups_(section.groups), next_(section.wanted), emitter_(emitter) {}

  std::vector<Group> Run() {
    for (const Group& group : groups_) nodes_.push_back(Model(group));
    Connect();
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
    std::vector<Group> ordered;
    std::vector<bool> done(nodes_.size());
    while (ordered.size() < groups_.size()) {
      const size_t next = Pick(done);
      done[next] = true;
      Node& node = nodes_[next];
      node.start = Earliest(node);
      node.finish = Finish(node);
      free_[node.unit] = node.start + node.cycles;
      ordered.push_back(std::move(groups_[next]));
    }
    return ordered;
  }

 private:
  int64_t Words(TensorId id) const { return emitter_.storage(id).words(); }

  Node Model(const Group& group) const {
    Node node;
    const Op& op = group[0];
    if (op.kind == OpKind::kContract) return ModelContraction(op);
    if (op.kind == OpKind::kGatherColumns || op.kind == OpKind::kScatterColumns) {
      node.unit = kStreamUnit;
      node.cycles = Words(op.kind == OpKind::kGatherColumns ? op.in[0] : op.out[0]);
      node.tail = Words(op.out[0]);
      return node;
    }
    const int64_t words = op.in.empty() ? Words(op.out[0]) : Words(op.in[0]);
    int64_t passes = 1;
    for (const Op& member : group) {
      switch (member.kind) {
        case OpKind::kMoments:
          passes = std::max<int64_t>(passes + (group.size() > 1 ? 1 : 0), 2);
          break;
        case OpKind::kNormalizeGradAffine:
          passes = group.size() > 1 ? 1 : 2;
          break;
        case OpKind::kNormalizeGradSums:
          passes = 2;
          break;
        case OpKind::kNormalizeGrad:
          passes += 1;
          break;
        case OpKind::kSoftmax:
        case OpKind::kCrossEntropy:
          passes = 3;
          break;
        case OpKind::kSoftmaxGrad:
          passes = 2;
          break;
        default:
          break;
      }
    }
    node.cycles = passes * (words + kLatency) - kLatency;
    node.last_pass = words;
    node.flows = op.kind != OpKind::kMoments && group.back().kind != OpKind::kMoments;
    // The sum of AddAndMoments comes first.
    if (group.size() > 1 && group[1].kind == OpKind::kMoments) {
      node.flows = true;
      node.last_pass = node.cycles;
    }
    return node;
  }

  Node ModelContraction(const Op& op) const {
    Node node;
    node.unit = kStreamUnit;
    node.loops = op.gather.list >= 0;
    const Storage &c = emitter_.storage(op.out[0]), &a = emitter_.storage(op.in[0]),
                  &b = emitter_.storage(op.in[1]);
    node.cycles = ContractionCycles(op, emitter_.tokens(), emitter_.machine(), c, a, b,
                                    op.in.size() > 2 ? &emitter_.storage(op.in[2]) : nullptr);
    const std::optional<Roles> roles = FindRoles(op, emitter_.tokens(), c, a, b);
    if (roles->direction == isa::Direction::kTime) {
      // In a loop over a list each trip writes its own part.
      node.tail = op.gather.list >= 0 ? c.words() / emitter_.tokens() : c.words();
      node.follows = op.in[roles->token_side == kA ? 0 : 1];
    } else {
      const bool a_is_tile =
          (roles->direction == isa::Direction::kRank) == (roles->token_side == kA);
      node.lead = (a_is_tile ? a : b).words();
      node.flows = true;
      node.last_pass = node.cycles;
    }
    node.tail += kLatency;
    return node;
  }

  bool Urgent(const Group& group) const {
    for (const Op& op : group) {
      for (const TensorId id : op.out) {
        if (next_.contains(id) && !emitter_.graph().At(id).persistent) return true;
      }
    }
    return false;
  }

  void Connect() {
    for (size_t i = 0; i < groups_.size(); ++i) {
      for (size_t n = 0; n < i; ++n) {
        bool meets = false;
        for (const Op& a : groups_[n]) {
          for (const Op& b : groups_[i]) meets = meets || Conflict(a, b);
        }
        if (!meets) continue;
        const bool close = Close(n, i);
        nodes_[i].before.emplace_back(n, close);
        nodes_[n].behind.emplace_back(i, close);
      }
    }
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
        ready = std::max(ready, before.start + before.cycles - before.last_pass + kLatency);
      } else {
        ready = std::max(ready, before.finish);
      }
    }
    return std::max(ready + node.lead, free_[node.unit]);
  }
  int64_t Finish(const Node& node) const {
    int64_t finish = node.start + node.cycles;
    for (const auto& [n, close] : node.before) {
      if (close) finish = std::max(finish, nodes_[n].finish + kLatency);
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

  std::vector<Group> groups_;
  const std::set<TensorId>& next_;  // what the section behind this one reads or updates
  const Emitter& emitter_;
  std::vector<Node> nodes_;
  std::array<int64_t, 2> free_{};
};

}  // namespace

void ListSchedule(Section& section, const Emitter& emitter) {
  section.groups = Scheduling(section, emitter).Run();
}

}  // namespace bittern
