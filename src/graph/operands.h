// SPDX-License-Identifier: Apache-2.0
// Operands by name: a struct template In<T> or Out<T> of an operation whose members are all a T
// (operations.h), and the list of tensors that a graph stores for it.
//
// T = TensorId gives the tensors of a graph; a machine uses a pointer type of its own. The members
// are of one type and contiguous, so a struct and a list are the same bytes.
#ifndef BITTERN_GRAPH_OPERANDS_H_
#define BITTERN_GRAPH_OPERANDS_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace bittern {

using TensorId = int32_t;
inline constexpr TensorId kNoTensor = -1;

// The value of an optional operand that is not given.
template <class T>
constexpr T Absent() {
  if constexpr (std::is_constructible_v<T, TensorId>) {
    return T(kNoTensor);
  } else {
    return T{};
  }
}

// How many operands a struct of T names.
template <class Named, class T = TensorId>
inline constexpr size_t kOperandCount = std::is_empty_v<Named> ? 0 : sizeof(Named) / sizeof(T);

// A tensor as operand of an operation under construction. It has no default, so a required operand
// that is left out does not compile.
struct OperandId {
  TensorId id;
  constexpr OperandId(TensorId id_) : id(id_) {}  // NOLINT(google-explicit-constructor)
};

// A struct of named operands as a list in their order.
template <class Named>
std::vector<TensorId> OperandList(const Named& named) {
  constexpr size_t kCount = kOperandCount<Named>;
  if constexpr (kCount == 0) {
    return {};
  } else {
    const auto ids = std::bit_cast<std::array<TensorId, kCount>>(named);
    return {ids.begin(), ids.end()};
  }
}
// The same operands, each of them converted from U to T.
template <class Named, class T, class U, class From>
Named ConvertOperands(const From& from) {
  constexpr size_t kCount = kOperandCount<Named, T>;
  const auto operands = std::bit_cast<std::array<U, kCount>>(from);
  std::array<T, kCount> converted;
  for (size_t i = 0; i < kCount; ++i) converted[i] = operands[i];
  return std::bit_cast<Named>(converted);
}
// A list of operands by name; of(id) gives each of them as a T.
template <class Named, class T, class F>
Named NamedOperands(const std::vector<TensorId>& ids, F&& of) {
  constexpr size_t kCount = kOperandCount<Named, T>;
  if constexpr (kCount == 0) {
    return {};
  } else {
    std::array<T, kCount> named;
    for (size_t i = 0; i < kCount; ++i) named[i] = of(ids[i]);
    return std::bit_cast<Named>(named);
  }
}

}  // namespace bittern

#endif  // BITTERN_GRAPH_OPERANDS_H_
