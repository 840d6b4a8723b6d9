// SPDX-License-Identifier: Apache-2.0
#include "cli/estimate_report.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"

namespace bittern {
namespace {

constexpr std::array kUnitNames = {"load", "stream", "drain", "vector"};
constexpr std::array kStallNames = {"dispatch", "load", "stream", "drain", "vector"};
static_assert(kUnitNames.size() == isa::kUnits && kStallNames.size() == kStalls);

Json BlocksJson(const BlockUse& use) {
  return {{"configured", use.configured},
          {"occupied", use.occupied},
          {"available", use.available},
          {"total", use.total}};
}

Json RangeJson(const Joules& energy) { return {{"low", energy.low}, {"high", energy.high}}; }

std::string Share(int64_t part, int64_t whole) {
  return whole == 0 ? "-"
                    : fmt::format("{:.1f} %",
                                  100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

void PrintMemory(const Estimate& estimate, std::FILE* file) {
  TextTable memory;
  memory.Add({"memory", "used", "configured", ""});
  for (const RegionUse& region : estimate.regions) {
    memory.Add({fmt::format("  {}, words ({})", region.name, region.memories), Grouped(region.used),
                Grouped(region.configured), Share(region.used, region.configured)});
  }
  if (estimate.has_program()) {
    const int64_t words = estimate.machine->program_words;
    memory.Add({"  program, words", Grouped(estimate.program_bytes / 4), Grouped(words),
                Share(estimate.program_bytes / 4, words)});
  }
  memory.Print(file, 0);
  TextTable blocks;
  blocks.Add({"blocks", "occupied", "configured", "available", "of the part", "configured / part"});
  for (const auto& [name, use] :
       {std::pair("  RAMB36", estimate.ramb36), std::pair("  URAM288", estimate.uram288)}) {
    blocks.Add({name, estimate.has_program() ? Grouped(use.occupied) : "-", Grouped(use.configured),
                Grouped(use.available), Grouped(use.total), Share(use.configured, use.total)});
  }
  fmt::print(file, "\n");
  blocks.Print(file, 0);
}

void PrintCycles(const Estimate& estimate, std::FILE* file) {
  const Counters& counters = estimate.timing.counters;
  fmt::print(file, "\none training step: {} tokens, every one another word\n",
             estimate.program.graph.tokens);
  fmt::print(file, "  {} cycles, {:.3f} ms at {} MHz; {} instructions, {} program bytes\n",
             Grouped(counters.cycles), 1e3 * estimate.seconds_per_step(),
             estimate.machine->clock_mhz, Grouped(estimate.instructions),
             Grouped(estimate.program_bytes));
  fmt::print(file, "  {} useful multiply-adds on {} lanes: {:.1f} % of lanes and cycles\n\n",
             Grouped(estimate.multiply_adds), Grouped(estimate.array_lanes()),
             100 * estimate.array_utilisation());
  TextTable table;
  table.Add({"unit", "busy", "", "waits: dispatch", "load", "stream", "drain", "vector"});
  for (size_t unit = 0; unit < isa::kUnits; ++unit) {
    std::vector<std::string> row = {fmt::format("  {}", kUnitNames[unit]),
                                    Grouped(counters.busy[unit]),
                                    Share(counters.busy[unit], counters.cycles)};
    for (const int64_t stall : counters.stalls[unit]) row.push_back(Grouped(stall));
    table.Add(std::move(row));
  }
  table.Print(file, 0);
}

void PrintPhases(const Estimate& estimate, std::FILE* file) {
  TextTable table;
  table.Add({"phase", "cycles", "", "stream busy", "useful multiply-adds", "of lanes and cycles"});
  for (const Phase& phase : estimate.phases) {
    table.Add({fmt::format("  {}", phase.name), Grouped(phase.cycles),
               Share(phase.cycles, estimate.timing.counters.cycles),
               Share(phase.stream_cycles, phase.cycles), Grouped(phase.multiply_adds),
               Share(phase.multiply_adds, phase.cycles * estimate.array_lanes())});
  }
  fmt::print(file, "\n");
  table.Print(file, 0);
}

}  // namespace

std::string Text(const Joules& energy) {
  const double scale = energy.high >= 1 ? 1 : energy.high >= 1e-3 ? 1e3 : 1e6;
  return fmt::format("{:.3g} to {:.3g} {}", energy.low * scale, energy.high * scale,
                     scale == 1     ? "J"
                     : scale == 1e3 ? "mJ"
                                    : "uJ");
}

Json ToJson(const Estimate& estimate) {
  const isa::Accelerator& machine = *estimate.machine;
  Json shortfalls = Json::array(), regions;
  for (const Shortfall& missing : estimate.shortfalls) {
    shortfalls.push_back({{"what", missing.what},
                          {"needed", missing.needed},
                          {"available", missing.available},
                          {"short", missing.needed - missing.available}});
  }
  for (const RegionUse& region : estimate.regions) {
    regions[region.name] = {{"memory", region.memories},
                            {"used_words", region.used},
                            {"configured_words", region.configured}};
  }
  Json json = {
      {"accelerator", machine.name},
      {"part", machine.device},
      {"fits", estimate.fits()},
      {"shortfalls", shortfalls},
      {"recompute", Name(estimate.program.recompute)},
      {"clock_mhz", machine.clock_mhz},
      {"multiply_add_lanes", estimate.array_lanes()},
      {"multiply_adds_per_step", estimate.multiply_adds},
      {"blocks",
       {{"ramb36", BlocksJson(estimate.ramb36)}, {"uram288", BlocksJson(estimate.uram288)}}},
      {"regions", regions}};
  if (!estimate.has_program()) return json;
  const Counters& counters = estimate.timing.counters;
  json["program_bytes"] = estimate.program_bytes;
  json["instructions"] = estimate.instructions;
  json["cycles_per_step"] = counters.cycles;
  json["seconds_per_step"] = estimate.seconds_per_step();
  json["array_utilisation"] = estimate.array_utilisation();
  Json units;
  for (size_t unit = 0; unit < isa::kUnits; ++unit) {
    Json stalls;
    for (size_t cause = 0; cause < kStalls; ++cause) {
      stalls[kStallNames[cause]] = counters.stalls[unit][cause];
    }
    units[kUnitNames[unit]] = {{"busy", counters.busy[unit]}, {"stalls", stalls}};
  }
  json["units"] = units;
  Json phases = Json::array();
  for (const Phase& phase : estimate.phases) {
    phases.push_back({{"name", phase.name},
                      {"cycles", phase.cycles},
                      {"stream_cycles", phase.stream_cycles},
                      {"multiply_adds", phase.multiply_adds}});
  }
  json["phases"] = phases;
  json["energy_per_step_joule"] = RangeJson(estimate.energy.total());
  Json parts;
  for (const EnergyEstimate::Part& part : estimate.energy.parts) {
    parts[std::string(part.name)] = RangeJson(part.energy);
  }
  json["energy_parts_joule"] = parts;
  return json;
}

Json ToJson(const EpochEstimate& epoch, const isa::Accelerator& machine) {
  return {{"of", epoch.of},
          {"sentences", epoch.sentences},
          {"cycles", epoch.cycles},
          {"seconds", static_cast<double>(epoch.cycles) / (1e6 * machine.clock_mhz)},
          {"energy_joule", RangeJson(epoch.energy)}};
}

void Print(const Estimate& estimate, const EpochEstimate& epoch, std::FILE* file) {
  const isa::Accelerator& machine = *estimate.machine;
  fmt::print(file, "on accelerator {}: {} x {} x {} multiply-add lanes, {}\n", machine.name,
             machine.planes, machine.rows, machine.lanes / machine.fold,
             isa::DeviceNamed(machine.device).part);
  fmt::print(file, "{}; computed again: {}\n",
             estimate.fits() ? "it fits" : "it does not fit: " + Describe(estimate.shortfalls),
             Name(estimate.program.recompute));
  fmt::print(file, "\n");
  PrintMemory(estimate, file);
  if (!estimate.has_program()) return;
  PrintCycles(estimate, file);
  PrintPhases(estimate, file);
  fmt::print(file, "\nenergy, an estimate from published figures (docs/instructions.md, Energy)\n");
  TextTable table;
  for (const EnergyEstimate::Part& part : estimate.energy.parts) {
    table.Add({fmt::format("  {}", part.name), Text(part.energy)});
  }
  table.Add({"  a step", Text(estimate.energy.total())});
  table.Print(file, 0);
  fmt::print(file, "\none epoch: {}\n", epoch.of);
  fmt::print(file, "  {} steps, {:.2f} s at {} MHz; energy, an estimate: {}\n",
             Grouped(epoch.sentences),
             static_cast<double>(epoch.cycles) / (1e6 * machine.clock_mhz), machine.clock_mhz,
             Text(epoch.energy));
  fmt::print(file,
             "  (the paper, arXiv 2501.06663, claims for its own accelerator on a U50 up to 3.6\n"
             "  times less energy an epoch than an RTX 3090: 28 %; nothing here measures that)\n");
}

}  // namespace bittern
