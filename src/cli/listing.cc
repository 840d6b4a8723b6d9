// SPDX-License-Identifier: Apache-2.0
#include "cli/listing.h"

#include <fmt/format.h>

#include <iterator>

#include "accelerator/isa/decoded_program.h"

namespace bittern {

std::string Listing(std::span<const uint32_t> words,
                    const std::function<std::string(size_t)>& comment) {
  std::string text;
  const DecodedProgram program = DecodeProgram(words);
  int body_end = 0, word = 0;
  for (int i = 0; i < std::ssize(program); ++i) {
    const DecodedInstruction& item = program[static_cast<size_t>(i)];
    const std::string note = comment ? comment(static_cast<size_t>(i)) : "";
    fmt::format_to(std::back_inserter(text), "{:>5} {:>6}  {}{}{}{}\n", i, word,
                   i < body_end ? "  " : "", isa::Disassemble(item.instruction),
                   note.empty() ? "" : "  ; ", note);
    if (std::holds_alternative<isa::Loop>(item.instruction)) body_end = item.body_end;
    word += item.words;
  }
  return text;
}

}  // namespace bittern
