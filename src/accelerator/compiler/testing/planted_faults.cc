// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/testing/planted_faults.h"

#include <algorithm>
#include <array>
#include <string>
#include <type_traits>
#include <utility>

#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/fields.h"

namespace bittern {
namespace {

using isa::kUnits;

// The operands of an instruction that address memory.
struct MemoryOperand {
  std::string_view name;
  isa::Walk* walk;
  bool writes;
};

struct OperandVisitor {
  std::vector<MemoryOperand> walks;
  std::vector<isa::Index*> slots;

  void Field(std::string_view, auto&, const isa::FieldFormat&) {}
  void Structs(auto&&...) {}
  void Unused(auto&&...) {}
  void Presence(auto&&...) {}
  void Align() {}
  void Operand(std::string_view name, isa::Walk& walk) {
    if (name != "feature" && name != "pick") {
      walks.push_back({name, &walk, name == "y" || name == "lanes"});
    }
  }
  void Operand(std::string_view name, isa::Index& index) {
    if (name == "slot") slots.push_back(&index);
  }
  void Operand(std::string_view, isa::Dropout&) {}
  template <typename T>
  void Operand(std::string_view name, std::optional<T>& operand) {
    if (operand) Operand(name, *operand);
  }
};

OperandVisitor OperandsOf(isa::Instruction& instruction) {
  OperandVisitor visitor;
  std::visit([&](auto& any) { VisitBody(any, visitor); }, instruction);
  if (auto* stream = std::get_if<isa::Stream>(&instruction)) {
    if (stream->one_hot != 0) {
      std::erase_if(visitor.walks, [](const MemoryOperand& of) { return of.name == "x"; });
    }
  }
  return visitor;
}

std::array<uint32_t, 4>* CountsOf(isa::Instruction& instruction) {
  return std::visit(
      [](auto& any) -> std::array<uint32_t, 4>* {
        if constexpr (requires { any.count[3]; }) return &any.count;
        return nullptr;
      },
      instruction);
}

std::array<isa::Wait, kUnits>& WaitsOf(isa::Instruction& instruction) {
  return std::visit([](auto& any) -> std::array<isa::Wait, kUnits>& { return any.wait; },
                    instruction);
}

uint32_t& DynamicOf(isa::Instruction& instruction) {
  return std::visit([](auto& any) -> uint32_t& { return any.dynamic; }, instruction);
}

template <typename T>
T* As(Subject& subject, int at) {
  return std::get_if<T>(&subject.instructions[static_cast<size_t>(at)]);
}
isa::Instruction& At(Subject& subject, int at) {
  return subject.instructions[static_cast<size_t>(at)];
}

// The tensor at an address that is alive at an instruction.
isa::MappedTensor* TensorAt(Subject& subject, uint32_t address, int at) {
  const auto region = static_cast<int32_t>(address >> isa::kRegionShift);
  const int64_t word = address & ((1u << isa::kRegionShift) - 1);
  for (isa::MappedTensor& tensor : subject.map.tensors) {
    if (tensor.region == region && word >= tensor.begin && word < tensor.end &&
        at >= tensor.first_writer && at <= tensor.last_reader) {
      return &tensor;
    }
  }
  return nullptr;
}

bool OfTheHost(const Subject& subject, const isa::MappedTensor& tensor) {
  return subject.map.written_before(tensor) || subject.map.read_after(tensor);
}

template <typename Visit>
void ForEachWalkOf(Subject& subject, const isa::MappedTensor& tensor, Visit visit) {
  for (int at = std::max(0, tensor.first_writer);
       at <= std::min(subject.size() - 1, tensor.last_reader); ++at) {
    for (const MemoryOperand& operand : OperandsOf(At(subject, at)).walks) {
      if (TensorAt(subject, operand.walk->base, at) == &tensor) visit(*operand.walk);
    }
  }
}

// True for a tensor of the compiler that can be anywhere: one piece, and not loop-indexed.
bool CanMove(Subject& subject, const isa::MappedTensor& tensor) {
  bool can = tensor.halves == 1 && !OfTheHost(subject, tensor);
  ForEachWalkOf(subject, tensor, [&](const isa::Walk& walk) { can = can && walk.outer == 0; });
  return can;
}

// Moves it to another address, in the map and in the program.
void Move(Subject& subject, isa::MappedTensor& tensor, int64_t begin) {
  const int64_t by = begin - tensor.begin;
  ForEachWalkOf(subject, tensor, [&](isa::Walk& walk) {
    walk.base = static_cast<uint32_t>(int64_t{walk.base} + by);
  });
  tensor.end += by;
  tensor.begin = begin;
}

// The tensor that an instruction writes first.
isa::MappedTensor* BornAt(Subject& subject, int at) {
  for (isa::MappedTensor& tensor : subject.map.tensors) {
    if (tensor.first_writer == at && !OfTheHost(subject, tensor)) return &tensor;
  }
  return nullptr;
}

// Returns the only wait of an instruction, if no other wait can replace it. The unit has taken no
// instruction since the one that is waited for, so it has not waited for another one since.
isa::Wait* SoleWait(Subject& subject, int at, size_t* unit = nullptr) {
  isa::Instruction& instruction = At(subject, at);
  const auto own = isa::UnitOf(instruction);
  if (!own) return nullptr;
  isa::Wait* sole = nullptr;
  size_t of = 0;
  for (size_t u = 0; u < kUnits; ++u) {
    isa::Wait& wait = WaitsOf(instruction)[u];
    if (wait.distance == 0) continue;
    if (sole != nullptr) return nullptr;
    sole = &wait;
    of = u;
  }
  if (sole == nullptr || of == static_cast<size_t>(*own)) return nullptr;
  uint32_t left = sole->distance;
  for (int before = at - 1; before >= 0; --before) {
    const isa::Instruction& other = At(subject, before);
    const auto its = isa::UnitOf(other);
    if (!its || its == own) return nullptr;
    if (static_cast<size_t>(*its) == of && --left == 0) {
      if (unit != nullptr) *unit = of;
      return sole;
    }
  }
  return nullptr;
}

// True if a wrong number of the instruction changes the result of the step. A number that goes only
// to a lane register may not: a softmax is the same with any number near its maximum.
bool Matters(Subject& subject, int at) {
  const auto* vector = As<isa::Vector>(subject, at);
  return vector == nullptr || vector->y || vector->lanes;
}

// Faults at `at` ---------------------------------------------------------------------------------

bool WrongBase(Subject& subject, int at) {
  if (!Matters(subject, at)) return false;
  const auto walks = OperandsOf(At(subject, at)).walks;
  if (walks.empty()) return false;
  ++walks[static_cast<size_t>(at) % walks.size()].walk->base;
  return true;
}

bool PermutedStride(Subject& subject, int at) {
  if (!Matters(subject, at)) return false;
  const auto* counts = CountsOf(At(subject, at));
  for (const MemoryOperand& operand : OperandsOf(At(subject, at)).walks) {
    auto& stride = operand.walk->stride;
    for (size_t a = 0; a < 4; ++a) {
      for (size_t b = a + 1; b < 4; ++b) {
        if ((*counts)[a] < 2 || (*counts)[b] < 2 || stride[a] == stride[b]) continue;
        std::swap(stride[a], stride[b]);
        return true;
      }
    }
  }
  return false;
}

bool SwappedCounts(Subject& subject, int at) {
  if (!Matters(subject, at)) return false;
  auto* counts = CountsOf(At(subject, at));
  if (counts == nullptr) return false;
  for (size_t a = 0; a < 4; ++a) {
    for (size_t b = a + 1; b < 4; ++b) {
      if ((*counts)[a] < 2 || (*counts)[b] < 2 || (*counts)[a] == (*counts)[b]) continue;
      std::swap((*counts)[a], (*counts)[b]);
      return true;
    }
  }
  return false;
}

bool OverflowOfRegion(Subject& subject, int at) {
  for (const MemoryOperand& operand : OperandsOf(At(subject, at)).walks) {
    const auto region = static_cast<int32_t>(operand.walk->base >> isa::kRegionShift);
    const isa::MappedTensor* tensor = TensorAt(subject, operand.walk->base, at);
    if (tensor == nullptr || tensor->end - tensor->begin < 2) continue;
    const auto words = isa::RegionOf(subject.machine, region).words();
    operand.walk->base = static_cast<uint32_t>((int64_t{region} << isa::kRegionShift) + words - 1);
    return std::any_of(operand.walk->stride.begin(), operand.walk->stride.end(),
                       [](int32_t stride) { return stride > 0; });
  }
  return false;
}

bool OneTripLess(Subject& subject, int at) {
  auto* counts = CountsOf(At(subject, at));
  if (counts == nullptr || BornAt(subject, at) == nullptr || DynamicOf(At(subject, at)) != 0) {
    return false;
  }
  for (uint32_t& count : *counts) {
    if (count < 2) continue;
    --count;
    return true;
  }
  return false;
}

bool OneTripMore(Subject& subject, int at) {
  if (!Matters(subject, at)) return false;
  auto* counts = CountsOf(At(subject, at));
  if (counts == nullptr || DynamicOf(At(subject, at)) != 0) return false;
  if (As<isa::Load>(subject, at) != nullptr) return false;  // no stream uses the additional slot
  for (uint32_t& count : *counts) {
    if (count < 2) continue;
    ++count;
    return true;
  }
  return false;
}

// Exchanges a reader with the writer before it.
bool UninitialisedRead(Subject& subject, int at) {
  const isa::MappedTensor* born = BornAt(subject, at);
  if (born == nullptr || at + 1 >= subject.size() || born->last_reader <= at) return false;
  const auto next = OperandsOf(At(subject, at + 1)).walks;
  const bool reads = std::any_of(next.begin(), next.end(), [&](const MemoryOperand& operand) {
    return !operand.writes && TensorAt(subject, operand.walk->base, at + 1) == born;
  });
  if (!reads) return false;
  std::swap(At(subject, at), At(subject, at + 1));
  return true;
}

// Gives the words of a tensor that is still read to one that is written first at `at`.
isa::MappedTensor* TakeWords(Subject& subject, int at) {
  isa::MappedTensor* born = BornAt(subject, at);
  if (born == nullptr || !CanMove(subject, *born)) return nullptr;
  for (isa::MappedTensor& other : subject.map.tensors) {
    if (&other == born || other.region != born->region || OfTheHost(subject, other) ||
        other.first_writer >= at || other.last_reader <= at ||
        other.end - other.begin < born->end - born->begin) {
      continue;
    }
    Move(subject, *born, other.begin);
    return &other;
  }
  return nullptr;
}

bool Overlap(Subject& subject, int at) { return TakeWords(subject, at) != nullptr; }

bool EarlyFree(Subject& subject, int at) {
  isa::MappedTensor* freed = TakeWords(subject, at);
  if (freed == nullptr) return false;
  freed->last_reader = at - 1;
  return true;
}

// True if `moved` overlaps another tensor when it begins at `begin`.
bool Overlaps(const Subject& subject, const isa::MappedTensor& other,
              const isa::MappedTensor& moved, int64_t begin) {
  if (other.region != moved.region || other.first_writer > moved.last_reader ||
      moved.first_writer > other.last_reader) {
    return false;
  }
  const int64_t end = begin + (moved.end - moved.begin);
  const isa::Region& region = isa::RegionOf(subject.machine, other.region);
  for (int32_t half = 0; half < other.halves; ++half) {
    const int64_t step = half * isa::PlaneStep(region, subject.machine.planes);
    if (other.begin + step < end && begin < other.end + step) return true;
  }
  return false;
}

// Moves two operands that are read at the same time into one bank.
bool PortClash(Subject& subject, int at) {
  std::vector<isa::MappedTensor*> read;
  for (const MemoryOperand& operand : OperandsOf(At(subject, at)).walks) {
    isa::MappedTensor* tensor = TensorAt(subject, operand.walk->base, at);
    if (tensor != nullptr && !operand.writes) read.push_back(tensor);
  }
  for (isa::MappedTensor* stays : read) {
    for (isa::MappedTensor* moves : read) {
      if (stays->region != moves->region || !CanMove(subject, *moves)) continue;
      const int64_t depth = isa::RegionOf(subject.machine, moves->region).depth;
      const int64_t bank = stays->begin / depth;
      const int64_t words = moves->end - moves->begin;
      if (moves->begin / depth == bank || (moves->end - 1) / depth == bank ||
          stays->begin / depth != (stays->end - 1) / depth) {
        continue;
      }
      for (int64_t begin = bank * depth; begin + words <= (bank + 1) * depth; ++begin) {
        const bool free =
            std::none_of(subject.map.tensors.begin(), subject.map.tensors.end(),
                         [&](const isa::MappedTensor& other) {
                           return &other != moves && Overlaps(subject, other, *moves, begin);
                         });
        if (!free) continue;
        Move(subject, *moves, begin);
        return true;
      }
    }
  }
  return false;
}

bool DroppedDependence(Subject& subject, int at) {
  isa::Wait* wait = SoleWait(subject, at);
  if (wait == nullptr) return false;
  *wait = {};
  return true;
}

bool WrongDistance(Subject& subject, int at) {
  isa::Wait* wait = SoleWait(subject, at);
  if (wait == nullptr || wait->distance == 31) return false;
  ++wait->distance;
  return true;
}

bool ShortenedChain(Subject& subject, int at) {
  isa::Wait* wait = SoleWait(subject, at);
  if (wait == nullptr || wait->chained == 0 || wait->elements < 2) return false;
  wait->elements /= 2;
  return true;
}

// Waits until the elements have issued instead of until the results are written.
bool IssuedForDone(Subject& subject, int at) {
  isa::Wait* wait = SoleWait(subject, at);
  if (wait == nullptr || wait->chained != 0) return false;
  *wait = {.distance = wait->distance, .chained = 1, .elements = 1};
  return true;
}

// Removes all syncs: if only one is missing, another one or a wait may still keep the order.
bool MissingSyncs(Subject& subject, int at) {
  if (at != 0) return false;
  for (int i = subject.size() - 1; i >= 0; --i) {
    if (As<isa::Sync>(subject, i) == nullptr) continue;
    subject.instructions.erase(subject.instructions.begin() + i);
    for (isa::MappedTensor& tensor : subject.map.tensors) {
      if (tensor.first_writer > i) --tensor.first_writer;
      if (tensor.last_reader > i) --tensor.last_reader;
    }
    --subject.map.instructions;
  }
  return true;
}

bool WrongSlotHalf(Subject& subject, int at) {
  const auto slots = OperandsOf(At(subject, at)).slots;
  if (slots.empty()) return false;
  // There are as many tiles as accumulators.
  slots[0]->base ^= static_cast<uint32_t>(subject.machine.tile_slots / 2);
  return true;
}

bool WrongRegister(Subject& subject, int at) {
  auto* vector = As<isa::Vector>(subject, at);
  if (vector == nullptr || !vector->y) return false;
  for (auto* index : {&vector->l0, &vector->l1, &vector->l2}) {
    if (!*index) continue;
    (*index)->base += 3;
    return true;
  }
  return false;
}

bool AccumulateForOverwrite(Subject& subject, int at) {
  if (auto* stream = As<isa::Stream>(subject, at)) {
    if (stream->direction == isa::Direction::kTime) {
      return std::exchange(stream->keep, 1u) == 0;
    }
    // The lanes that a slice is merged into may hold zeros.
    if (stream->start != isa::Start::kNone || stream->merge != 0) return false;
    stream->start = isa::Start::kOld;
    return true;
  }
  auto* drain = As<isa::Drain>(subject, at);
  if (drain == nullptr || drain->start != isa::Start::kNone) return false;
  drain->start = isa::Start::kOld;
  return true;
}

bool OverwriteForAccumulate(Subject& subject, int at) {
  if (auto* stream = As<isa::Stream>(subject, at)) {
    if (stream->direction == isa::Direction::kTime) {
      // With `keep` no element overwrites.
      if (std::exchange(stream->keep, 0u) != 0) return true;
      return std::exchange(stream->sum, 0u) != 0;
    }
    return std::exchange(stream->start, isa::Start::kNone) == isa::Start::kOld;
  }
  auto* drain = As<isa::Drain>(subject, at);
  return drain != nullptr && std::exchange(drain->start, isa::Start::kNone) == isa::Start::kOld;
}

bool WrongTable(Subject& subject, int at) {
  if (!Matters(subject, at)) return false;
  const auto tables = static_cast<uint32_t>(subject.map.tables.size());
  const auto other = [&](isa::Walk& walk) {
    if (walk.table == 0) return false;
    walk.table = walk.table % tables + 1;
    return true;
  };
  for (const MemoryOperand& operand : OperandsOf(At(subject, at)).walks) {
    if (other(*operand.walk)) return true;
  }
  if (auto* stream = As<isa::Stream>(subject, at)) {
    return stream->one_hot != 0 && other(*stream->x);
  }
  auto* vector = As<isa::Vector>(subject, at);
  if (vector == nullptr || !vector->pick) return false;
  // With few classes the label may be in none of the lanes that are compared.
  uint32_t classes = 1;
  for (const uint32_t count : vector->count) classes *= count;
  return classes >= 16 && other(*vector->pick);
}

bool TooManyRows(Subject& subject, int at) {
  auto* counts = CountsOf(At(subject, at));
  if (As<isa::Load>(subject, at) == nullptr && As<isa::Drain>(subject, at) == nullptr) return false;
  (*counts)[3] = static_cast<uint32_t>(subject.machine.rows) + 1;
  return true;
}

bool WrongList(Subject& subject, int at) {
  if (auto* loop = As<isa::Loop>(subject, at)) {
    if (loop->source == 0) return false;
    loop->count = 3;
    loop->source = 0;
    return true;
  }
  if (std::exchange(DynamicOf(At(subject, at)), 0u) == 0) return false;
  (*CountsOf(At(subject, at)))[0] = 1;
  return true;
}

// Makes the summed loop the innermost one: the sums are the same, but follow one another too soon.
bool SumInnermost(Subject& subject, int at) {
  auto* stream = As<isa::Stream>(subject, at);
  if (stream == nullptr || stream->direction != isa::Direction::kTime) return false;
  const bool inner = (stream->sum & 8u) != 0 || stream->count[3] < 2;
  for (size_t j = 0; j < 3 && !inner; ++j) {
    if ((stream->sum >> j & 1) == 0 || stream->count[j] < 2) continue;
    std::swap(stream->count[j], stream->count[3]);
    stream->sum ^= 8u | 1u << j;
    for (auto* walk : {&stream->x, &stream->b}) std::swap((*walk)->stride[j], (*walk)->stride[3]);
    std::swap(stream->slot.stride[j], stream->slot.stride[3]);
    if (stream->slice) std::swap(stream->slice->stride[j], stream->slice->stride[3]);
    return true;
  }
  return false;
}

bool WrongStep(Subject& subject, int at) {
  for (const MemoryOperand& operand : OperandsOf(At(subject, at)).walks) {
    if (operand.walk->outer == 0) continue;
    ++operand.walk->outer;
    return true;
  }
  return false;
}

bool WrongPlane(Subject& subject, int at) {
  return std::visit(
      [&](auto& any) {
        using T = std::decay_t<decltype(any)>;
        // A load does not qualify: the slot of the other plane may already hold the same numbers.
        if constexpr (std::is_same_v<T, isa::Stream> || std::is_same_v<T, isa::Drain>) {
          if (subject.machine.planes < 2) return false;
          any.planes = any.planes == 2 ? 1 : 2;
          return true;
        }
        return false;
      },
      At(subject, at));
}

bool WrongFunction(Subject& subject, int at) {
  if (!Matters(subject, at)) return false;
  auto* vector = As<isa::Vector>(subject, at);
  if (vector == nullptr || vector->function == isa::Function::kNone) return false;
  vector->function =
      vector->function == isa::Function::kExp2 ? isa::Function::kReciprocal : isa::Function::kExp2;
  return true;
}

constexpr FaultKind kKinds[] = {
    {"overlap", "two tensors that are alive share words", Overlap},
    {"early free", "a tensor's words are given away before its last reader", EarlyFree},
    {"port conflict", "two operands of one element in one bank", PortClash},
    {"wrong base", "an operand begins one word on", WrongBase},
    {"permuted stride", "the strides of two loops exchanged", PermutedStride},
    {"swapped counts", "the counts of two loops exchanged", SwappedCounts},
    {"one iteration less", "the last iteration of a tensor's first writer left out", OneTripLess},
    {"one iteration more", "a loop runs once more", OneTripMore},
    {"overflow", "an operand that runs over the end of memory", OverflowOfRegion},
    {"uninitialised read", "a tensor's reader before its writer", UninitialisedRead},
    {"dropped dependence", "a wait left out", DroppedDependence},
    {"wrong distance", "a wait for the instruction before the right one", WrongDistance},
    {"shortened chained wait", "a chained wait for half of the elements", ShortenedChain},
    {"issued for done", "a wait for the first element instead of all results", IssuedForDone},
    {"missing sync", "no sync at all", MissingSyncs},
    {"wrong slot half", "the other half of the slots", WrongSlotHalf},
    {"wrong lane register", "a register three further on", WrongRegister},
    {"accumulate for overwrite", "a result added to the old value", AccumulateForOverwrite},
    {"overwrite for accumulate", "a sum that drops the old value", OverwriteForAccumulate},
    {"wrong table", "the next index table", WrongTable},
    {"too many rows", "more rows than a slot has", TooManyRows},
    {"wrong list", "an iteration count that is not the list register's", WrongList},
    {"sum innermost", "a sum whose elements follow one another at once", SumInnermost},
    {"wrong step", "a hardware loop's stride one word too long", WrongStep},
    {"wrong plane", "the other plane", WrongPlane},
    {"wrong function", "another function", WrongFunction},
};

}  // namespace

Subject::Subject(std::span<const uint32_t> words, isa::MemoryMap of, const isa::Accelerator& on)
    : machine(on), map(std::move(of)) {
  while (!words.empty()) {
    instructions.push_back(isa::Decode(words));
    words = words.subspan(isa::WordsOf(instructions.back()));
  }
}

std::vector<uint32_t> Subject::Words() const {
  std::vector<uint32_t> words;
  for (const isa::Instruction& instruction : instructions) isa::Encode(instruction, words);
  return words;
}

std::span<const FaultKind> FaultKinds() { return kKinds; }

}  // namespace bittern
