// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/fuse/fusion_groups.h"

#include <algorithm>
#include <functional>
#include <optional>

namespace bittern {
namespace {

bool ContainsAny(const std::vector<TensorId>& ids, const std::vector<TensorId>& some) {
  return std::any_of(some.begin(), some.end(), [&](TensorId id) { return Contains(ids, id); });
}

class Grouper {
 public:
  explicit Grouper(const Graph& graph) : ops_(graph.ops), taken_(ops_.size()) {}

  std::vector<FusionGroup> Run() {
    std::vector<FusionGroup> groups;
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (taken_[i]) continue;
      // An operation that joined an earlier group is skipped. The others lead groups in the order
      // of the graph.
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
    Visit(leader, [&](const auto& operation, const auto& in, const auto& out) {
      if constexpr (requires { Follow(operation, in, out); }) Follow(operation, in, out);
    });
  }
  // One function for each operation that can lead a group. Other operations form a group alone.
  void Follow(const ops::Add&, const InputsOf<ops::Add>&, const OutputsOf<ops::Add>& out) {
    // The vector op that writes the sum also adds it up over features, which is the first half of
    // the moments.
    TakeIf(MomentsOf(out.y));
  }
  void Follow(const ops::DropoutAdd&, const InputsOf<ops::DropoutAdd>&,
              const OutputsOf<ops::DropoutAdd>& out) {
    TakeIf(MomentsOf(out.y));
  }
  void Follow(const ops::Normalize&, const InputsOf<ops::Normalize>& in,
              const OutputsOf<ops::Normalize>& out) {
    // With gain and shift, the chain of the vector unit has no free multiplier for the mask.
    if (in.gain != kNoTensor) return;
    TakeIf([=](const Op& op) {
      return op.Is<ops::Dropout>() && op.Inputs<ops::Dropout>().x == out.y &&
             op.Outputs<ops::Dropout>().y == out.y;
    });
  }
  void Follow(const ops::Dropout&, const InputsOf<ops::Dropout>&,
              const OutputsOf<ops::Dropout>& out) {
    // The backward pass of a LayerNorm without gain reads the gradient after the mask. Its sums can
    // be taken where the mask is applied.
    const std::optional<size_t> sums = Find(SumsOf(out.y));
    if (sums && ops_[*sums].Inputs<ops::NormalizeGradSums>().gain == kNoTensor) {
      Take(*sums);
      if (TakeIf(GradOf(out.y))) return;
      // The sums alone do not pay: the group needs the gradient of x, too.
      Undo();
    }
    TakeIf(DirectSum(out.y));
  }
  void Follow(const ops::GeluGrad&, const InputsOf<ops::GeluGrad>&,
              const OutputsOf<ops::GeluGrad>& out) {
    TakeIf(DirectSum(out.dx));
  }
  void Follow(const ops::TanhGrad&, const InputsOf<ops::TanhGrad>&,
              const OutputsOf<ops::TanhGrad>& out) {
    TakeIf(DirectSum(out.dx));
  }
  void Follow(const ops::NormalizeGradAffine& affine, const InputsOf<ops::NormalizeGradAffine>& in,
              const OutputsOf<ops::NormalizeGradAffine>& out) {
    const auto update = [](TensorId gradient) {
      return [=](const Op& op) {
        return op.Is<ops::Sgd>() && op.Inputs<ops::Sgd>().gradient == gradient &&
               op.As<ops::Sgd>()->decay == 0;
      };
    };
    // One series of vector ops computes gain, shift, sums and dx. It needs all four operations, or
    // none joins.
    const bool all = !affine.accumulate && TakeIf(SumsOf(in.dy)) && TakeIf(GradOf(in.dy)) &&
                     TakeIf(update(out.d_gain)) && TakeIf(update(out.d_shift));
    if (!all) Undo();
  }
  void Follow(const ops::ScaleByRate&, const InputsOf<ops::ScaleByRate>&,
              const OutputsOf<ops::ScaleByRate>& out) {
    TakeIf([=](const Op& op) {
      return op.Is<ops::AddColumns>() && op.Inputs<ops::AddColumns>().x == out.y;
    });
  }

  using Wanted = std::function<bool(const Op&)>;
  static Wanted MomentsOf(TensorId x) {
    return [=](const Op& op) { return op.Is<ops::Moments>() && op.Inputs<ops::Moments>().x == x; };
  }
  static Wanted SumsOf(TensorId dy) {
    return [=](const Op& op) {
      return op.Is<ops::NormalizeGradSums>() && op.Inputs<ops::NormalizeGradSums>().dy == dy;
    };
  }
  static Wanted GradOf(TensorId dy) {
    return [=](const Op& op) {
      return op.Is<ops::NormalizeGrad>() && op.Inputs<ops::NormalizeGrad>().dy == dy;
    };
  }
  // A sum over tokens that goes into its parameter.
  static Wanted DirectSum(TensorId x) {
    return [=](const Op& op) {
      const auto* sum = op.As<ops::RowSum>();
      return sum != nullptr && sum->rate_factor && op.Inputs<ops::RowSum>().x == x;
    };
  }

  // The first wanted operation after the leader. nullopt if there is none in the same iteration, or
  // if an operation between them must stay before it.
  std::optional<size_t> Find(const Wanted& wanted) const {
    for (size_t i = members_[0] + 1; i < ops_.size(); ++i) {
      const Op& op = ops_[i];
      // A group must not cross the border of an iteration, because iterations become the body of
      // one loop.
      if (op.loop != ops_[members_[0]].loop || op.iteration != ops_[members_[0]].iteration) break;
      if (taken_[i] || !wanted(op)) continue;
      for (size_t n = members_[0] + 1; n < i; ++n) {
        const bool member = std::find(members_.begin(), members_.end(), n) != members_.end();
        // The operation would move up to the leader, past all operations between them that are not
        // members.
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
  bool TakeIf(const Wanted& wanted) {
    const std::optional<size_t> found = Find(wanted);
    if (found) Take(*found);
    return found.has_value();
  }
  // Gives up all members except the leader.
  void Undo() {
    for (size_t n = 1; n < members_.size(); ++n) taken_[members_[n]] = false;
    members_.resize(1);
  }

  const std::vector<Op>& ops_;
  std::vector<bool> taken_;
  std::vector<size_t> members_;
};

}  // namespace

bool MustKeepOrder(const Op& a, const Op& b) {
  // The terms are: read after write, write after write, and write after read.
  return ContainsAny(Reads(b), a.out) || ContainsAny(b.out, a.out) || ContainsAny(Reads(a), b.out);
}

std::vector<FusionGroup> FormFusionGroups(const Graph& graph) { return Grouper(graph).Run(); }

}  // namespace bittern
