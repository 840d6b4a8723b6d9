// What the accelerator makes of each operation of the graph, but for contractions: one table that
// every part of the compiler reads.
//
// An operation without an entry has no lowering: the compiler refuses a step that needs it. An
// entry whose lowering is missing does not compile (elementwise.cc, normalization.cc).
#ifndef BITTERN_ACCELERATOR_COMPILER_VECTOR_OPS_H_
#define BITTERN_ACCELERATOR_COMPILER_VECTOR_OPS_H_

#include "graph/graph.h"

namespace bittern {

enum class Lowering {
  kNone,           // not by the vector unit
  kElementwise,    // elementwise.h
  kNormalization,  // normalization.h; it takes the whole group of such an operation
};

struct VectorOp {
  Lowering lowering = Lowering::kNone;
  // Vector operations over the words of its operand, beyond the first one.
  int more_passes = 0;
  // Its result y is made word by word from the words of x at the same places, so whoever reads y
  // may choose the order of both.
  bool keeps_order = false;
  // In place it would be followed word by word by the array, which then reads its operand and its
  // result at the same time. A bank has one port to read, so it gets a result apart. (TanhGrad
  // stays in place: apart it cost 3,000 cycles on two planes.)
  bool apart = false;
  // Reduces over words in blocks, which no border between planes may cut.
  bool reduces_words = false;
};

template <class O>
inline constexpr VectorOp kVectorOp{};

template <>
inline constexpr VectorOp kVectorOp<ops::Add>{.lowering = Lowering::kElementwise};
template <>
inline constexpr VectorOp kVectorOp<ops::AddColumns>{.lowering = Lowering::kElementwise};
template <>
inline constexpr VectorOp kVectorOp<ops::Gelu>{.lowering = Lowering::kElementwise,
                                               .keeps_order = true};
template <>
inline constexpr VectorOp kVectorOp<ops::GeluGrad>{.lowering = Lowering::kElementwise,
                                                   .apart = true};
template <>
inline constexpr VectorOp kVectorOp<ops::Tanh>{
    .lowering = Lowering::kElementwise, .keeps_order = true, .apart = true};
template <>
inline constexpr VectorOp kVectorOp<ops::TanhGrad>{.lowering = Lowering::kElementwise};
template <>
inline constexpr VectorOp kVectorOp<ops::Dropout>{
    .lowering = Lowering::kElementwise, .keeps_order = true, .apart = true};
template <>
inline constexpr VectorOp kVectorOp<ops::DropoutAdd>{.lowering = Lowering::kElementwise};
template <>
inline constexpr VectorOp kVectorOp<ops::Fill>{.lowering = Lowering::kElementwise};
template <>
inline constexpr VectorOp kVectorOp<ops::RowSum>{.lowering = Lowering::kElementwise};
template <>
inline constexpr VectorOp kVectorOp<ops::ScaleByRate>{.lowering = Lowering::kElementwise};
template <>
inline constexpr VectorOp kVectorOp<ops::Sgd>{.lowering = Lowering::kElementwise};
template <>
inline constexpr VectorOp kVectorOp<ops::Softmax>{
    .lowering = Lowering::kElementwise, .more_passes = 2, .apart = true};
template <>
inline constexpr VectorOp kVectorOp<ops::SoftmaxGrad>{
    .lowering = Lowering::kElementwise, .more_passes = 1, .apart = true};
template <>
inline constexpr VectorOp kVectorOp<ops::CrossEntropy>{
    .lowering = Lowering::kElementwise, .more_passes = 2, .reduces_words = true};
// These two run on the array, as products with a selection of tokens.
template <>
inline constexpr VectorOp kVectorOp<ops::GatherColumns>{.lowering = Lowering::kElementwise};
template <>
inline constexpr VectorOp kVectorOp<ops::ScatterColumns>{.lowering = Lowering::kElementwise};

template <>
inline constexpr VectorOp kVectorOp<ops::Moments>{
    .lowering = Lowering::kNormalization, .more_passes = 1, .reduces_words = true};
template <>
inline constexpr VectorOp kVectorOp<ops::Normalize>{.lowering = Lowering::kNormalization,
                                                    .keeps_order = true};
template <>
inline constexpr VectorOp kVectorOp<ops::NormalizeGradSums>{
    .lowering = Lowering::kNormalization, .more_passes = 1, .reduces_words = true};
// In a group the operations that follow it compute its sums on their way.
template <>
inline constexpr VectorOp kVectorOp<ops::NormalizeGradAffine>{.lowering = Lowering::kNormalization,
                                                              .more_passes = 1};
template <>
inline constexpr VectorOp kVectorOp<ops::NormalizeGrad>{.lowering = Lowering::kNormalization,
                                                        .more_passes = 1};

inline const VectorOp& VectorOpOf(const Op& op) {
  return std::visit([]<class O>(const O&) -> const VectorOp& { return kVectorOp<O>; },
                    op.operation);
}

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_VECTOR_OPS_H_
