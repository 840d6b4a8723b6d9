// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/schedule/waits.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <utility>

#include "accelerator/isa/field_limits.h"
#include "base/error.h"

namespace bittern {
namespace {

// The wait of an instruction for one unit.
struct Order {
  int64_t distance = 0;  // counts the unit's instructions back from here; 0: no wait
  int64_t elements = 0;  // elements that must have issued; kUntilDone: until it is done
};

class WaitWriter {
 public:
  WaitWriter(std::vector<MachineOp> ops, const std::vector<Extent>& extents,
             const isa::Accelerator& machine, int64_t tokens, Ports ports)
      : ops_(std::move(ops)),
        extents_(extents),
        machine_(machine),
        tokens_(tokens),
        ports_(ports),
        orders_(ops_.size()) {}

  std::vector<MachineOp> Run() {
    Walk(&WaitWriter::FindSyncs);
    // Syncs come first, because they make waits unnecessary. Then distances: an instruction in a
    // loop has one distance for all iterations, the smallest one that any of them needs. Only then
    // is it known how many elements to wait for.
    Walk(&WaitWriter::FindDistances);
    Walk(&WaitWriter::FindElements);
    return Write();
  }

 private:
  using Visit = void (WaitWriter::*)(size_t, const std::vector<Hazards::Requirement>&,
                                     const Hazards&);

  // A list has at most one entry for each token.
  static bool HostCounts(const isa::Loop& loop) { return loop.source != 0; }

  // Runs through the program as the machine does, with all iterations of loops.
  void Walk(Visit visit) {
    Hazards hazards(extents_, machine_, ports_);
    const auto take = [&](size_t i, int64_t iteration) {
      const auto& requirements = hazards.Take(ops_[i], iteration);
      (this->*visit)(i, requirements, hazards);
    };
    for (size_t i = 0; i < ops_.size(); ++i) {
      const auto* loop = std::get_if<isa::Loop>(&ops_[i].instruction);
      if (loop == nullptr) {
        take(i, 0);
        continue;
      }
      const size_t end = i + 1 + loop->body;
      if (syncs_.contains(i)) hazards.Synchronize();
      EnterLoop(i, hazards);
      hazards.SetBody(std::span(ops_).subspan(i + 1, loop->body));
      const int64_t iterations = HostCounts(*loop) ? tokens_ : int64_t{loop->count};
      for (int64_t iteration = 0; iteration < iterations; ++iteration) {
        for (size_t n = i + 1; n < end; ++n) take(n, iteration);
      }
      if (HostCounts(*loop)) hazards.Synchronize();
      hazards.SetBody({});
      i = end - 1;
    }
  }

  // The cycles that lie between the two starts in any case, because a unit issues in order.
  static int64_t Given(const Hazards& hazards, const Hazards::Requirement& of, int64_t later) {
    return hazards.CyclesBetween(of.unit, of.sequence, later);
  }

  // Records for each unit that the loop at `i` uses how many instructions it has taken before.
  void EnterLoop(size_t i, const Hazards& hazards) {
    loop_ = i;
    const auto& loop = std::get<isa::Loop>(ops_[i].instruction);
    for (size_t unit = 0; unit < isa::kUnits; ++unit) {
      before_[unit] = 0;
      for (size_t n = i + 1; HostCounts(loop) && n <= i + loop.body; ++n) {
        if (Hazards::UnitOf(ops_[n].instruction) == unit) before_[unit] = hazards.Count(unit);
      }
    }
  }

  // Finds loops that the host counts and whose body must wait for an instruction before the loop.
  void FindSyncs(size_t i, const std::vector<Hazards::Requirement>& requirements,
                 const Hazards& hazards) {
    const size_t own = Hazards::UnitOf(ops_[i].instruction);
    for (const Hazards::Requirement& of : requirements) {
      const int64_t now = hazards.Count(of.unit) - (of.unit == own ? 1 : 0);
      if (of.unit == own && of.offset <= Given(hazards, of, now)) continue;
      const auto* loop = std::get_if<isa::Loop>(&ops_[loop_].instruction);
      if (loop == nullptr || i > loop_ + loop->body) continue;
      if (of.sequence < before_[of.unit]) syncs_.insert(loop_);
    }
  }

