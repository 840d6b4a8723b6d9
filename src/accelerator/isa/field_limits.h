// SPDX-License-Identifier: Apache-2.0
// Finds the largest values of instruction fields (spec/isa.toml).
#ifndef BITTERN_ACCELERATOR_ISA_FIELD_LIMITS_H_
#define BITTERN_ACCELERATOR_ISA_FIELD_LIMITS_H_

#include <cstdint>
#include <string_view>

#include "accelerator/isa/generated/fields.h"
#include "base/error.h"

namespace bittern::isa {

// A visitor that finds the largest value of the field called `wanted`.
struct LimitFinder {
  std::string_view wanted;
  int64_t most = -1;

  void Field(std::string_view name, const auto&, const FieldFormat& format) {
    if (name == wanted) most = (int64_t{1} << format.bits) - 1;
  }
  void Structs(std::string_view, const auto&, auto) {}
  void Unused(std::string_view, int) {}
  void Presence(std::string_view, const auto&) {}
  void Align() {}
  void Operand(std::string_view, const auto&) {}
};

// The largest value of an unsigned field of `T`. `T` is a structure such as Wait, or the part of an
// instruction after its header.
template <typename T>
int64_t MostOf(std::string_view field) {
  LimitFinder finder{field};
  const T value{};
  if constexpr (requires { VisitBody(value, finder); }) {
    VisitBody(value, finder);
  } else {
    VisitFields(value, finder);
  }
  BITTERN_CHECK(finder.most >= 0);
  return finder.most;
}

}  // namespace bittern::isa

#endif  // BITTERN_ACCELERATOR_ISA_FIELD_LIMITS_H_
