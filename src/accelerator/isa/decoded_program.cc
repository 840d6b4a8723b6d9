// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/decoded_program.h"

#include <algorithm>

#include "base/error.h"

namespace bittern {
namespace {

uint32_t DynamicOf(const isa::Instruction& instruction) {
  return std::visit([](const auto& i) { return i.dynamic; }, instruction);
}

}  // namespace

DecodedProgram DecodeProgram(std::span<const uint32_t> words, size_t list_registers) {
  DecodedProgram program;
  std::vector<size_t> places;  // the first word of each instruction
  for (size_t at = 0; at < words.size();) {
    DecodedInstruction item{.instruction = isa::Decode(words.subspan(at))};
    item.words = static_cast<int>(isa::WordsOf(item.instruction));
    places.push_back(at);
    at += static_cast<size_t>(item.words);
    program.push_back(item);
  }
  size_t body_end = 0;  // the end of the current loop's body, in words
  for (size_t i = 0; i < program.size(); ++i) {
    const auto& instruction = program[i].instruction;
    const bool last = i + 1 == program.size();
    if (std::holds_alternative<isa::End>(instruction) != last) {
      Fail("instruction {}: {}", i, last ? "the program has no end" : "end before the last");
    }
    if (DynamicOf(instruction) > list_registers) Fail("instruction {}: no such list register", i);
    const auto* loop = std::get_if<isa::Loop>(&instruction);
    if (loop == nullptr) continue;
    if (places[i] < body_end) Fail("instruction {}: a loop within a loop", i);
    if (loop->source > list_registers) Fail("instruction {}: no such list register", i);
    // The body must end where an instruction starts.
    body_end = places[i] + static_cast<size_t>(program[i].words) + loop->body;
    const auto behind = std::lower_bound(places.begin(), places.end(), body_end);
    if (behind == places.end() || *behind != body_end) {
      Fail(
          "instruction {}: the loop's body of {} words ends within an instruction or after the "
          "program",
          i, loop->body);
    }
    program[i].body_end = static_cast<int>(behind - places.begin());
  }
  if (program.empty()) Fail("the program is empty");
  return program;
}

}  // namespace bittern
