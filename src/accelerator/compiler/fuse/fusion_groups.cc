#include "accelerator/compiler/fuse/fusion_groups.h"

#include <algorithm>
#include <functional>
#include <optional>

namespace bittern {
namespace {

bool AnyAmong(const std::vector<TensorId>& some, const std::vector<TensorId>& all) {
  return std::any_of(some.begin(), some.end(), [&](TensorId id) { return Among(id, all); });
}

class Grouper {
 public:
  explicit Grouper(const Graph& graph) : graph_(graph), ops_(graph.ops), taken_(ops_.size()) {}

  std::vector<FusionGroup> Run() {
    std::vector<FusionGroup> groups;
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (taken_[i]) continue;
      members_ = {i};
      taken_[i] = true;
      Follow(ops_[i]);
      FusionGroup group;
      for (const size_t member : members_) group.push_back(ops_[member]);
      groups.push_back(std::move(group));
    }
    return groups;
  }

 private:
  void Follow(const Op& leader) {
    const TensorId result = leader.out.empty() ? kNoTensor : leader.out[0];
    const auto reads_result = [&](OpKind kind) {
      return [=](const Op& op) { return op.kind == kind && op.in[0] == result; };
    };
    switch (leader.kind) {
      case OpKind::kAdd:
      case OpKind::kDropoutAdd:
        TakeIf(reads_result(OpKind::kMoments));
        return;
      case OpKind::kNormalize:
        if (leader.in.size() == 2) {
          TakeIf([&](const Op& op) {
            return op.kind == OpKind::kDropout && op.in[0] == result && op.out[0] == result;
          });
        }
        return;
      case OpKind::kDropout: {
        const std::optional<size_t> sums = Find(reads_result(OpKind::kNormalizeGradSums));
        if (sums && ops_[*sums].in.size() == 3) {
          Take(*sums);
          if (TakeIf(reads_result(OpKind::kNormalizeGrad))) return;
          Undo();
        }
        TakeIf(DirectSum(result));
        return;
      }
      case OpKind::kGeluGrad:
      case OpKind::kTanhGrad:
        TakeIf(DirectSum(result));
        return;
      case OpKind::kNormalizeGradAffine: {
        const auto update = [](TensorId gradient) {
          return [=](const Op& op) {
            return op.kind == OpKind::kSgd && op.in[0] == gradient && op.decay == 0;
          };
        };
        const bool all = !leader.accumulate && TakeIf([&](const Op& op) {
          return op.kind == OpKind::kNormalizeGradSums && op.in[0] == leader.in[0];
        }) && TakeIf([&](const Op& op) {
          return op.kind == OpKind::kNormalizeGrad && op.in[0] == leader.in[0];
        }) && TakeIf(update(leader.out[0])) &&
                         TakeIf(update(leader.out[1]));
        if (!all) Undo();
        return;
      }
      case OpKind::kDescend:
        TakeIf(reads_result(OpKind::kAddColumns));
        return;
      default:
        return;
    }
  }

  // A sum over tokens that goes into its parameter.
  std::function<bool(const Op&)> DirectSum(TensorId of) const {
    return [=, this](const Op& op) {
      return op.kind == OpKind::kRowSum && op.in[0] == of &&
             graph_.At(op.out[0]).kind == TensorKind::kParameter;
    };
  }

  // The first operation behind the leader that is wanted and may be carried out with it.
  std::optional<size_t> Find(const std::function<bool(const Op&)>& wanted) const {
    for (size_t i = members_[0] + 1; i < ops_.size(); ++i) {
      const Op& op = ops_[i];
      if (op.repeat != ops_[members_[0]].repeat || op.trip != ops_[members_[0]].trip) break;
      if (taken_[i] || !wanted(op)) continue;
      for (size_t n = members_[0] + 1; n < i; ++n) {
        const bool member = std::find(members_.begin(), members_.end(), n) != members_.end();
        if (!member && MustKeepOrder(ops_[n], op)) return std::nullopt;
      }
      return i;
    }
    return std::nullopt;
  }
  void Take(size_t i) {
    members_.push_back(i);
    taken_[i] = true;
  }
  bool TakeIf(const std::function<bool(const Op&)>& wanted) {
    const std::optional<size_t> found = Find(wanted);
    if (found) Take(*found);
    return found.has_value();
  }
  // The leader alone.
  void Undo() {
    for (size_t n = 1; n < members_.size(); ++n) taken_[members_[n]] = false;
    members_.resize(1);
  }

  const Graph& graph_;
  const std::vector<Op>& ops_;
  std::vector<bool> taken_;
  std::vector<size_t> members_;
};

}  // namespace

bool MustKeepOrder(const Op& a, const Op& b) {
  return AnyAmong(a.out, Reads(b)) || AnyAmong(a.out, b.out) || AnyAmong(b.out, Reads(a));
}

std::vector<FusionGroup> FormFusionGroups(const Graph& graph) { return Grouper(graph).Run(); }

}  // namespace bittern
