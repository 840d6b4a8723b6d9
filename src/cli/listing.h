// A program in words, an instruction a line.
#ifndef BITTERN_CLI_LISTING_H_
#define BITTERN_CLI_LISTING_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace bittern {

// Number, first word and fields of every instruction, and behind them what `comment` says of it (by
// its number; may be empty). Bodies of hardware loops are indented. Fails on words that are no
// program.
std::string Listing(std::span<const uint32_t> words,
                    const std::function<std::string(size_t)>& comment = {});

}  // namespace bittern

#endif  // BITTERN_CLI_LISTING_H_
