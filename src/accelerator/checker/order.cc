// SPDX-License-Identifier: Apache-2.0
#include "accelerator/checker/order.h"

#include <algorithm>

namespace bittern::checker {

Order::Order() {
  for (auto& starts : starts_) starts.push_back(0);
}

void Order::Sync() {
  for (size_t u = 0; u < kUnits; ++u) drained_[u] = Count(u);
}

void Order::Learn(size_t unit, Known& known, Fact fact) const {
  // A fact about instruction `number` also bounds every earlier one of its unit, by the time
  // between both. `reach` is the bound for instruction 0. So a fact with a later number and a
  // larger reach implies the other.
  const auto reach = [&](const Fact& f) { return f.cycles + Between(unit, 0, f.number); };
  const auto implies = [&](const Fact& a, const Fact& b) {
    return a.number >= b.number && reach(a) >= reach(b);
  };
  size_t kept = 0;
  for (size_t i = 0; i < known.size; ++i) {
    if (implies(known.started[i], fact)) return;
    if (!implies(fact, known.started[i])) known.started[kept++] = known.started[i];
  }
  // Dropping the fact about the oldest instruction only weakens what can be proved.
  if (kept == Known::kMost) {
    const auto oldest =
        std::min_element(known.started.begin(), known.started.end(),
                         [](const Fact& a, const Fact& b) { return a.number < b.number; });
    *oldest = known.started[--kept];
  }
  known.started[kept++] = fact;
  known.size = kept;
}

void Order::LearnDone(Known& known, Fact fact) {
  if (fact.number > known.done.number ||
      (fact.number == known.done.number && fact.cycles > known.done.cycles)) {
    known.done = fact;
  }
}

// Everything known about an instruction's start holds for a start `later` cycles after it, with as
// many cycles more.
void Order::Inherit(Knowledge& knowledge, const Knowledge& from, int64_t later) const {
  for (size_t u = 0; u < kUnits; ++u) {
    for (size_t i = 0; i < from[u].size; ++i) {
      const Fact& fact = from[u].started[i];
      Learn(u, knowledge[u], {fact.number, fact.cycles + later});
    }
    if (from[u].done.number >= 0) {
      LearnDone(knowledge[u], {from[u].done.number, from[u].done.cycles + later});
    }
  }
}

void Order::Take(size_t unit, const std::array<isa::Wait, kUnits>& waits, const Pace& pace) {
  Knowledge knowledge;
  // The new instruction starts at least `later` cycles after instruction `number` of unit `of`.
  const auto follow = [&](size_t of, int64_t number, int64_t later) {
    Learn(of, knowledge[of], {number, later});
    Inherit(knowledge, recent_[of][static_cast<size_t>(number) % kRemembered], later);
  };
  const int64_t now = Count(unit);
  // The unit must have issued all elements of the instruction before.
  if (now > 0) follow(unit, now - 1, paces_[unit].back().cycles());
  for (size_t of = 0; of < kUnits; ++of) {
    const isa::Wait& wait = waits[of];
    const int64_t number = Count(of) - int64_t{wait.distance};
    if (wait.distance == 0 || number < 0) continue;  // no wait, or satisfied before the program
    const Pace& other = paces_[of][static_cast<size_t>(number)];
    if (wait.chained == 0) {
      follow(of, number, other.last() + other.latency);
      LearnDone(knowledge[of], {number, 0});
    } else if (wait.elements > 0) {
      follow(of, number,
             std::min(other.cycles(), (int64_t{wait.elements} - 1) * other.interval + 1));
    }
  }
  Knowledge& mine = recent_[unit][static_cast<size_t>(now) % kRemembered];
  mine = knowledge;
  latest_ = &mine;
  paces_[unit].push_back(pace);
  starts_[unit].push_back(starts_[unit].back() + pace.cycles());
  remembered_bound_.fill({});
}

// The best of the facts about `number` and later instructions of its unit. Instructions retire in
// order, at least one cycle apart. So a fact about the end of a later one also bounds this one's
// end.
int64_t Order::Bound(size_t unit, int64_t number) {
  if (number < drained_[unit]) return kDrained;
  Fact& bound = remembered_bound_[unit];
  if (bound.number == number) return bound.cycles;
  bound = {number, kUnknown};
  const Known& known = (*latest_)[unit];
  for (size_t i = 0; i < known.size; ++i) {
    const Fact& fact = known.started[i];
    if (fact.number < number) continue;
    bound.cycles = std::max(bound.cycles, fact.cycles + Between(unit, number, fact.number));
  }
  if (known.done.number >= number) {
    const Pace& pace = paces_[unit][static_cast<size_t>(number)];
    bound.cycles = std::max(bound.cycles, pace.last() + pace.latency +
                                              (known.done.number - number) + known.done.cycles);
  }
  return bound.cycles;
}

}  // namespace bittern::checker
