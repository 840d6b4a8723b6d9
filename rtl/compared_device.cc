// SPDX-License-Identifier: Apache-2.0
#include "compared_device.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <utility>

#include "accelerator/isa/decoded_program.h"
#include "base/error.h"

namespace bittern {
namespace {

constexpr std::array<const char*, kRegions> kRegionNames = {"tokens", "ranks", "scalars"};

bool Same(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

// Calls visit(address, first float, floats) for every longest row of words that have been written.
template <class Visit>
void ForEachWritten(const std::array<MemoryRegion, kRegions>& memory, Visit visit) {
  for (size_t r = 0; r < memory.size(); ++r) {
    const MemoryRegion& region = memory[r];
    for (int64_t begin = 0; begin < region.words; ++begin) {
      int64_t end = begin;
      while (end < region.words && region.written[static_cast<size_t>(end)] != 0) ++end;
      if (end == begin) continue;
      visit(static_cast<uint32_t>(r << kRegionShift) + static_cast<uint32_t>(begin),
            std::span(region.values)
                .subspan(static_cast<size_t>(begin * region.width),
                         static_cast<size_t>((end - begin) * region.width)),
            region.width);
      begin = end;
    }
  }
}

// The program without what stands behind its first `items` instructions and loops; `iterations`,
// unless negative, are those of the last one, a loop.
std::vector<uint32_t> Beginning(const DecodedProgram& program, int items, int64_t iterations = -1) {
  std::vector<uint32_t> words;
  for (int i = 0, item = 0; item < items; ++item) {
    const DecodedInstruction& first = program[static_cast<size_t>(i)];
    const auto* loop = std::get_if<isa::Loop>(&first.instruction);
    const int end = loop != nullptr ? first.body_end : i + 1;
    for (; i < end; ++i) {
      isa::Instruction instruction = program[static_cast<size_t>(i)].instruction;
      auto* changed = std::get_if<isa::Loop>(&instruction);
      if (changed != nullptr && iterations >= 0 && item + 1 == items) {
        changed->source = 0;
        changed->count = static_cast<uint32_t>(iterations);
      }
      isa::Encode(instruction, words);
    }
  }
  isa::Encode(isa::End{}, words);
  return words;
}

std::string UnitNameOf(const isa::Instruction& instruction) {
  return std::visit(
      [](const auto& i) -> std::string {
        if constexpr (requires { i.kUnit; }) {
          return fmt::format("unit {}", isa::Name(i.kUnit));
        } else {
          return "the sequencer";
        }
      },
      instruction);
}

}  // namespace

ComparedDevice::ComparedDevice(std::unique_ptr<Device> device)
    : device_(std::move(device)), simulated_(device_->accelerator()) {}

void ComparedDevice::LoadProgram(const isa::Program& program) {
  program_ = program;
  device_->LoadProgram(program);
  simulated_.LoadProgram(program);
}

void ComparedDevice::WriteWords(uint32_t address, std::span<const float> values) {
  device_->WriteWords(address, values);
  simulated_.WriteWords(address, values);
}

void ComparedDevice::ReadWords(uint32_t address, std::span<float> values) {
  device_->ReadWords(address, values);
}

void ComparedDevice::WriteTable(uint32_t table, std::span<const int32_t> entries) {
  device_->WriteTable(table, entries);
  simulated_.WriteTable(table, entries);
}

void ComparedDevice::WriteRegisters(const HostRegisters& registers) {
  device_->WriteRegisters(registers);
  simulated_.WriteRegisters(registers);
}

void ComparedDevice::Start() {
  before_ = simulated_.simulator().state().memory;
  simulated_.Start();
  device_->Start();
}

void ComparedDevice::Wait() {
  device_->Wait();
  if (const std::optional<Difference> difference = Compare()) Fail("{}", Describe(*difference));
  const int64_t here = device_->ReadCounters().cycles;
  const int64_t there = simulated_.ReadCounters().cycles;
  if (here != there) {
    Fail("the run took {} cycles, {} on the simulator: the same memory at another time", here,
         there);
  }
}

std::optional<ComparedDevice::Difference> ComparedDevice::Compare() {
  std::optional<Difference> found;
  std::vector<float> here;
  ForEachWritten(simulated_.simulator().state().memory,
                 [&](uint32_t address, std::span<const float> there, int64_t width) {
                   if (found) return;
                   here.resize(there.size());
                   device_->ReadWords(address, here);
                   for (size_t i = 0; i < there.size() && !found; ++i) {
                     if (Same(here[i], there[i])) continue;
                     const auto at = static_cast<int64_t>(i);
                     found = Difference{address + static_cast<uint32_t>(at / width), at % width,
                                        here[i], there[i]};
                   }
                 });
  return found;
}

std::optional<ComparedDevice::Difference> ComparedDevice::Rerun(const isa::Program& program) {
  simulated_.simulator().state().memory = before_;
  ForEachWritten(before_, [&](uint32_t address, std::span<const float> values, int64_t) {
    device_->WriteWords(address, values);
  });
  device_->LoadProgram(program);
  simulated_.LoadProgram(program);
  simulated_.Start();
  device_->Start();
  device_->Wait();
  return Compare();
}

std::string ComparedDevice::Describe(const Difference& last) {
  const DecodedProgram decoded = DecodeProgram(program_.words);
  std::vector<int> items;  // instructions that are in no loop, loops
  for (int i = 0; i < static_cast<int>(decoded.size());) {
    items.push_back(i);
    const DecodedInstruction& item = decoded[static_cast<size_t>(i)];
    i = std::holds_alternative<isa::Loop>(item.instruction) ? item.body_end : i + 1;
  }
  isa::Program shorter = program_;
  // The fewest that leave a difference: `low` do not, `high` do, with this one.
  const auto fewest = [&](int64_t high, std::optional<Difference>& first, auto&& words_of) {
    int64_t low = 0;
    while (high - low > 1) {
      const int64_t middle = (low + high) / 2;
      shorter.words = words_of(middle);
      if (const auto difference = Rerun(shorter)) {
        high = middle;
        first = difference;
      } else {
        low = middle;
      }
    }
    return high;
  };
  std::optional<Difference> first;
  const int64_t count = fewest(std::ssize(items), first,
                               [&](int64_t n) { return Beginning(decoded, static_cast<int>(n)); });
  const int index = items[static_cast<size_t>(count - 1)];
  const isa::Instruction& instruction = decoded[static_cast<size_t>(index)].instruction;
  std::string where;
  if (const auto* loop = std::get_if<isa::Loop>(&instruction)) {
    const HostRegisters& host = simulated_.simulator().state().host;
    const uint32_t iterations = loop->source == 0 ? loop->count : host.lists[loop->source - 1];
    const int64_t iteration = fewest(iterations, first, [&](int64_t n) {
      return Beginning(decoded, static_cast<int>(count), n);
    });
    where = fmt::format(", iteration {} of its body to instruction {}", iteration - 1,
                        decoded[static_cast<size_t>(index)].body_end - 1);
  }
  const Difference& shown = first.value_or(last);
  return fmt::format(
      "first difference to the simulator: instruction {} ({}{}), {}: word {} of {} (address "
      "{:#x}), "
      "lane {} is {:.9g} ({:#010x}), {:.9g} ({:#010x}) on the simulator",
      index, UnitNameOf(instruction), where, isa::Disassemble(instruction),
      shown.address & ((1u << kRegionShift) - 1), kRegionNames[shown.address >> kRegionShift],
      shown.address, shown.lane, shown.device, std::bit_cast<uint32_t>(shown.device),
      shown.simulator, std::bit_cast<uint32_t>(shown.simulator));
}

}  // namespace bittern
