// SPDX-License-Identifier: Apache-2.0
// One contraction of two tensors as an affine loop nest, planned once and run many times.
//
//   c[...] = start + scale * sum over the summed loops of a[...] * b[...]
//
// Each loop gives the stride of every operand (graph/loop_nest.h), so transposed, sliced and
// broadcast operands need no copies. For Y[m][t] = bias[m] + sum_k W[m][k] X[k][t], all row-major:
//
//   extent   a  b  c  start
//     M      K  0  T    1      m: rows
//     K      1  T  0    0      k: summed (c = 0)
//     T      0  1  1    0      t: lanes
//
// Loops come in any order; the planner drops, fuses, orders and assigns them. A loop with c = 0 is
// summed (its start stride must be 0). Distinct indices of the loops with c != 0 must name distinct
// elements of c.
//
// Operands: FP32, any alignment of a float. c may not overlap a or b. `start` may equal c when
// their strides agree (that is kAccumulate); otherwise it may not overlap c. Kernels allocate no
// memory; `scratch` holds plan.scratch_floats floats (64-byte aligned is best), its contents are
// undefined before and after. Operands are read only at elements that the loops name.
//
// Determinism: the order of every sum is fixed by the plan, so equal inputs give equal bits on one
// SIMD target. Targets differ in lane counts and in fused multiply-adds (SSSE3 has none): bits
// differ between targets, within the error bound of a sum of this length.
//
// A plan belongs to the SIMD target that was current when it was made.
#ifndef BITTERN_CPU_KERNELS_CONTRACT_H_
#define BITTERN_CPU_KERNELS_CONTRACT_H_

#include <array>
#include <cstdint>
#include <span>

#include "graph/loop_nest.h"

namespace bittern {

// The most loops with extents other than 1. A map of eight cores has eight modes, and a bond or the
// tokens.
inline constexpr int kMaxContractLoops = 9;

// |stride| < 2^31; `start` is read only with ContractStart::kOperand.
using ContractLoop = StridedLoop<int64_t>;

enum class ContractStart : uint8_t {
  kZero,        // c is overwritten
  kAccumulate,  // c += ...
  kOperand,     // c = start + ...: a bias (stride 0 along tokens), a residual
};

struct ContractOptions {
  ContractStart start = ContractStart::kZero;
  float scale = 1.0f;
};

// The form of the kernel that a plan uses; tables and tests show it.
enum class ContractForm : uint8_t {
  kLanes,        // vectors along an index of b and c, scalars of a broadcast
  kPackedLanes,  // the same after b was transposed into scratch
  kDot,          // vectors along a summed index of a and b
  kGeneric,      // one scalar at a time
};

// Made by PlanContract; the fields are the kernels' own. Operands are named as the kernel sees
// them: after `swapped`, its a is the caller's b.
struct ContractPlan {
  using Loop = StridedLoop<int32_t>;  // compact: an executor keeps a plan for each token count
  // The outer loops, outermost first, then those with a role in the kernel.
  std::array<Loop, kMaxContractLoops> loops;
  uint8_t num_loops = 0;
  uint8_t num_outer = 0;
  // Positions in `loops` of rows (of a and c), columns (of b and c; the lanes, unless kDot) and
  // sums, or kNone.
  static constexpr uint8_t kNone = 0xFF;
  uint8_t row = kNone, column = kNone, sum_inner = kNone, sum_outer = kNone;
  ContractForm form = ContractForm::kGeneric;
  ContractStart start = ContractStart::kZero;
  bool swapped = false;
  bool columns_outside = false;  // the loop over column blocks is outside that over row blocks
  bool narrow = false;           // tall tiles take one vector of columns instead of two
  // start moves by period_start every `period` lanes instead of following its stride.
  int32_t period = 0, period_start = 0;
  float scale = 1.0f;
  float cycles = 0.0f;  // the planner's estimate, in full-width multiply-adds
  int64_t scratch_floats = 0;

  // True if RunContractTerms sums all terms before it stores. The loops of the plan must allow it.
  bool TakesTerms() const;
};
static_assert(sizeof(ContractPlan) < 256);

// Extents 0 are allowed: an empty sum leaves c = start, an empty output does nothing.
ContractPlan PlanContract(std::span<const ContractLoop> loops, const ContractOptions& options = {});

// `start` is read only with kOperand and may be null otherwise; `scratch` only if scratch_floats.
void RunContract(const ContractPlan& plan, const float* a, const float* b, const float* start,
                 float* c, float* scratch);

// The same with an outermost sum over terms at arbitrary places: for i = 0, 1, ...
//   c[...] = start + scale * sum over i and the summed loops of (a + a_terms[i])[...] * (b +
//   b_terms[i])[...]
// start: kZero or kAccumulate. There are as many a_terms as b_terms, at least one. `scratch` has
// plan.scratch_floats for every term.
void RunContractTerms(const ContractPlan& plan, const float* a, const float* b,
                      std::span<const int64_t> a_terms, std::span<const int64_t> b_terms, float* c,
                      float* scratch);

}  // namespace bittern

#endif  // BITTERN_CPU_KERNELS_CONTRACT_H_
