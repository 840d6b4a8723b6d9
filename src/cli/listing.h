// Prints a program, one instruction on a line.
#ifndef BITTERN_CLI_LISTING_H_
#define BITTERN_CLI_LISTING_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace bittern {

// Lists number, first word and fields of every instruction, followed by comment(number) if it is
// not empty. Bodies of hardware loops are indented. Fails if the words are not a program.
std::string Listing(std::span<const uint32_t> words,
                    const std::function<std::string(size_t)>& comment = {});

}  // namespace bittern

#endif  // BITTERN_CLI_LISTING_H_
