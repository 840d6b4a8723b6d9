// SPDX-License-Identifier: Apache-2.0
// Reads variables of the environment.
#ifndef BITTERN_BASE_ENVIRONMENT_H_
#define BITTERN_BASE_ENVIRONMENT_H_

#include <optional>
#include <string_view>

namespace bittern {

// Returns an empty string if the variable is not set.
std::string_view EnvironmentText(const char* name);
// Returns nullopt if the variable is not set or empty. A value that is not a number of up to nine
// digits is an Error that names the variable.
std::optional<int> EnvironmentNumber(const char* name);

}  // namespace bittern

#endif  // BITTERN_BASE_ENVIRONMENT_H_
