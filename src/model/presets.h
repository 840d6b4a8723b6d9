// SPDX-License-Identifier: Apache-2.0
// The configurations that come with the program: the files of configs/, compiled in.
#ifndef BITTERN_MODEL_PRESETS_H_
#define BITTERN_MODEL_PRESETS_H_

#include <span>
#include <string_view>

namespace bittern {

struct Preset {
  std::string_view name;  // the file's, without .toml
  std::string_view toml;
};

std::span<const Preset> Presets();

}  // namespace bittern

#endif  // BITTERN_MODEL_PRESETS_H_
