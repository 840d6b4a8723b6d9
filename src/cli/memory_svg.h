// SPDX-License-Identifier: Apache-2.0
// A picture of an accelerator's memory during a program: instructions from left to right, words of
// a region from bottom to top, a rectangle for every tensor with its name, words, banks and life in
// its title (what a browser shows on hover). Lines between banks; unused words stay white.
#ifndef BITTERN_CLI_MEMORY_SVG_H_
#define BITTERN_CLI_MEMORY_SVG_H_

#include <string>
#include <string_view>

#include "accelerator/isa/memory_map.h"

namespace bittern {

std::string MemorySvg(const isa::MemoryMap& map, const isa::Accelerator& machine,
                      std::string_view title);

}  // namespace bittern

#endif  // BITTERN_CLI_MEMORY_SVG_H_
