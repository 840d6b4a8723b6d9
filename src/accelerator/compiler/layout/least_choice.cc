// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/layout/least_choice.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace bittern {
namespace {

constexpr size_t kMostEntries = size_t{1} << 22;  // the largest table, including its own variable

// The strides in a cost's table when a variable changes.
struct Reader {
  const ChoiceCost* cost = nullptr;
  std::vector<size_t> steps;  // by place in the scope; 0: the cost does not depend on it
};

// Returns the strides of a row-major table over the cost's variables, by place in `scope`.
std::vector<size_t> StepsOf(const ChoiceCost& cost, const std::vector<size_t>& scope,
                            const std::vector<size_t>& candidates) {
  std::vector<size_t> steps(scope.size());
  size_t step = 1;
  for (size_t i = cost.variables.size(); i-- > 0;) {
    const auto at = std::lower_bound(scope.begin(), scope.end(), cost.variables[i]);
    steps[static_cast<size_t>(at - scope.begin())] = step;
    step *= candidates[cost.variables[i]];
  }
  return steps;
}

// The costs that have one variable as their last one, and all variables that they depend on.
struct Bucket {
  std::vector<ChoiceCost> costs;
  std::vector<size_t> scope;  // ascending: the variable itself comes last

  // Returns the first of the variable's best candidates, and its cost. The tables of the costs are
  // read from `at` on.
  static std::pair<size_t, int64_t> Best(const std::vector<Reader>& readers,
                                         const std::vector<size_t>& at, size_t count) {
    size_t best = 0;
    int64_t least = std::numeric_limits<int64_t>::max();
    for (size_t candidate = 0; candidate < count; ++candidate) {
      int64_t sum = 0;
      for (size_t i = 0; i < readers.size(); ++i) {
        sum += readers[i].cost->costs[at[i] + candidate * readers[i].steps.back()];
      }
      // A strict comparison keeps the first of several equal candidates.
      if (sum >= least) continue;
      least = sum;
      best = candidate;
    }
    // The sum of several impossible costs is cut to one, so that sums of tables never overflow.
    return {best, std::min(least, kImpossibleChoice)};
  }

