// SPDX-License-Identifier: Apache-2.0
#include "accelerator/checker/checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "accelerator/checker/access.h"
#include "accelerator/checker/lives.h"
#include "accelerator/checker/program.h"
#include "accelerator/checker/replay.h"

namespace bittern::checker {

// Equal registers alone would hide a program that uses the wrong register. So two more sets mix
// large and small counts.
std::vector<ListRegisters> UsualLists(int64_t tokens) {
  const auto most = static_cast<uint32_t>(tokens);
  std::vector<ListRegisters> lists;
  for (const uint32_t n : {most, 1u, std::min(2u, most)}) lists.emplace_back().fill(n);
  ListRegisters mixed;
  for (size_t i = 0; i < mixed.size(); ++i) mixed[i] = i % 2 == 0 ? most : 1;
  lists.push_back(mixed);
  for (size_t i = 0; i < mixed.size(); ++i)
    mixed[i] = i % 2 == 0 ? std::min(3u, most) : std::max(1u, most - 1);
  lists.push_back(mixed);
  return lists;
}

Report CheckProgram(std::span<const uint32_t> words, const isa::Accelerator& machine,
                    const isa::MemoryMap& map, std::span<const ListRegisters> lists) {
  Report report;
  const Program program = ReadProgram(words, machine, report);
  if (program.instructions.empty()) return report;
  if ((map.tokens < 1 || map.tokens > machine.lanes) &&
      report.Count(Rule::kMap, -1, -1, "tokens")) {
    report.Add({Rule::kMap, -1, -1, "tokens",
                fmt::format("the map has {} tokens, but the machine has {} lanes", map.tokens,
                            machine.lanes)});
  }
  const Places places(machine);
  Lives lives(map, program, places, report);
  Replay replay(program, machine, places, lives, report);
  // Only with the largest lists can every tensor be written whole.
  ListRegisters most{};
  for (const ListRegisters& some : lists) {
    for (size_t i = 0; i < most.size(); ++i) most[i] = std::max(most[i], some[i]);
  }
  for (const ListRegisters& some : lists) {
    if (!replay.Run(some, some == most)) break;
  }
  return report;
}

Report CheckProgram(std::span<const uint32_t> words, const isa::Accelerator& machine,
                    const isa::MemoryMap& map) {
  return CheckProgram(words, machine, map,
                      UsualLists(std::clamp(map.tokens, 1, int32_t{machine.lanes})));
}

}  // namespace bittern::checker
