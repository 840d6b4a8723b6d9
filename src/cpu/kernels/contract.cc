// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/contract.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cpu/kernels/contract_internal.h"

namespace bittern {
namespace {

using Loop = ContractPlan::Loop;

// A fixed list of loops: nothing here allocates.
struct LoopList {
  std::array<Loop, kMaxContractLoops> loops;
  int count = 0;
  Loop& operator[](int i) { return loops[static_cast<size_t>(i)]; }
  const Loop& operator[](int i) const { return loops[static_cast<size_t>(i)]; }
  void Remove(int i) {
    for (--count; i < count; ++i) (*this)[i] = (*this)[i + 1];
  }
};

int32_t Narrow(int64_t value) {
  BITTERN_CHECK(value >= std::numeric_limits<int32_t>::min() &&
                value <= std::numeric_limits<int32_t>::max());
  return static_cast<int32_t>(value);
}

// start moves in steps: period lanes share one value.
struct Period {
  int32_t lanes = 0, start = 0;
  int loop = -1;
};

// Fuses loop `in` and the loop around it, `out`, where every stride composes. If only start's does
// not, and it is constant along `in`, the pair may become the one loop with a period.
bool Fuse(LoopList& list, bool has_start, Period* period) {
  for (int i = 0; i < list.count; ++i) {
    for (int o = 0; o < list.count; ++o) {
      const Loop in = list[i], out = list[o];
      if (i == o || (period != nullptr && (period->loop == i || period->loop == o))) continue;
      if (!OperandsFuse(out, in)) continue;
      const bool start_too = !has_start || StartFuses(out, in);
      const bool steps = period != nullptr && period->loop < 0 && in.c == 1 && in.start == 0;
      if (!start_too && !steps) continue;
      list[i].extent = Narrow(int64_t{in.extent} * out.extent);
      if (!start_too) *period = {in.extent, out.start, i};
      list.Remove(o);
      if (period != nullptr && period->loop > o) --period->loop;
      return true;
    }
  }
  return false;
}

class Planner {
 public:
  explicit Planner(const ContractOptions& options)
      : options_(options), target_(CurrentContractTarget()) {}

  ContractPlan Plan(LoopList list) {
    const bool has_start = options_.start == ContractStart::kOperand;
    LoopList fused = list;
    while (Fuse(fused, has_start, nullptr)) {
    }
    best_.cycles = std::numeric_limits<float>::infinity();
    Generic(fused);
    Try(fused, Period{});
    if (has_start) {
      Period period;
      while (Fuse(list, true, &period)) {
      }
      if (period.loop >= 0) Try(list, period);
    }
    return best_;
  }

 private:
  // Roles as positions in a list; -1: none.
  struct Roles {
    int row = -1, column = -1, sum_inner = -1, sum_outer = -1;
    bool Has(int i) const { return i == row || i == column || i == sum_inner || i == sum_outer; }
  };

  void Generic(const LoopList& list) {
    ContractPlan plan = Start(list, Roles{}, ContractForm::kGeneric);
    double products = 4;
    for (int i = 0; i < list.count; ++i) products *= list[i].extent;
    // Outputs first, then sums.
    std::stable_partition(plan.loops.begin(), plan.loops.begin() + plan.num_loops,
                          [](const Loop& loop) { return loop.c != 0; });
    plan.num_outer = 0;
    while (plan.num_outer < plan.num_loops && plan.loops[plan.num_outer].c != 0) ++plan.num_outer;
    Offer(plan, 50 + 4 * products);
  }

  void Try(LoopList list, const Period& period) {
    for (int i = 0; i < list.count; ++i) {
      if (list[i].extent == 0) return;
    }
    for (const bool swapped : {false, true}) {
      if (swapped) {
        for (int i = 0; i < list.count; ++i) std::swap(list[i].a, list[i].b);
      }
      swapped_ = swapped;
      Roles roles;
      for (roles.column = 0; roles.column < list.count; ++roles.column) {
        const Loop& column = list[roles.column];
        if (column.c == 0 || column.a != 0 || column.b == 0) continue;
        for (roles.row = -1; roles.row < list.count; ++roles.row) {
          if (roles.row >= 0) {
            const Loop& row = list[roles.row];
            if (row.c == 0 || row.b != 0 || row.a == 0) continue;
          }
          TrySums(list, roles, period);
        }
      }
    }
  }

