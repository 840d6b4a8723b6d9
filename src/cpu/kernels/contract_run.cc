// SPDX-License-Identifier: Apache-2.0
// Runs contraction plans: packs operands where that pays, and takes c tile by tile. Compiled once
// for every SIMD target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/kernels/contract_run.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
//
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "base/vectors-inl.h"
#include "cpu/kernels/contract.h"
#include "cpu/kernels/contract_internal.h"
#include "cpu/kernels/contract_tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bittern {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ------------------------------------------------------------------------------- packing

// Terms that a caller of RunContractTerms gave: offsets into the kernel's operands.
struct Terms {
  int64_t count = 1;
  const int64_t* a = nullptr;
  const int64_t* b = nullptr;
};

// Blocks of two vectors of lanes, in each the terms of the sum one after the other:
// to[block][sum_outer][sum_inner][lane].
void PackColumns(const ContractPlan::Loop& column, const ContractPlan::Loop& inner,
                 const ContractPlan::Loop& outer, const Terms& terms, const float* b, float* to) {
  for (int64_t lane = 0; lane < column.extent; lane += 2 * kLanes) {
    const int64_t lanes = std::min<int64_t>(2 * kLanes, column.extent - lane);
    for (int64_t k = 0; k < outer.extent; ++k) {
      const float* from = b + lane * column.b + (terms.b != nullptr ? terms.b[k] : k * outer.b);
      if (inner.b == 1) {
        TransposeBlock(from, column.b, inner.extent, lanes, to, 2 * kLanes);
      } else {
        for (int64_t i = 0; i < inner.extent; ++i) {
          for (int64_t j = 0; j < lanes; ++j) {
            to[i * 2 * kLanes + j] = from[i * inner.b + j * column.b];
          }
        }
      }
      to += inner.extent * 2 * kLanes;
    }
  }
}

// ------------------------------------------------------------------------------- running

// The outer loops as an odometer over element offsets.
class OuterLoops {
 public:
  OuterLoops(const ContractPlan::Loop* loops, int count) : loops_(loops), count_(count) {
    for (int i = 0; i < count; ++i) summed_ |= loops[i].c == 0;
  }
  int64_t a = 0, b = 0, c = 0, start = 0;
  bool first_term = true;  // no summed index has moved: start applies

  bool Next() {
    for (int i = count_ - 1; i >= 0; --i) {
      const ContractPlan::Loop& loop = loops_[i];
      const bool more = ++index_[i] < loop.extent;
      const int64_t step = more ? 1 : 1 - loop.extent;
      a += step * loop.a;
      b += step * loop.b;
      c += step * loop.c;
      start += step * loop.start;
      if (!more) {
        index_[i] = 0;
        continue;
      }
      if (summed_) UpdateFirstTerm();
      return true;
    }
    return false;
  }

 private:
  void UpdateFirstTerm() {
    first_term = true;
    for (int i = 0; i < count_; ++i) first_term &= loops_[i].c != 0 || index_[i] == 0;
  }
  const ContractPlan::Loop* loops_;
  int count_;
  bool summed_ = false;
  int32_t index_[kMaxContractLoops] = {};
};

void RunGeneric(const ContractPlan& plan, const float* a, const float* b, const float* start,
                float* c) {
  // The outer loops are the outputs, the others the sums.
  const ContractPlan::Loop* loops = plan.loops.data();
  const ContractPlan::Loop* sums = loops + plan.num_outer;
  const int num_sums = plan.num_loops - plan.num_outer;
  const auto empty = [](const ContractPlan::Loop& loop) { return loop.extent == 0; };
  if (std::any_of(loops, sums, empty)) return;
  const bool empty_sum = std::any_of(sums, sums + num_sums, empty);
  OuterLoops outputs(loops, plan.num_outer);
  do {
    float sum = 0.0f;
    OuterLoops terms(sums, num_sums);
    for (bool more = !empty_sum; more; more = terms.Next()) {
      sum += a[outputs.a + terms.a] * b[outputs.b + terms.b];
    }
    float* out = c + outputs.c;
    const float first = plan.start == ContractStart::kZero         ? 0.0f
                        : plan.start == ContractStart::kAccumulate ? *out
                                                                   : start[outputs.start];
    *out = first + plan.scale * sum;
  } while (outputs.Next());
}

