// SPDX-License-Identifier: Apache-2.0
#include "accelerator/simulator/simulator.h"

#include <algorithm>
#include <bit>
#include <type_traits>

#include "accelerator/device/host_access.h"
#include "accelerator/device/numbers.h"
#include "accelerator/isa/arithmetic/flush_to_zero.h"
#include "base/error.h"

namespace bittern {
namespace {

// Timings depend on the list registers only, and a training run repeats few sets of them.
constexpr size_t kRememberedTimings = 4096;

}  // namespace

Simulator::Simulator(const isa::Accelerator& accelerator)
    : state_(accelerator), work_(accelerator) {}

void Simulator::LoadProgram(const isa::Program& program) {
  CheckLoadable(accelerator(), program);
  program_ = DecodeProgram(program.words, static_cast<size_t>(accelerator().list_registers));
  // They belong to the program before.
  timings_.clear();
  // Constants are scalars that the program reads but never writes.
  for (const isa::Constant& constant : program.constants) {
    WriteWords(constant.address, std::span(&constant.value, 1));
  }
}

void Simulator::WriteWords(uint32_t address, std::span<const float> values) {
  // The device flushes subnormals when it takes a number, so BitsOnDevice does the same.
  const HostWords words = CheckedWords(accelerator(), address, values.size());
  MemoryRegion& memory = state_.memory[static_cast<size_t>(words.region)];
  std::transform(values.begin(), values.end(), memory.values.begin() + words.first * words.width,
                 [](float x) { return std::bit_cast<float>(BitsOnDevice(x)); });
  std::fill_n(memory.written.begin() + words.first, words.count, uint8_t{1});
}

void Simulator::ReadWords(uint32_t address, std::span<float> values) const {
  const HostWords words = CheckedWords(accelerator(), address, values.size());
  const MemoryRegion& memory = state_.memory[static_cast<size_t>(words.region)];
  for (int64_t i = 0; i < words.count; ++i) {
    if (memory.written[static_cast<size_t>(words.first + i)] == 0) {
      throw SimulationError({.kind = Fault::Kind::kUnwritten,
                             .operand = "the host",
                             .address = int64_t{address} + i,
                             .what = "never written"});
    }
  }
  const auto begin = memory.values.begin() + words.first * words.width;
  std::transform(begin, begin + words.count * words.width, values.begin(),
                 [](float x) { return FloatFromDevice(std::bit_cast<uint32_t>(x)); });
}

void Simulator::WriteTable(uint32_t table, std::span<const int32_t> entries) {
  CheckTable(accelerator(), table, entries.size());
  const auto begin = state_.tables.begin() + int64_t{table} * state_.lanes;
  // Entries beyond the given ones are -1, which no comparison matches and which counts as no label.
  std::fill_n(std::copy(entries.begin(), entries.end(), begin), state_.lanes - std::ssize(entries),
              -1);
}

void Simulator::WriteRegisters(const HostRegisters& registers) {
  CheckRegisters(accelerator(), registers);
  state_.host = registers;
}

void Simulator::PoisonAll() {
  for (MemoryRegion& memory : state_.memory) {
    std::fill(memory.written.begin(), memory.written.end(), uint8_t{0});
  }
}

void Simulator::Run() {
  // The arithmetic of the host must flush subnormals to zero for the whole run
  // (docs/arithmetic.md).
  const FlushToZero flush;
  state_.BeginRun();
  // Instructions run one after the other. The checker proves that waits keep this order.
  Sequence(program_, state_.host.lists, [this](int index, int64_t iteration) {
    std::visit(
        [&](const auto& instruction) { Execute(state_, index, iteration, instruction, work_); },
        program_[static_cast<size_t>(index)].instruction);
  });
}

const Timing& Simulator::Time() {
  // The cache starts again when it is full. A reference to an earlier entry is then no longer
  // valid.
  if (timings_.size() > kRememberedTimings) timings_.clear();
  const auto [entry, is_new] = timings_.try_emplace(state_.host.lists);
  if (is_new) entry->second = TimeProgram(program_, accelerator(), state_.host.lists);
  return entry->second;
}

std::vector<InstructionTime> Simulator::Trace() const {
  std::vector<InstructionTime> records;
  TimeProgram(program_, accelerator(), state_.host.lists, &records);
  return records;
}

}  // namespace bittern