  void TrySums(const LoopList& list, Roles roles, const Period& period) {
    const bool no_sum = std::none_of(list.loops.begin(), list.loops.begin() + list.count,
                                     [](const Loop& loop) { return loop.c == 0; });
    for (roles.sum_inner = no_sum ? -1 : 0; roles.sum_inner < (no_sum ? 0 : list.count);
         ++roles.sum_inner) {
      if (!no_sum && list[roles.sum_inner].c != 0) continue;
      for (roles.sum_outer = -1; roles.sum_outer < list.count; ++roles.sum_outer) {
        if (roles.sum_outer >= 0 &&
            (list[roles.sum_outer].c != 0 || roles.sum_outer == roles.sum_inner)) {
          continue;
        }
        const bool column_has_period = period.loop == roles.column;
        if (list[roles.column].c == 1 && (period.loop < 0 || column_has_period)) {
          Lanes(list, roles, period);
        }
        if (roles.sum_inner >= 0 && list[roles.sum_inner].a == 1 && list[roles.sum_inner].b == 1 &&
            period.loop < 0) {
          Dot(list, roles);
        }
      }
    }
  }

  static Loop At(const LoopList& list, int i) { return i < 0 ? Loop{} : list[i]; }

  // Repetitions of the kernel by the outer loops.
  static double Repeats(const LoopList& list, const Roles& roles) {
    double repeats = 1;
    for (int i = 0; i < list.count; ++i) {
      if (!roles.Has(i)) repeats *= list[i].extent;
    }
    return repeats;
  }

  // Cycles of one row of blocks of columns: `rows` rows, the width in vectors. Constants measured
  // on Zen 4 (the benchmark's table); only their proportions matter on other machines.
  double BlockCycles(double rows, double vectors, double terms) const {
    const double loads = 0.5 * (rows + std::ceil(vectors));
    return terms * std::max({rows * vectors, loads, 4.0}) + 8 + 0.7 * rows * std::ceil(vectors);
  }

  double PanelCycles(int64_t columns, double rows, double terms) const {
    const int64_t block = 2 * target_.lanes;
    const int64_t rest = columns % block;
    const int64_t blocks = columns / block;
    double cycles = static_cast<double>(blocks) * BlockCycles(rows, 2, terms);
    if (rest != 0) {
      const double unit = target_.has_half ? 0.5 : 1.0;
      const double vectors = std::ceil(static_cast<double>(rest) / (unit * target_.lanes)) * unit;
      cycles += BlockCycles(rows, vectors, terms);
    }
    return cycles;
  }

  void Lanes(const LoopList& list, const Roles& roles, const Period& period) {
    const Loop column = list[roles.column];
    const Loop row = At(list, roles.row);
    const Loop inner = At(list, roles.sum_inner), outer = At(list, roles.sum_outer);
    const bool packed = column.b != 1;
    ContractPlan plan =
        Start(list, roles, packed ? ContractForm::kPackedLanes : ContractForm::kLanes);
    plan.period = period.lanes;
    plan.period_start = period.start;
    const bool reads_start = options_.start == ContractStart::kOperand;
    if (reads_start && period.lanes == 0 && column.start != 0 && column.start != 1) return;

    const double terms = static_cast<double>(inner.extent) * outer.extent;
    double cycles = 0;
    int64_t rows = row.extent;
    for (const int32_t tile : target_.tile_rows) {
      const int64_t tiles = rows / tile;
      cycles += static_cast<double>(tiles) * PanelCycles(column.extent, tile, terms);
      rows -= tiles * tile;
    }
    cycles = Repeats(list, roles) * (cycles + 10);
    const double outputs = Repeats(list, roles) * row.extent * column.extent;
    const bool fills = period.lanes % target_.lanes != 0;
    if (fills) cycles += 2.5 * outputs / target_.lanes;

    // Floats of one slice of a and b, to decide which stays in the L1 cache.
    const double a_floats = row.extent * terms, b_floats = column.extent * terms;
    plan.narrow = target_.tile_rows[0] * terms <= 4096;
    plan.columns_outside = a_floats <= 4096 && b_floats > 4096 && period.lanes == 0;
    if (packed) {
      const int64_t block = 2 * target_.lanes;
      const int64_t packed_columns = (column.extent + block - 1) / block * block;
      int64_t floats = packed_columns * inner.extent * outer.extent;
      for (int i = 0; i < list.count; ++i) {
        if (!roles.Has(i) && list[i].b != 0) floats *= list[i].extent;
      }
      if (floats > std::numeric_limits<int32_t>::max()) return;
      plan.scratch_floats = floats;
      const double used =
          static_cast<double>(floats) * column.extent / static_cast<double>(packed_columns);
      cycles += 20 + used * (inner.b == 1 ? 0.35 : 1.5);
    }
    Offer(plan, cycles);
  }