HWY_INLINE ContractPlan::Loop LoopAt(const ContractPlan& plan, uint8_t position) {
  return position == ContractPlan::kNone ? ContractPlan::Loop{} : plan.loops[position];
}

// Fills rows of c with start, which is constant over `period` lanes.
void FillPeriods(const ContractPlan& plan, const float* start, int64_t start_row, float* c,
                 int64_t c_row, int64_t rows, int64_t lanes) {
  const D d;
  for (int64_t r = 0; r < rows; ++r) {
    const float* s = start + r * start_row;
    float* to = c + r * c_row;
    for (int64_t lane = 0; lane < lanes; lane += plan.period, s += plan.period_start) {
      const V value = hn::Set(d, *s);
      int64_t i = lane;
      const int64_t end = lane + plan.period;
      // Writing past the period is harmless: the next one overwrites it.
      for (; i + kLanes <= lanes && i < end; i += kLanes) hn::StoreU(value, d, to + i);
      for (; i < end; ++i) to[i] = *s;
    }
  }
}

void RunLanes(const ContractPlan& plan, const Terms& terms, const float* a, const float* b,
              const float* start, float* c, float* scratch) {
  const ContractPlan::Loop row = LoopAt(plan, plan.row);
  const ContractPlan::Loop column = plan.loops[plan.column];
  const ContractPlan::Loop inner = LoopAt(plan, plan.sum_inner);
  ContractPlan::Loop outer = LoopAt(plan, plan.sum_outer);
  ContractTile tile{};
  if (terms.a != nullptr) {
    outer.extent = static_cast<int32_t>(terms.count);
    tile.a_terms = terms.a;
    tile.b_terms = terms.b;
    a += terms.a[0];
  }
  tile.a_row = row.a;
  tile.a_sum = inner.a;
  tile.a_sum_outer = outer.a;
  tile.b_sum = inner.b;
  tile.b_sum_outer = outer.b;
  tile.c_row = row.c;
  tile.sum = inner.extent;
  tile.sum_outer = outer.extent;
  tile.scale = plan.scale;
  tile.scaled = plan.scale != 1.0f;
  constexpr int64_t kBlock = 2 * kLanes;
  int64_t b_block = kBlock;

  // Every slice of b that the outer loops name is packed once, in their order.
  ContractPlan::Loop outer_loops[kMaxContractLoops];
  std::copy_n(plan.loops.begin(), plan.num_outer, outer_loops);
  const bool packed = plan.form == ContractForm::kPackedLanes;
  if (packed) {
    tile.b_terms = nullptr;
    tile.b_sum = kBlock;
    tile.b_sum_outer = inner.extent * kBlock;
    b_block = outer.extent * tile.b_sum_outer;
    int64_t floats = (column.extent + kBlock - 1) / kBlock * b_block;
    ContractPlan::Loop slices[kMaxContractLoops];  // a: in scratch, b: in the operand
    for (int i = plan.num_outer - 1; i >= 0; --i) {
      ContractPlan::Loop& loop = outer_loops[i];
      slices[i] = {loop.b == 0 ? 1 : loop.extent, 0, loop.b, 1, 0};
      if (loop.b == 0) continue;
      slices[i].a = loop.b = static_cast<int32_t>(floats);
      floats *= loop.extent;
    }
    OuterLoops slice(slices, plan.num_outer);
    do {
      PackColumns(column, inner, outer, terms, b + slice.b, scratch + slice.a);
    } while (slice.Next());
    b = scratch;
  } else if (terms.b != nullptr) {
    b += terms.b[0];
  }

  const int64_t rest = column.extent % kBlock;
  const int64_t whole = column.extent - rest;  // lanes in full blocks
  const Columns last = rest == 0 ? Columns{} : RestColumns(rest);
  // A start that is constant over whole vectors needs no copy: tiles begin from its scalars.
  const bool steps = plan.period != 0 && plan.period % kLanes == 0;
  const bool single = steps && plan.period % kBlock != 0;
  OuterLoops at(outer_loops, plan.num_outer);
  do {
    ContractStart mode = plan.start;
    if (!at.first_term) mode = ContractStart::kAccumulate;
    const float* start_base = nullptr;
    if (mode == ContractStart::kAccumulate) {
      start_base = c + at.c;
      tile.start_row = row.c;
      tile.start_column = 1;
    } else if (mode == ContractStart::kOperand) {
      start_base = start + at.start;
      tile.start_row = row.start;
      tile.start_column = column.start;
    }
    const bool stepped = steps && mode == ContractStart::kOperand;
    const bool fill = mode == ContractStart::kOperand && plan.period != 0 && !steps;
    if (stepped) tile.start_column = 0;
    const float* a_base = a + at.a;
    const float* b_base = b + at.b;
    float* c_base = c + at.c;
    const auto run = [&](int64_t r, int64_t lane, TileFunction function) HWY_ATTR {
      tile.a = a_base + r * row.a;
      tile.b = b_base + lane / kBlock * b_block + lane % kBlock;
      tile.c = c_base + r * row.c + lane;
      tile.start = nullptr;
      if (start_base != nullptr) {
        tile.start = start_base + r * tile.start_row +
                     (stepped ? lane / plan.period * plan.period_start : lane * tile.start_column);
      }
      function(tile);
    };
    const auto is_narrow = [&](size_t kind) {
      return single || (plan.narrow && kTileRows[kind] >= kNarrowRows);
    };
    // The lanes from `begin` to `end`, whole blocks.
    const auto run_blocks = [&](int64_t r, size_t kind, int64_t begin, int64_t end) HWY_ATTR {
      const int64_t step = is_narrow(kind) ? kLanes : kBlock;
      const TileFunction function = kTiles[kind][step == kLanes ? 2 : 0];
      for (int64_t lane = begin; lane < end; lane += step) run(r, lane, function);
    };
    const auto run_rest = [&](int64_t r, size_t kind) HWY_ATTR {
      int64_t lane = whole;
      Columns columns = last;
      if (rest > kLanes && is_narrow(kind)) {
        run(r, lane, kTiles[kind][2]);
        lane += kLanes;
        columns = RestColumns(rest - kLanes);
      }
      run(r, lane, kTiles[kind][static_cast<size_t>(columns.kind)]);
    };
    const auto each_row_block = [&](auto&& body) HWY_ATTR {
      int64_t r = 0;
      for (size_t kind = 0; kind < kTileRows.size(); ++kind) {
        for (; r + kTileRows[kind] <= row.extent; r += kTileRows[kind]) body(r, kind);
      }
    };
    tile.lanes = last.lanes;
    if (plan.columns_outside) {
      for (int64_t block = 0; block < whole; block += kBlock) {
        each_row_block([&](int64_t r, size_t kind)
                           HWY_ATTR { run_blocks(r, kind, block, block + kBlock); });
      }
      if (rest != 0) each_row_block(run_rest);
      continue;
    }
    each_row_block([&](int64_t r, size_t kind) HWY_ATTR {
      if (fill) {
        const float* from = start + at.start + r * row.start;
        FillPeriods(plan, from, row.start, c_base + r * row.c, row.c, kTileRows[kind],
                    column.extent);
        start_base = c_base;
        tile.start_row = row.c;
        tile.start_column = 1;
      }
      run_blocks(r, kind, 0, whole);
      if (rest != 0) run_rest(r, kind);
    });
  } while (at.Next());
}