  void FindDistances(size_t i, const std::vector<Hazards::Requirement>& requirements,
                     const Hazards& hazards) {
    const size_t own = Hazards::UnitOf(ops_[i].instruction);
    for (const Hazards::Requirement& of : requirements) {
      // The instruction itself has been counted.
      const int64_t now = hazards.Count(of.unit) - (of.unit == own ? 1 : 0);
      if (of.unit == own && of.offset <= Given(hazards, of, now)) continue;
      // Beyond the largest distance an instruction waits for a later one than it needs, which is
      // safe.
      int64_t& distance = orders_[i][of.unit].distance;
      const int64_t found = std::min(now - of.sequence, farthest_);
      distance = distance == 0 ? found : std::min(distance, found);
    }
  }

  void FindElements(size_t i, const std::vector<Hazards::Requirement>& requirements,
                    const Hazards& hazards) {
    const size_t own = Hazards::UnitOf(ops_[i].instruction);
    for (const Hazards::Requirement& of : requirements) {
      Order& order = orders_[i][of.unit];
      const int64_t now = hazards.Count(of.unit) - (of.unit == own ? 1 : 0);
      if (order.distance == 0 || order.elements == Hazards::kUntilDone) continue;
      if (of.unit == own && of.offset <= Given(hazards, of, now)) continue;
      const int64_t waited = now - order.distance;  // at or after the one required
      const int64_t apart = hazards.CyclesBetween(of.unit, of.sequence, waited);
      const int64_t interval = hazards.Interval(of.unit, waited);
      const int64_t cycles = hazards.CyclesBetween(of.unit, waited, waited + 1);
      int64_t elements = 1;  // the first element says that the instruction has started
      if (of.offset == Hazards::kUntilDone) {
        elements = Hazards::kUntilDone;
      } else if (of.offset - apart > 1) {
        // The element that issues at least offset - apart - 1 cycles after the start. The waiting
        // instruction starts one cycle after it.
        elements = (of.offset - apart - 1 + interval - 1) / interval + 1;
      }
      // The instruction has too few elements for such a wait, or the field is too small.
      if ((elements - 1) * interval >= cycles || elements > most_elements_) {
        elements = Hazards::kUntilDone;
      }
      order.elements = std::max(order.elements, elements);
    }
  }

  std::vector<MachineOp> Write() {
    std::vector<MachineOp> result;
    const MachineOp sync{isa::Sync{}, {}, {}, "sync"};
    size_t rest_behind = ops_.size();
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (syncs_.contains(i)) result.push_back(sync);
      const auto* loop = std::get_if<isa::Loop>(&ops_[i].instruction);
      if (loop != nullptr && HostCounts(*loop)) rest_behind = i + loop->body;
      SetWaits(ops_[i], orders_[i]);
      result.push_back(std::move(ops_[i]));
      if (i == rest_behind) result.push_back(sync);
    }
    return result;
  }

  static void SetWaits(MachineOp& op, const std::array<Order, isa::kUnits>& orders) {
    std::visit(
        [&](auto& instruction) {
          if constexpr (requires { instruction.wait; }) {
            for (size_t unit = 0; unit < isa::kUnits; ++unit) {
              const Order& order = orders[unit];
              if (order.distance == 0) continue;
              isa::Wait& wait = instruction.wait[unit];
              wait.distance = static_cast<uint32_t>(order.distance);
              wait.chained = order.elements == Hazards::kUntilDone ? 0 : 1;
              if (wait.chained != 0) wait.elements = static_cast<uint32_t>(order.elements);
            }
          }
        },
        op.instruction);
  }

  std::vector<MachineOp> ops_;
  const std::vector<Extent>& extents_;
  const isa::Accelerator& machine_;
  const int64_t tokens_;
  const Ports ports_;
  // The largest values that the fields of a wait can hold.
  const int64_t farthest_ = isa::MostOf<isa::Wait>("distance");
  const int64_t most_elements_ = isa::MostOf<isa::Wait>("elements");
  std::vector<std::array<Order, isa::kUnits>> orders_;
  std::set<size_t> syncs_;  // loops with a sync before them
  // The loop that was entered last.
  size_t loop_ = 0;
  std::array<int64_t, isa::kUnits> before_{};
};

}  // namespace

std::vector<MachineOp> AddWaits(std::vector<MachineOp> ops, const std::vector<Extent>& extents,
                                const isa::Accelerator& machine, int64_t tokens, Ports ports) {
  return WaitWriter(std::move(ops), extents, machine, tokens, ports).Run();
}

}  // namespace bittern