  std::vector<Reader> Readers(const std::vector<size_t>& candidates) const {
    std::vector<Reader> readers;
    readers.reserve(costs.size());
    for (const ChoiceCost& cost : costs) {
      readers.push_back({&cost, StepsOf(cost, scope, candidates)});
    }
    return readers;
  }
};

// Eliminates the variables from the last one to the first one.
LeastChoice Eliminate(const std::vector<size_t>& candidates, std::vector<ChoiceCost> costs) {
  std::vector<Bucket> buckets(candidates.size());
  // A cost waits in the bucket of its last variable. When that variable is eliminated, all later
  // ones are gone.
  for (ChoiceCost& cost : costs) buckets[cost.variables.back()].costs.push_back(std::move(cost));
  for (size_t variable = candidates.size(); variable-- > 0;) {
    Bucket& bucket = buckets[variable];
    bucket.scope = {variable};
    for (const ChoiceCost& cost : bucket.costs) {
      bucket.scope.insert(bucket.scope.end(), cost.variables.begin(), cost.variables.end());
    }
    // The scope has every variable once. The eliminated one is the largest, so it comes last.
    std::sort(bucket.scope.begin(), bucket.scope.end());
    bucket.scope.erase(std::unique(bucket.scope.begin(), bucket.scope.end()), bucket.scope.end());
    // The size is checked before a table is allocated. The check in each factor also prevents an
    // overflow.
    size_t entries = 1;
    for (const size_t of : bucket.scope) {
      entries *= candidates[of];
      if (entries > kMostEntries) return {.candidates = {}, .too_large = true};
    }
    // A variable without candidates makes every choice impossible.
    if (entries == 0) return {};

    const std::vector<size_t> others(bucket.scope.begin(), bucket.scope.end() - 1);
    const std::vector<Reader> readers = bucket.Readers(candidates);
    // `best` has the least cost over the candidates of this variable, for each combination of the
    // others.
    ChoiceCost best{.variables = others, .costs = {}};
    best.costs.reserve(entries / candidates[variable]);
    std::vector<size_t> at(readers.size());
    // `at` is the place in the table of each reader, and moves with `index`. So no row computes its
    // places anew.
    std::vector<size_t> index(others.size());
    for (size_t row = 0; row < entries / candidates[variable]; ++row) {
      best.costs.push_back(Bucket::Best(readers, at, candidates[variable]).second);
      for (size_t place = others.size(); place-- > 0;) {  // to the next row
        const size_t count = candidates[others[place]];
        // This counts like an odometer. A digit that is full returns to 0 and carries to the digit
        // before it.
        const bool more = ++index[place] < count;
        for (size_t i = 0; i < readers.size(); ++i) {
          at[i] += readers[i].steps[place];
          if (!more) at[i] -= readers[i].steps[place] * count;
        }
        if (more) break;
        index[place] = 0;
      }
    }
    // The table is now a cost of the other variables, and waits in the bucket of their last one.
    // Without other variables it is one number: the least cost of a part of the problem that shares
    // nothing with the rest.
    if (others.empty()) {
      if (best.costs.front() >= kImpossibleChoice) return {};
    } else {
      buckets[others.back()].costs.push_back(std::move(best));
    }
  }
  // On the way back, the variables before this one have their candidates, so the best one of this
  // can be read off.
  LeastChoice choice;
  for (size_t variable = 0; variable < candidates.size(); ++variable) {
    const Bucket& bucket = buckets[variable];
    const std::vector<Reader> readers = bucket.Readers(candidates);
    std::vector<size_t> at(readers.size());
    for (size_t i = 0; i < readers.size(); ++i) {
      for (size_t place = 0; place + 1 < bucket.scope.size(); ++place) {
        at[i] += readers[i].steps[place] * choice.candidates[bucket.scope[place]];
      }
    }
    choice.candidates.push_back(Bucket::Best(readers, at, candidates[variable]).first);
  }
  return choice;
}

// Returns the variables in an order whose elimination makes small tables. The last one goes first.
std::vector<size_t> SmallTables(const std::vector<size_t>& candidates,
                                const std::vector<ChoiceCost>& costs) {
  // `meets` has, for each variable, those that share a cost with it, including itself.
  std::vector<std::set<size_t>> meets(candidates.size());
  for (const ChoiceCost& cost : costs) {
    for (const size_t variable : cost.variables) {
      meets[variable].insert(cost.variables.begin(), cost.variables.end());
    }
  }
  std::vector<size_t> order;
  std::vector<bool> gone(candidates.size());
  while (order.size() < candidates.size()) {
    // A greedy choice: the next variable is the one whose table would be the smallest. A double
    // cannot overflow here.
    size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (size_t variable = 0; variable < candidates.size(); ++variable) {
      if (gone[variable]) continue;
      double entries = 1;
      for (const size_t other : meets[variable]) entries *= static_cast<double>(candidates[other]);
      if (entries >= least) continue;
      least = entries;
      best = variable;
    }
    gone[best] = true;
    order.push_back(best);
    // Elimination joins all neighbours of the variable in one new cost, so they meet each other
    // from now on.
    meets[best].erase(best);
    for (const size_t other : meets[best]) {
      meets[other].insert(meets[best].begin(), meets[best].end());
      meets[other].erase(best);
    }
  }
  // Eliminate starts with the last variable.
  std::reverse(order.begin(), order.end());
  return order;
}

// Returns the same cost with its variables renumbered.
ChoiceCost Renumbered(const ChoiceCost& cost, const std::vector<size_t>& candidates,
                      const std::vector<size_t>& number) {
  ChoiceCost result;
  for (const size_t variable : cost.variables) result.variables.push_back(number[variable]);
  std::sort(result.variables.begin(), result.variables.end());
  result.costs.resize(cost.costs.size());
  // `steps` has the stride in the result's table of each variable, in the cost's old order.
  std::vector<size_t> steps(cost.variables.size());  // in the result
  size_t step = 1;
  for (size_t i = result.variables.size(); i-- > 0;) {
    for (size_t n = 0; n < steps.size(); ++n) {
      if (number[cost.variables[n]] != result.variables[i]) continue;
      steps[n] = step;
      step *= candidates[cost.variables[n]];
      break;
    }
  }
  for (size_t entry = 0; entry < cost.costs.size(); ++entry) {
    // The entry's number is split into candidates, the last variable first, and then composed with
    // the new strides.
    size_t rest = entry, at = 0;
    for (size_t n = steps.size(); n-- > 0;) {
      const size_t count = candidates[cost.variables[n]];
      at += rest % count * steps[n];
      rest /= count;
    }
    result.costs[at] = cost.costs[entry];
  }
  return result;
}

}  // namespace

LeastChoice ChooseLeast(const std::vector<size_t>& candidates,
                        const std::vector<ChoiceCost>& costs) {
  LeastChoice choice = Eliminate(candidates, costs);
  if (!choice.too_large) return choice;
  // The order of the program makes a too large table, so a second order is tried before giving up.
  const std::vector<size_t> order = SmallTables(candidates, costs);
  std::vector<size_t> number(order.size());
  std::vector<size_t> counts;
  for (size_t i = 0; i < order.size(); ++i) {
    number[order[i]] = i;
    counts.push_back(candidates[order[i]]);
  }
  std::vector<ChoiceCost> renumbered;
  renumbered.reserve(costs.size());
  for (const ChoiceCost& cost : costs) {
    renumbered.push_back(Renumbered(cost, candidates, number));
  }
  const LeastChoice other = Eliminate(counts, std::move(renumbered));
  choice.too_large = other.too_large;
  // This is empty also if the second order makes a too large table.
  if (other.candidates.empty()) return choice;
  for (size_t variable = 0; variable < candidates.size(); ++variable) {
    choice.candidates.push_back(other.candidates[number[variable]]);
  }
  return choice;
}

}  // namespace bittern