void RunDot(const ContractPlan& plan, const Terms& terms, const float* a, const float* b,
            const float* start, float* c) {
  const ContractPlan::Loop row = LoopAt(plan, plan.row);
  const ContractPlan::Loop column = LoopAt(plan, plan.column);
  const ContractPlan::Loop inner = plan.loops[plan.sum_inner];
  ContractPlan::Loop outer = LoopAt(plan, plan.sum_outer);
  ContractTile tile{};
  if (terms.a != nullptr) {
    outer.extent = static_cast<int32_t>(terms.count);
    tile.a_terms = terms.a;
    tile.b_terms = terms.b;
    a += terms.a[0];
    b += terms.b[0];
  }
  tile.a_row = row.a;
  tile.b_column = column.b;
  tile.a_sum_outer = outer.a;
  tile.b_sum_outer = outer.b;
  tile.c_row = row.c;
  tile.c_column = column.c;
  tile.sum = inner.extent;
  tile.sum_outer = outer.extent;
  tile.lanes = inner.extent % kLanes;
  tile.scale = plan.scale;
  OuterLoops loops(plan.loops.data(), plan.num_outer);
  do {
    const float* start_base = nullptr;
    if (plan.start == ContractStart::kAccumulate || !loops.first_term) {
      start_base = c + loops.c;
      tile.start_row = row.c;
      tile.start_column = column.c;
    } else if (plan.start == ContractStart::kOperand) {
      start_base = start + loops.start;
      tile.start_row = row.start;
      tile.start_column = column.start;
    }
    for (int64_t r = 0; r < row.extent;) {
      const bool many_rows = row.extent - r >= kDotRows;
      for (int64_t j = 0; j < column.extent;) {
        const bool many_columns = column.extent - j >= kDotColumns;
        tile.a = a + loops.a + r * row.a;
        tile.b = b + loops.b + j * column.b;
        tile.c = c + loops.c + r * row.c + j * column.c;
        tile.start = start_base == nullptr
                         ? nullptr
                         : start_base + r * tile.start_row + j * tile.start_column;
        if (many_rows) {
          many_columns ? DotTile<kDotRows, kDotColumns>(tile) : DotTile<kDotRows, 1>(tile);
        } else {
          many_columns ? DotTile<1, kDotColumns>(tile) : DotTile<1, 1>(tile);
        }
        j += many_columns ? kDotColumns : 1;
      }
      r += many_rows ? kDotRows : 1;
    }
  } while (loops.Next());
}

