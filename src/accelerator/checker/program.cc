// SPDX-License-Identifier: Apache-2.0
#include "accelerator/checker/program.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"

namespace bittern::checker {
namespace {

// Decodes the words of a program and finds its loops. Faults that make the program unreadable clear
// ok_.
class Reader {
 public:
  Reader(std::span<const uint32_t> words, const isa::Accelerator& machine, Report& report)
      : words_(words), machine_(machine), report_(report) {}

  Program Read() {
    // A program that is too long is a fault of capacity. It can still be read, so the other rules
    // are checked, too.
    if (std::ssize(words_) > machine_.program_words) {
      Wrong(Rule::kCapacity, -1,
            fmt::format("the program has {} words, {} holds {}: {} short", words_.size(),
                        machine_.name, machine_.program_words,
                        std::ssize(words_) - machine_.program_words));
    }
    for (size_t at = 0; at < words_.size();) {
      isa::Instruction instruction;
      try {
        // Without the length of this instruction, the start of the next one is unknown. So reading
        // ends here.
        instruction = isa::Decode(words_.subspan(at));
      } catch (const Error& error) {
        Wrong(Rule::kProgram, size(), fmt::format("word {}: {}", at, error.what()));
        return {};
      }
      places_.push_back(at);
      at += isa::WordsOf(instruction);
      program_.instructions.push_back(instruction);
    }
    // `places_` has the first word of every instruction, and the end of the program.
    places_.push_back(words_.size());
    program_.loop_end.resize(program_.instructions.size());
    program_.loop_begin.resize(program_.instructions.size());
    if (program_.instructions.empty()) Wrong(Rule::kProgram, -1, "it is empty");
    for (int i = 0; i < size(); ++i) One(i);
    return ok_ ? std::move(program_) : Program{};
  }

 private:
  int size() const { return program_.size(); }

  void Wrong(Rule rule, int instruction, const std::string& text) {
    if (report_.Count(rule, instruction, -1, "")) report_.Add({rule, instruction, -1, "", text});
    if (rule == Rule::kProgram) ok_ = false;
  }

  void One(int i) {
    const isa::Instruction& instruction = program_.instructions[static_cast<size_t>(i)];
    const bool is_end = std::holds_alternative<isa::End>(instruction);
    if (is_end != (i + 1 == size())) {
      Wrong(Rule::kProgram, i,
            is_end ? "an end before the last instruction" : "the last instruction is not an end");
    }
    // Both fields count list registers from 1, because 0 means none.
    const uint32_t dynamic = std::visit([](const auto& any) { return any.dynamic; }, instruction);
    const auto lists = static_cast<uint32_t>(machine_.list_registers);
    if (dynamic > lists) Wrong(Rule::kProgram, i, "no such list register");
    const auto* loop = std::get_if<isa::Loop>(&instruction);
    if (loop == nullptr) return;
    if (loop->source > lists) Wrong(Rule::kProgram, i, "no such list register");
    // `loop_end` of this instruction was set by a loop before it, so that loop contains this one.
    if (program_.InLoop(i)) Wrong(Rule::kProgram, i, "a loop within a loop");
    // The body must end where an instruction starts, and before the `end` instruction.
    const size_t behind = places_[static_cast<size_t>(i) + 1] + loop->body;
    const auto end = std::lower_bound(places_.begin(), places_.end(), behind);
    if (end == places_.end() || *end != behind || behind == words_.size()) {
      Wrong(Rule::kProgram, i, "the loop's body ends within an instruction or after the program");
      return;
    }
    // The loop instruction itself counts as a part of its loop.
    for (int inner = i; inner < end - places_.begin(); ++inner) {
      program_.loop_end[static_cast<size_t>(inner)] = static_cast<int>(end - places_.begin());
      program_.loop_begin[static_cast<size_t>(inner)] = i;
    }
  }

  std::span<const uint32_t> words_;
  const isa::Accelerator& machine_;
  Report& report_;
  bool ok_ = true;
  std::vector<size_t> places_;
  Program program_;
};

}  // namespace

Program ReadProgram(std::span<const uint32_t> words, const isa::Accelerator& machine,
                    Report& report) {
  return Reader(words, machine, report).Read();
}

}  // namespace bittern::checker
