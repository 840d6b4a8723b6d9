// SPDX-License-Identifier: Apache-2.0
#include "base/environment.h"

#include <charconv>
#include <cstdlib>

#include "base/error.h"

namespace bittern {

std::string_view EnvironmentText(const char* name) {
  const char* value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): the program never sets one
  return value == nullptr ? "" : value;
}

std::optional<int> EnvironmentNumber(const char* name) {
  const std::string_view text = EnvironmentText(name);
  if (text.empty()) return std::nullopt;
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || number < 0 || text.size() > 9) {
    Fail("{} is \"{}\"; expected a number of up to nine digits", name, text);
  }
  return number;
}

}  // namespace bittern