void RunPlan(const ContractPlan& plan, const float* a, const float* b, const float* start, float* c,
             float* scratch, int64_t count, const int64_t* a_terms, const int64_t* b_terms) {
  Terms terms{count, a_terms, b_terms};
  if (plan.swapped) {
    std::swap(a, b);
    std::swap(terms.a, terms.b);
  }
  switch (plan.form) {
    case ContractForm::kLanes:
    case ContractForm::kPackedLanes:
      return RunLanes(plan, terms, a, b, start, c, scratch);
    case ContractForm::kDot:
      return RunDot(plan, terms, a, b, start, c);
    case ContractForm::kGeneric:
      return RunGeneric(plan, a, b, start, c);
  }
}

ContractTarget TargetShape() {
  return {static_cast<int32_t>(kLanes), kTileRows, kNarrowRows, kDotRows, kDotColumns, kHasHalf};
}

}  // namespace HWY_NAMESPACE
}  // namespace bittern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bittern {

HWY_EXPORT(RunPlan);
HWY_EXPORT(TargetShape);

void RunContract(const ContractPlan& plan, const float* a, const float* b, const float* start,
                 float* c, float* scratch) {
  HWY_DYNAMIC_DISPATCH(RunPlan)(plan, a, b, start, c, scratch, 1, nullptr, nullptr);
}

void RunContractTerms(const ContractPlan& plan, const float* a, const float* b,
                      std::span<const int64_t> a_terms, std::span<const int64_t> b_terms, float* c,
                      float* scratch) {
  const auto count = static_cast<int64_t>(a_terms.size());
  BITTERN_CHECK(plan.start != ContractStart::kOperand && count > 0);
  BITTERN_CHECK(b_terms.size() == a_terms.size());
  if (plan.TakesTerms()) {
    HWY_DYNAMIC_DISPATCH(RunPlan)
    (plan, a, b, nullptr, c, scratch, count, a_terms.data(), b_terms.data());
    return;
  }
  ContractPlan next = plan;
  for (size_t i = 0; i < a_terms.size(); ++i) {
    RunContract(next, a + a_terms[i], b + b_terms[i], nullptr, c, scratch);
    next.start = ContractStart::kAccumulate;
  }
}

ContractTarget CurrentContractTarget() { return HWY_DYNAMIC_DISPATCH(TargetShape)(); }

}  // namespace bittern
#endif  // HWY_ONCE
