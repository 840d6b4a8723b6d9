#include "simulator/simulator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "arith/flush_to_zero.h"
#include "base/error.h"

namespace bittern {
namespace {

constexpr size_t kRememberedTimings = 4096;

// Words of memory that the host names: the region and the first word.
template <class State>
auto& RegionOf(State& state, uint32_t address, int64_t words, int64_t* first) {
  const uint32_t region = address >> kRegionShift;
  *first = address & ((1u << kRegionShift) - 1);
  if (region >= kRegions || *first + words > state.memory[region].words) {
    Fail("{} words at {:#x}: outside the memory of accelerator {}", words, address,
         state.accelerator.name);
  }
  return state.memory[region];
}

int64_t WordsIn(size_t floats, int64_t width, uint32_t address) {
  const auto n = static_cast<int64_t>(floats);
  if (n % width != 0) Fail("{} floats at {:#x}: not whole words of {}", n, address, width);
  return n / width;
}

int64_t WidthOf(const MachineState& state, uint32_t address) {
  const uint32_t region = address >> kRegionShift;
  return region < kRegions ? state.memory[region].width : 1;
}

}  // namespace

Simulator::Simulator(const isa::Accelerator& accelerator)
    : state_(accelerator), work_(accelerator) {}

void Simulator::LoadProgram(const isa::Program& program) {
  if (program.accelerator != accelerator().name) {
    Fail("the program was compiled for accelerator {}, this is {}", program.accelerator,
         accelerator().name);
  }
  if (std::ssize(program.words) > accelerator().program_words) {
    Fail("the program has {} words, accelerator {} holds {}", program.words.size(),
         accelerator().name, accelerator().program_words);
  }
  program_ = DecodeProgram(program.words);
  timings_.clear();
  for (const isa::Constant& constant : program.constants) {
    if (constant.address >> kRegionShift != kScalars) {
      Fail("the program's constant at {:#x} is not a scalar", constant.address);
    }
    WriteWords(constant.address, std::span(&constant.value, 1));
  }
}

void Simulator::WriteWords(uint32_t address, std::span<const float> values) {
  const int64_t width = WidthOf(state_, address);
  const int64_t words = WordsIn(values.size(), width, address);
  int64_t first = 0;
  MemoryRegion& memory = RegionOf(state_, address, words, &first);
  std::transform(values.begin(), values.end(), memory.values.begin() + first * width, [](float x) {
    return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
  });
  std::fill_n(memory.written.begin() + first, words, uint8_t{1});
}

void Simulator::ReadWords(uint32_t address, std::span<float> values) const {
  const int64_t width = WidthOf(state_, address);
  const int64_t words = WordsIn(values.size(), width, address);
  int64_t first = 0;
  const MemoryRegion& memory = RegionOf(state_, address, words, &first);
  for (int64_t i = 0; i < words; ++i) {
    if (memory.written[static_cast<size_t>(first + i)] == 0) {
      throw SimulationError({.kind = Fault::Kind::kUnwritten,
                             .operand = "the host",
                             .address = int64_t{address} + i,
                             .what = "never written"});
    }
  }
  std::transform(memory.values.begin() + first * width,
                 memory.values.begin() + (first + words) * width, values.begin(), [](float x) {
                   return std::isnan(x) ? std::numeric_limits<float>::quiet_NaN() : x;
                 });
}

void Simulator::WriteTable(uint32_t table, std::span<const int32_t> entries) {
  if (int64_t{table} >= accelerator().tables || std::ssize(entries) > state_.lanes) {
    Fail("index table {} of {} entries: accelerator {} has {} of {}", table, entries.size(),
         accelerator().name, accelerator().tables, state_.lanes);
  }
  const auto begin = state_.tables.begin() + int64_t{table} * state_.lanes;
  std::fill_n(std::copy(entries.begin(), entries.end(), begin), state_.lanes - std::ssize(entries),
              -1);
}

void Simulator::WriteRegisters(const HostRegisters& registers) {
  if (int64_t{registers.tokens} > state_.lanes) {
    Fail("{} tokens: accelerator {} takes {}", registers.tokens, accelerator().name, state_.lanes);
  }
  state_.host = registers;
}

void Simulator::PoisonWords(uint32_t address, int64_t words) {
  int64_t first = 0;
  MemoryRegion& memory = RegionOf(state_, address, words, &first);
  std::fill_n(memory.written.begin() + first, words, uint8_t{0});
}

void Simulator::PoisonAll() {
  for (MemoryRegion& memory : state_.memory) {
    std::fill(memory.written.begin(), memory.written.end(), uint8_t{0});
  }
}

void Simulator::Run() {
  const FlushToZero flush;
  state_.BeginRun();
  Sequence(program_, state_.host.lists, [this](int index, int64_t trip) {
    std::visit([&](const auto& instruction) { Execute(state_, index, trip, instruction, work_); },
               program_[static_cast<size_t>(index)].instruction);
  });
}

const Timing& Simulator::Time() {
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
