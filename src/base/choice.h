// SPDX-License-Identifier: Apache-2.0
// The names of an enumeration's values, listed once.
//
// An enumeration that users choose from has a function Choices beside it, which lists every value
// with the name that files, options and messages use, in the order in which messages show them:
//
//   enum class Optimizer { kSgd, kAdamW };
//   constexpr auto Choices(Optimizer) {
//     return std::array{Choice{Optimizer::kSgd, "sgd"}, Choice{Optimizer::kAdamW, "adamw"}};
//   }
//
// The argument only selects the list. Name and AllValues below follow from it.
#ifndef BITTERN_BASE_CHOICE_H_
#define BITTERN_BASE_CHOICE_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace bittern {

template <typename T>
struct Choice {
  T value;
  std::string_view name;
};
// Clang 14 deduces no aggregate by itself.
template <typename T>
Choice(T, std::string_view) -> Choice<T>;

template <typename T>
concept HasChoices = requires(T value) {
  Choices(value);
};

// The name of a value, which must be in the list.
template <HasChoices T>
constexpr std::string_view Name(T value) {
  for (const Choice<T>& choice : Choices(value)) {
    if (choice.value == value) return choice.name;
  }
  BITTERN_CHECK(false);
  return {};
}

// Every value, in the order of the list.
template <HasChoices T>
constexpr auto AllValues() {
  constexpr auto kChoices = Choices(T{});
  std::array<T, kChoices.size()> values{};
  for (size_t i = 0; i < kChoices.size(); ++i) values[i] = kChoices[i].value;
  return values;
}

}  // namespace bittern

#endif  // BITTERN_BASE_CHOICE_H_
