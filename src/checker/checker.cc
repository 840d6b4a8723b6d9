#include "checker/checker.h"

#include <algorithm>

#include "checker/access.h"
#include "checker/lives.h"
#include "checker/program.h"
#include "checker/replay.h"

namespace bittern::checker {

std::vector<ListRegisters> UsualLists(const isa::Accelerator& machine) {
  const auto most = static_cast<uint32_t>(machine.lanes);
  std::vector<ListRegisters> lists;
  for (const uint32_t n : {most, 1u, 2u}) lists.emplace_back().fill(n);
  ListRegisters mixed;
  for (size_t i = 0; i < mixed.size(); ++i) mixed[i] = i % 2 == 0 ? most : 1;
  lists.push_back(mixed);
  for (size_t i = 0; i < mixed.size(); ++i) mixed[i] = i % 2 == 0 ? 3 : most - 1;
  lists.push_back(mixed);
  return lists;
}

Report CheckProgram(std::span<const uint32_t> words, const isa::Accelerator& machine,
                    const isa::MemoryMap& map, std::span<const ListRegisters> lists) {
  Report report;
  const Program program = ReadProgram(words, machine, report);
  if (program.instructions.empty()) return report;
  const Places places(machine);
  Lives lives(map, program, places, report);
  Replay replay(program, machine, places, lives, report);
  ListRegisters most{};
  for (const ListRegisters& some : lists) {
    for (size_t i = 0; i < most.size(); ++i) most[i] = std::max(most[i], some[i]);
  }
  for (const ListRegisters& some : lists) replay.Run(some, some == most);
  return report;
}

Report CheckProgram(std::span<const uint32_t> words, const isa::Accelerator& machine,
                    const isa::MemoryMap& map) {
  return CheckProgram(words, machine, map, UsualLists(machine));
}

}  // namespace bittern::checker
