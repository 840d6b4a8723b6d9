// SPDX-License-Identifier: Apache-2.0
// Says how the accelerator lowers each operation of the graph, except contractions: one table that
// every part of the compiler reads.
//
// An operation without an entry has no lowering: the compiler refuses a step that needs it. An
// entry whose lowering is missing does not compile (elementwise.cc, normalization.cc).
#ifndef BITTERN_ACCELERATOR_COMPILER_FUSE_LOWERINGS_H_
#define BITTERN_ACCELERATOR_COMPILER_FUSE_LOWERINGS_H_

#include "graph/graph.h"

namespace bittern {

enum class LoweredBy {
  kNothing,        // not by the vector unit
  kElementwise,    // elementwise.h
  kNormalization,  // normalization.h; it takes the whole group of such an operation
};

struct OperationLowering {
  LoweredBy by = LoweredBy::kNothing;
  // Vector operations over the words of its operand, beyond the first one.
  int more_passes = 0;
  // True if each word of its result y is computed from the word of x at the same place. Then the
  // reader of y may choose the traversal order of both.
  bool keeps_order = false;
  // True if it needs a separate result. In place, the array would follow it word by word, so its
  // operand and its result would be read at the same time, and a bank has one read port. (TanhGrad
  // stays in place: with a separate result the step took 3,000 cycles more on two planes.)
  bool apart = false;
  // True if it reduces over words in blocks, which no border between planes may cut.
  bool reduces_words = false;
};

template <class O>
inline constexpr OperationLowering kLowering{};

template <>
inline constexpr OperationLowering kLowering<ops::Add>{.by = LoweredBy::kElementwise};
template <>
inline constexpr OperationLowering kLowering<ops::AddColumns>{.by = LoweredBy::kElementwise};
template <>
inline constexpr OperationLowering kLowering<ops::Gelu>{.by = LoweredBy::kElementwise,
                                                        .keeps_order = true};
template <>
inline constexpr OperationLowering kLowering<ops::GeluGrad>{.by = LoweredBy::kElementwise,
                                                            .apart = true};
template <>
inline constexpr OperationLowering kLowering<ops::Tanh>{
    .by = LoweredBy::kElementwise, .keeps_order = true, .apart = true};
template <>
inline constexpr OperationLowering kLowering<ops::TanhGrad>{.by = LoweredBy::kElementwise};
template <>
inline constexpr OperationLowering kLowering<ops::Dropout>{
    .by = LoweredBy::kElementwise, .keeps_order = true, .apart = true};
template <>
inline constexpr OperationLowering kLowering<ops::DropoutAdd>{.by = LoweredBy::kElementwise};
template <>
inline constexpr OperationLowering kLowering<ops::Fill>{.by = LoweredBy::kElementwise};
template <>
inline constexpr OperationLowering kLowering<ops::RowSum>{.by = LoweredBy::kElementwise};
template <>
inline constexpr OperationLowering kLowering<ops::ScaleByRate>{.by = LoweredBy::kElementwise};
template <>
inline constexpr OperationLowering kLowering<ops::Sgd>{.by = LoweredBy::kElementwise};
template <>
inline constexpr OperationLowering kLowering<ops::Softmax>{
    .by = LoweredBy::kElementwise, .more_passes = 2, .apart = true};
template <>
inline constexpr OperationLowering kLowering<ops::SoftmaxGrad>{
    .by = LoweredBy::kElementwise, .more_passes = 1, .apart = true};
template <>
inline constexpr OperationLowering kLowering<ops::CrossEntropy>{
    .by = LoweredBy::kElementwise, .more_passes = 2, .reduces_words = true};
// These two run on the array, as products with a selection of tokens.
template <>
inline constexpr OperationLowering kLowering<ops::GatherColumns>{.by = LoweredBy::kElementwise};
template <>
inline constexpr OperationLowering kLowering<ops::ScatterColumns>{.by = LoweredBy::kElementwise};

template <>
inline constexpr OperationLowering kLowering<ops::Moments>{
    .by = LoweredBy::kNormalization, .more_passes = 1, .reduces_words = true};
template <>
inline constexpr OperationLowering kLowering<ops::Normalize>{.by = LoweredBy::kNormalization,
                                                             .keeps_order = true};
template <>
inline constexpr OperationLowering kLowering<ops::NormalizeGradSums>{
    .by = LoweredBy::kNormalization, .more_passes = 1, .reduces_words = true};
// In a group the operations that follow it compute its sums on their way.
template <>
inline constexpr OperationLowering kLowering<ops::NormalizeGradAffine>{
    .by = LoweredBy::kNormalization, .more_passes = 1};
template <>
inline constexpr OperationLowering kLowering<ops::NormalizeGrad>{.by = LoweredBy::kNormalization,
                                                                 .more_passes = 1};

inline const OperationLowering& LoweringOf(const Op& op) {
  return std::visit([]<class O>(const O&) -> const OperationLowering& { return kLowering<O>; },
                    op.operation);
}

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_FUSE_LOWERINGS_H_
