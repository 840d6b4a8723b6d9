// SPDX-License-Identifier: Apache-2.0
// One instruction of the vector unit, put together by the names of its operands.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_VECTOR_OP_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_VECTOR_OP_H_

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "accelerator/compiler/lower/lowering.h"

namespace bittern {

// A run of words of a tensor: `step` words (0: the same one) from element to element.
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
  bool by_feature = false;  // the mask's feature is the element
  int pick_table = -1;      // the class compared is the element: number of the table

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

// What a pass reduces into lane register `target`, through partial results in registers from
// `partial` on (up to 16 of them).
struct Reduction {
  isa::Tap tap = isa::Tap::kAdd;
  uint32_t target = 0, partial = 0;
};

// A loop over the elements of a pass, and what it means to the lane registers.
struct VectorLoop {
  int64_t count = 1;
  int64_t step = 0;                    // elements
  std::array<int32_t, 4> registers{};  // steps of l0, l1, l2, lt
  bool tapped = false;                 // reduced over
  bool limit = false;                  // runs over tokens
};

class VectorOpEmitter {
 public:
  explicit VectorOpEmitter(Lowering& lowering) : lowering_(lowering) {}

  // Over `count` words in the order of their addresses.
  void Emit(const VectorOp& vector_op, int64_t count) {
    EmitNest(vector_op, {1, 1, 1, count}, {0, 0, 0, 1});
  }
  // In `order` where the operands' splits allow it, else in the order of addresses.
  void Emit(const VectorOp& vector_op, const TraversalOrder& order);
  // Over four loops; element = sum of index * step, which the words follow. Refuses the splits of
  // the operands (stored_tensors.h) where no loops of one instruction run over them so.
  void EmitNest(const VectorOp& vector_op, const std::array<int64_t, 4>& count,
                const std::array<int64_t, 4>& step, int64_t first = 0);
  // Reduces v4 over `count` words.
  void Reduce(const VectorOp& vector_op, const Reduction& reduction, int64_t count);
  // A single word of lane registers.
  void Lane(VectorOp vector_op, uint32_t target);

  // Operand reads lane register r.
  static isa::Index Register(uint32_t r) {
    isa::Index index;
    index.base = r;
    return index;
  }
  // x1 is lane register r.
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
  // EmitNest's, cut so that each stays within a half of every split operand; nullopt: a border
  // between halves lies within a step or a round of a loop.
  std::optional<std::vector<VectorLoop>> LoopsOf(const VectorOp& vector_op,
                                                 const std::array<int64_t, 4>& count,
                                                 const std::array<int64_t, 4>& step) const;

  Lowering& lowering_;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_VECTOR_OP_H_
