// SPDX-License-Identifier: Apache-2.0
// Builds vector ops: instructions of the vector unit, from tensors and the factors between them.
//
// For each word of a, a vector op computes (x1 * p1 + q1), a function of it, and then two more
// steps (* p2 + q2), (* p3): docs/instructions.md has the chain. b, g and h are further operands: b
// is a word as a is, g and h are scalars. lanes receives the sum over lanes.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_VECTOR_OP_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_VECTOR_OP_H_

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "accelerator/compiler/lower/lowering.h"

namespace bittern {

// A run of words of a tensor, beginning with word `first`. The next element uses the word `step`
// further on (0: the same word).
struct WordRun {
  StoredId tensor = -1;
  int64_t step = 1;
  int64_t first = 0;
};

struct VectorOp {
  std::optional<WordRun> a, b, y, g, h, lanes, lane_scale;
  isa::Vector code = [] {
    isa::Vector vector;
    vector.count = {1, 1, 1, 1};
    vector.x1 = isa::Source::kA;
    vector.p1 = vector.p2 = vector.p3 = isa::Source::kOne;
    return vector;
  }();
  bool by_feature = false;  // a dropout mask depends on the element's number as the feature
  int pick_table = -1;      // the table of labels that the element's number is compared with

  std::array<const std::optional<WordRun>*, 7> All() const {
    return {&a, &b, &y, &g, &h, &lanes, &lane_scale};
  }

  VectorOp& Read(WordRun words) {
    a = words;
    return *this;
  }
  VectorOp& With(WordRun words) {
    b = words;
    return *this;
  }
  VectorOp& Write(WordRun words) {
    y = words;
    return *this;
  }
  VectorOp& Scalar(WordRun words) {
    g = words;
    return *this;
  }
  VectorOp& SecondScalar(WordRun words) {
    h = words;
    return *this;
  }
};

// The reduction of a vector op into lane register `target`, with partial results in registers from
// `partial` on (up to 16 of them).
struct Reduction {
  isa::Tap tap = isa::Tap::kAdd;
  uint32_t target = 0, partial = 0;
};

// A loop over the elements of a vector op, and its effect on the lane registers.
struct VectorLoop {
  int64_t count = 1;
  int64_t step = 0;                    // elements
  std::array<int32_t, 4> registers{};  // steps of l0, l1, l2, lt
  bool tapped = false;                 // true: the reduction sums over it
  bool limit = false;                  // true: it runs over tokens, and padding does not count
};

class VectorOpEmitter {
 public:
  explicit VectorOpEmitter(Lowering& lowering) : lowering_(lowering) {}

  // Appends the vector op for `count` words, in the order of their addresses.
  void Emit(const VectorOp& vector_op, int64_t count) {
    EmitNest(vector_op, {1, 1, 1, count}, {0, 0, 0, 1});
  }
  // Appends it in `order` if the plane partitions of the operands allow it, otherwise in the order
  // of addresses.
  void Emit(const VectorOp& vector_op, const TraversalOrder& order);
  // Appends it for four loops. The element is `first` plus the sum of index * step, and selects the
  // word of each operand. If the loops of one instruction cannot run over the plane partitions of
  // the operands, refuses these partitions (stored_tensors.h) and appends no instruction.
  void EmitNest(const VectorOp& vector_op, const std::array<int64_t, 4>& count,
                const std::array<int64_t, 4>& step, int64_t first = 0);
  // Reduces the result over `count` words, in up to three vector ops: first into several partial
  // results, because an addition takes several cycles, then over those.
  void Reduce(const VectorOp& vector_op, const Reduction& reduction, int64_t count);
  // Appends it for a single word, which goes to lane register `target`.
  void Lane(VectorOp vector_op, uint32_t target);

  // The index of an operand that is lane register r.
  static isa::Index Register(uint32_t r) {
    isa::Index index;
    index.base = r;
    return index;
  }
  // A vector op whose first factor x1 is lane register r.
  static VectorOp OfRegister(uint32_t r) {
    VectorOp vector_op;
    vector_op.code.x1 = isa::Source::kL0;
    vector_op.code.l0 = Register(r);
    return vector_op;
  }
  // a * scalar
  static VectorOp Scaled(WordRun a, WordRun scalar) {
    VectorOp vector_op = VectorOp{}.Read(a).Scalar(scalar);
    vector_op.code.p1 = isa::Source::kG;
    return vector_op;
  }
  // register[target] = register[r] * scalar, register[r] * register[s]
  void ScaleRegister(uint32_t r, float scalar, uint32_t target);
  void MultiplyRegisters(uint32_t r, uint32_t s, uint32_t target);
  void LoadRegister(WordRun word, uint32_t target) { Lane(VectorOp{}.Read(word), target); }

  WordRun Constant(float value) { return {.tensor = lowering_.Constant(value), .step = 0}; }
  WordRun Rate(double factor) { return {.tensor = lowering_.Rate(factor), .step = 0}; }
  static WordRun Row(WordRun words, int64_t row) { return {words.tensor, 0, row}; }

  // The mask of a dropout as factor p1 or p2.
  static void Mask(VectorOp& vector_op, const DropoutAttributes& dropout,
                   isa::Source isa::Vector::*factor);
  // In the same vector_op: adds -rate_factor * learning rate * the sum over lanes to the parameter.
  void UpdateBySum(VectorOp& vector_op, StoredId parameter, double rate_factor, bool of_input);

 private:
  // The loops of EmitNest, cut so that each one stays within a half of every operand with a plane
  // partition. nullopt if a border between halves is not where a loop can be cut.
  std::optional<std::vector<VectorLoop>> LoopsOf(const VectorOp& vector_op,
                                                 const std::array<int64_t, 4>& count,
                                                 const std::array<int64_t, 4>& step) const;

  Lowering& lowering_;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_VECTOR_OP_H_
