// SPDX-License-Identifier: Apache-2.0
// Instructions with random fields, for tests.
#ifndef BITTERN_ACCELERATOR_ISA_TESTING_RANDOM_FIELDS_H_
#define BITTERN_ACCELERATOR_ISA_TESTING_RANDOM_FIELDS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "accelerator/isa/generated/fields.h"
#include "base/random.h"

namespace bittern::isa {

// A visitor that gives every field a value within its range. Extreme values are frequent. A bit of
// `present` decides if an optional operand is present.
class RandomFields {
 public:
  RandomFields(Random& random, uint32_t present) : random_(random), present_(present) {}

  int optional_operands() const { return optional_operands_; }

  template <typename T>
  void Field(std::string_view, T& value, const FieldFormat& format) {
    if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(random_.UniformInt(CountOf(T{})));
    } else {
      const bool is_signed = std::is_signed_v<T>;
      const int64_t span = int64_t{1} << format.bits;
      const int64_t low = is_signed ? -span / 2 : int64_t{format.minimum};
      const int64_t high = is_signed ? span / 2 - 1 : span - 1;
      switch (random_.UniformInt(4)) {
        case 0:
          value = static_cast<T>(low);
          break;
        case 1:
          value = static_cast<T>(high);
          break;
        default:
          value = static_cast<T>(low + static_cast<int64_t>(random_.NextU64() % (high - low + 1)));
      }
    }
  }
  template <typename T, size_t N>
  void Field(std::string_view name, std::array<T, N>& values, const FieldFormat& format) {
    for (T& value : values) Field(name, value, format);
  }
  template <typename T, size_t N, typename Index>
  void Structs(std::string_view, std::array<T, N>& values, Index) {
    for (T& value : values) VisitFields(value, *this);
  }
  void Unused(std::string_view, int) {}
  template <typename T>
  void Presence(std::string_view, std::optional<T>& value) {
    if ((present_ >> optional_operands_++ & 1) != 0) value.emplace();
  }
  void Align() {}
  template <typename T>
  void Operand(std::string_view, T& value) {
    VisitFields(value, *this);
  }
  template <typename T>
  void Operand(std::string_view, std::optional<T>& value) {
    if (value) VisitFields(*value, *this);
  }

 private:
  Random& random_;
  uint32_t present_;
  int optional_operands_ = 0;
};

// An instruction T. Its i-th optional operand is present if bit i of `present` is set.
template <typename T>
T RandomInstruction(Random& random, uint32_t present) {
  RandomFields fields(random, present);
  Header header;
  VisitFields(header, fields);
  T instruction = WithHeader<T>(header);
  VisitBody(instruction, fields);
  return instruction;
}

template <typename T>
int OptionalOperands() {
  Random random(0);
  RandomFields fields(random, 0);
  T instruction;
  VisitBody(instruction, fields);
  return fields.optional_operands();
}

// Calls visit(std::type_identity<T>()) for every kind of instruction.
template <typename Visit, size_t... I>
void ForEveryKind(Visit visit, std::index_sequence<I...>) {
  (visit(std::type_identity<std::variant_alternative_t<I, Instruction>>()), ...);
}
template <typename Visit>
void ForEveryKind(Visit visit) {
  ForEveryKind(visit, std::make_index_sequence<std::variant_size_v<Instruction>>());
}

}  // namespace bittern::isa

#endif  // BITTERN_ACCELERATOR_ISA_TESTING_RANDOM_FIELDS_H_
