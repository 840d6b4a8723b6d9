// SPDX-License-Identifier: Apache-2.0
// Checks any program with any map. The checker must terminate. A program that it accepts then runs
// on the simulator, which must read neither unwritten words nor words outside of memory.
//
// Fields of instructions are taken from the input, byte by byte and within their ranges. Small
// values are more frequent, and counts are small, so that there are many runs in a minute.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "accelerator/checker/checker.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/fields.h"
#include "accelerator/isa/memory_map.h"
#include "accelerator/simulator/simulator.h"
#include "base/error.h"

namespace {

namespace isa = bittern::isa;

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  bool over() const { return at_ >= size_; }
  uint32_t Byte() { return over() ? 0 : data_[at_++]; }
  // A value in 0 .. most, from one byte of the input.
  uint32_t UpTo(uint32_t most) { return Byte() % (most + 1); }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
};

class FieldsFrom {
 public:
  explicit FieldsFrom(Input& input) : input_(input) {}

  template <typename T>
  void Field(std::string_view name, T& value, const isa::FieldFormat& format) {
    if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(input_.UpTo(CountOf(T{}) - 1));
    } else if (format.address) {
      value = std::min(input_.UpTo(8), 2u) << 18 | input_.UpTo(240);
    } else if (name == "count") {
      value = 1 + input_.UpTo(input_.UpTo(7) == 0 ? 15 : 2);
    } else if (std::is_signed_v<T>) {
      value = static_cast<T>(input_.UpTo(6)) - 2;
    } else {
      const uint32_t most = format.bits >= 8 ? 255 : (1u << format.bits) - 1;
      value = std::max(format.minimum, input_.UpTo(std::min(most, name == "table" ? 2u : most)));
    }
  }
  template <typename T, size_t N>
  void Field(std::string_view name, std::array<T, N>& values, const isa::FieldFormat& format) {
    for (T& value : values) Field(name, value, format);
  }
  template <typename T, size_t N, typename Index>
  void Structs(std::string_view, std::array<T, N>& values, Index) {
    for (T& value : values) VisitFields(value, *this);
  }
  void Unused(std::string_view, int) {}
  template <typename T>
  void Presence(std::string_view, std::optional<T>& value) {
    if (input_.UpTo(3) != 0) value.emplace();
  }
  void Align() {}
  template <typename T>
  void Operand(std::string_view, T& value) {
    VisitFields(value, *this);
  }
  template <typename T>
  void Operand(std::string_view, std::optional<T>& value) {
    if (value) VisitFields(*value, *this);
  }

 private:
  Input& input_;
};

template <typename T>
isa::Instruction InstructionFrom(Input& input) {
  FieldsFrom fields(input);
  T instruction;
  if (input.UpTo(1) != 0) {
    for (isa::Wait& wait : instruction.wait) VisitFields(wait, fields);
  }
  instruction.planes = input.UpTo(3);
  instruction.dynamic = input.UpTo(31) == 0 ? input.UpTo(9) : 0;
  VisitBody(instruction, fields);
  return instruction;
}

isa::Instruction AnyInstruction(Input& input) {
  switch (input.UpTo(9)) {
    case 0:
      return isa::Sync{};
    case 1: {
      isa::Loop loop;
      loop.count = input.UpTo(4);
      loop.source = input.UpTo(3) == 0 ? input.UpTo(9) : 0;
      loop.body = input.UpTo(60);
      return loop;
    }
    case 2:
    case 3:
      return InstructionFrom<isa::Load>(input);
    case 4:
    case 5:
    case 6:
      return InstructionFrom<isa::Stream>(input);
    case 7:
      return InstructionFrom<isa::Drain>(input);
    default:
      return InstructionFrom<isa::Vector>(input);
  }
}

// The machine of the tests with little memory, so that it can be cleared quickly.
isa::Accelerator SmallMachine() {
  isa::Accelerator machine = isa::AcceleratorNamed("nano");
  for (isa::Region* region : {&machine.tokens, &machine.ranks, &machine.scalars}) {
    region->banks = 4;
    region->depth = 64;
  }
  return machine;
}

// A region holds one tensor that the host has written, or several tensors with shorter lifetimes.
isa::MemoryMap MapFrom(Input& input, const isa::Accelerator& machine, int instructions) {
  isa::MemoryMap map;
  map.instructions = instructions;
  map.tokens = static_cast<int32_t>(machine.lanes);
  for (int32_t region = 0; region < isa::kRegionCount; ++region) {
    isa::MappedTensor tensor;
    tensor.region = region;
    tensor.end = isa::RegionOf(machine, region).words();
    tensor.first_writer = isa::MappedTensor::kBefore;
    tensor.last_reader = map.instructions;
    uint32_t n = input.UpTo(3);
    if (n == 0) map.tensors.push_back(tensor);
    for (; n > 0; --n) {
      tensor.begin = input.Byte();
      tensor.end = tensor.begin + input.Byte();
      tensor.halves = 1 + static_cast<int32_t>(input.UpTo(1));
      tensor.first_writer = static_cast<int32_t>(input.UpTo(8)) - 1;
      tensor.last_reader =
          input.UpTo(1) == 0 ? map.instructions : static_cast<int32_t>(input.UpTo(8));
      map.tensors.push_back(tensor);
    }
  }
  return map;
}

// Runs the program on a new machine that holds only the words that the host has written.
void Run(const std::vector<uint32_t>& words, const isa::Accelerator& machine,
         const isa::MemoryMap& map, const bittern::checker::ListRegisters& lists) {
  static bittern::Simulator simulator(machine);
  isa::Program program;
  program.accelerator = machine.name;
  program.words = words;
  simulator.LoadProgram(program);
  simulator.PoisonAll();
  for (const isa::MappedTensor& tensor : map.tensors) {
    if (!map.written_before(tensor)) continue;
    const int64_t width = simulator.state().memory[static_cast<size_t>(tensor.region)].width;
    const std::vector<float> ones(static_cast<size_t>((tensor.end - tensor.begin) * width), 1.0f);
    const int64_t step = isa::PlaneStep(isa::RegionOf(machine, tensor.region), machine.planes);
    for (int32_t half = 0; half < tensor.halves; ++half) {
      simulator.WriteWords(static_cast<uint32_t>(tensor.region) << 18 |
                               static_cast<uint32_t>(tensor.begin + half * step),
                           ones);
    }
  }
  // All entries are 0, because every tensor has an entry 0.
  std::fill(simulator.state().tables.begin(), simulator.state().tables.end(), 0);
  bittern::HostRegisters host;
  host.lists = lists;
  host.tokens = static_cast<uint32_t>(machine.lanes);
  simulator.WriteRegisters(host);
  simulator.Run();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const isa::Accelerator machine = SmallMachine();
  Input input(data, size);
  const int instructions = 1 + static_cast<int>(input.UpTo(9));  // the end included
  const isa::MemoryMap map = MapFrom(input, machine, instructions);
  std::vector<uint32_t> words;
  for (int i = 1; i < instructions; ++i) isa::Encode(AnyInstruction(input), words);
  isa::Encode(isa::End{}, words);

  bittern::checker::ListRegisters lists{};
  for (size_t i = 0; i < static_cast<size_t>(machine.list_registers); ++i)
    lists[i] = static_cast<uint32_t>(i % 4);
  const auto report = bittern::checker::CheckProgram(words, machine, map, std::span(&lists, 1));
  if (report.faults() == 0) Run(words, machine, map, lists);
  return 0;
}