  void Dot(const LoopList& list, const Roles& roles) {
    const Loop row = At(list, roles.row), column = list[roles.column];
    const Loop inner = list[roles.sum_inner], outer = At(list, roles.sum_outer);
    const double vectors = std::ceil(static_cast<double>(inner.extent) / target_.lanes);
    const bool contiguous =
        column.c == 1 && (options_.start != ContractStart::kOperand || column.start == 1);
    const auto tile = [&](int rows, int columns) {
      const double step = std::max({1.0 * rows * columns, 0.5 * (rows + columns), 4.0});
      const bool together = columns == 4 && contiguous;  // sums are stored four at a time
      return outer.extent * (vectors * step + 2) + (together ? 8 + 3.0 * rows : 15 + 8.0 * rows);
    };
    const int r = row.extent / target_.dot_rows, rest_r = row.extent % target_.dot_rows;
    const int c = column.extent / target_.dot_columns, rest_c = column.extent % target_.dot_columns;
    const double cycles =
        r * (c * tile(target_.dot_rows, target_.dot_columns) + rest_c * tile(target_.dot_rows, 1)) +
        rest_r * (c * tile(1, target_.dot_columns) + rest_c * tile(1, 1));
    Offer(Start(list, roles, ContractForm::kDot), Repeats(list, roles) * (cycles + 10));
  }

  // A plan with its loops in order: outer ones first, large steps of c outside, sums inside.
  ContractPlan Start(const LoopList& list, const Roles& roles, ContractForm form) const {
    ContractPlan plan;
    plan.form = form;
    plan.start = options_.start;
    plan.scale = options_.scale;
    plan.swapped = swapped_;
    for (int i = 0; i < list.count; ++i) {
      if (!roles.Has(i)) plan.loops[plan.num_loops++] = list[i];
    }
    plan.num_outer = plan.num_loops;
    std::stable_sort(plan.loops.begin(), plan.loops.begin() + plan.num_outer,
                     [](const Loop& x, const Loop& y) { return std::abs(x.c) > std::abs(y.c); });
    const auto place = [&](int i) {
      if (i < 0) return ContractPlan::kNone;
      plan.loops[plan.num_loops] = list[i];
      return plan.num_loops++;
    };
    plan.row = place(roles.row);
    plan.column = place(roles.column);
    plan.sum_inner = place(roles.sum_inner);
    plan.sum_outer = place(roles.sum_outer);
    return plan;
  }

  void Offer(ContractPlan plan, double cycles) {
    plan.cycles = static_cast<float>(cycles);
    if (plan.cycles < best_.cycles) best_ = plan;
  }

  const ContractOptions& options_;
  const ContractTarget target_;
  bool swapped_ = false;
  ContractPlan best_;
};

}  // namespace

bool ContractPlan::TakesTerms() const {
  if (form == ContractForm::kGeneric || sum_outer != kNone || sum_inner == kNone) return false;
  return std::all_of(loops.begin(), loops.begin() + num_outer,
                     [](const Loop& loop) { return loop.c != 0; });
}

ContractPlan PlanContract(std::span<const ContractLoop> loops, const ContractOptions& options) {
  LoopList list;
  const bool has_start = options.start == ContractStart::kOperand;
  for (const ContractLoop& loop : loops) {
    BITTERN_CHECK(loop.extent >= 0);
    BITTERN_CHECK(loop.c != 0 || loop.start == 0 || !has_start);
    if (loop.extent == 1) continue;
    BITTERN_CHECK(list.count < kMaxContractLoops);
    list[list.count++] = {Narrow(loop.extent), Narrow(loop.a), Narrow(loop.b), Narrow(loop.c),
                          has_start ? Narrow(loop.start) : 0};
  }
  return Planner(options).Plan(list);
}

}  // namespace bittern
