// Variables of the environment.
#ifndef BITTERN_BASE_ENVIRONMENT_H_
#define BITTERN_BASE_ENVIRONMENT_H_

#include <optional>
#include <string_view>

namespace bittern {

// Empty where it is not set.
std::string_view EnvironmentText(const char* name);
// None where it is not set or empty. Fails, naming the variable, on what is no number of up to nine
// digits.
std::optional<int> EnvironmentNumber(const char* name);

}  // namespace bittern

#endif  // BITTERN_BASE_ENVIRONMENT_H_
