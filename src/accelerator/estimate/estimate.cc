// SPDX-License-Identifier: Apache-2.0
#include "accelerator/estimate/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "accelerator/compiler/memory_map.h"
#include "base/error.h"

namespace bittern {
namespace {

// Counts the blocks that a program occupies, for those banks of a region that are made of one kind
// of memory. The blocks that together hold a word, or a part of one, are a row.
class BlockRows {
 public:
  BlockRows(const isa::Region& region, isa::Memory memory, int64_t bits) {
    const isa::Shape shape = isa::ShapeFor(memory, int64_t{region.depth} * region.parts, bits);
    // Blocks stand side by side until a word fits, so all of them are occupied together.
    across_ = (bits + shape.bits - 1) / shape.bits;
    // A word takes `parts` addresses of a block. A bank with fewer words than a block uses only a
    // part of it.
    words_ = std::min<int64_t>(shape.words / region.parts, region.depth);
    // The banks of BRAM are the last ones of a region of another memory.
    const int64_t of_memory = region.banks - region.bram_banks;
    const bool first = memory == region.memory;
    begin_ = first ? 0 : of_memory * region.depth;
    end_ = first ? of_memory * region.depth : region.words();
    used_.resize(static_cast<size_t>((end_ - begin_ + words_ - 1) / words_));
  }

  void Mark(int64_t begin, int64_t end) {
    // The range is cut to these banks. It may be empty then.
    begin = std::max(begin, begin_) - begin_;
    end = std::min(end, end_) - begin_;
    for (int64_t row = begin / words_; row * words_ < end; ++row) {
      used_[static_cast<size_t>(row)] = true;
    }
  }

  int64_t blocks() const { return std::count(used_.begin(), used_.end(), true) * across_; }

 private:
  int64_t begin_ = 0, end_ = 0;  // words of these banks within the region
  int64_t across_ = 0;           // blocks of a row
  int64_t words_ = 1;            // words of a row
  std::vector<bool> used_;
};

void AddBlocks(Estimate& estimate) {
  const isa::Accelerator& machine = *estimate.machine;
  const isa::Blocks blocks = isa::BlocksOf(machine);
  estimate.ramb36 = {.configured = blocks.ramb36,
                     .available = blocks.available.ramb36,
                     .total = blocks.total.ramb36};
  estimate.uram288 = {.configured = blocks.uram288,
                      .available = blocks.available.uram288,
                      .total = blocks.total.uram288};
  // The accelerator itself must fit the part, whatever a program occupies.
  const auto missing = [&](const char* what, const BlockUse& use) {
    if (use.configured <= use.available) return;
    estimate.shortfalls.push_back({what, use.configured, use.available});
  };
  missing("RAMB36", estimate.ramb36);
  missing("URAM288", estimate.uram288);

  for (const auto& [kind, words] : estimate.program.step.words) {
    const auto region = static_cast<int32_t>(kind);
    const isa::Region& memory = isa::RegionOf(machine, region);
    estimate.regions.push_back({.name = std::string(isa::RegionName(region)),
                                .memories = isa::MemoriesOf(memory),
                                .used = words,
                                .configured = memory.words()});
  }
}

void AddOccupied(Estimate& estimate, const isa::MemoryMap& map) {
  const isa::Accelerator& machine = *estimate.machine;
  const auto add = [&](isa::Memory memory, int64_t blocks) {
    (memory == isa::Memory::kBram ? estimate.ramb36 : estimate.uram288).occupied += blocks;
  };
  for (int32_t region = 0; region < isa::kRegionCount; ++region) {
    const isa::Region& memory = isa::RegionOf(machine, region);
    // A region may have two kinds of memory, which differ in the size of a block.
    std::vector<isa::Memory> memories = {memory.memory};
    if (memory.bram_banks != 0) memories.push_back(isa::Memory::kBram);
    for (const isa::Memory kind : memories) {
      BlockRows rows(memory, kind, isa::PartBits(machine, region));
      for (const isa::MappedTensor& tensor : map.tensors) {
        if (tensor.region != region) continue;
        for (int32_t half = 0; half < tensor.halves; ++half) {
          const int64_t further = half * isa::PlaneStep(memory, machine.planes);
          // Tensors with disjoint lifetimes share words. A block counts once, whatever their
          // number.
          rows.Mark(tensor.begin + further, tensor.end + further);
        }
      }
      add(kind, rows.blocks());
    }
  }
  // The regions were counted above, so the program and the table of functions remain.
  for (const isa::MemoryUse& use : isa::BlocksOf(machine).uses) {
    if (use.what == "functions") add(use.memory, use.blocks);
    // The program occupies only the first rows of program memory, the functions all of their table.
    if (use.what == "program") {
      const int64_t words = (std::ssize(estimate.program.step.code) + machine.dispatch_words - 1) /
                            machine.dispatch_words;
      add(use.memory, std::min(use.blocks, isa::BlocksFor(use.memory, words, use.bits)));
    }
  }
}

}  // namespace

int64_t Estimate::array_lanes() const {
  // With folded lanes, `fold` lanes of a word share one multiplier.
  return int64_t{machine->rows} * (machine->lanes / machine->fold) * machine->planes;
}

double Estimate::array_utilisation() const {
  if (timing.counters.cycles == 0) return 0;
  return static_cast<double>(multiply_adds) /
         (static_cast<double>(timing.counters.cycles) * static_cast<double>(array_lanes()));
}

double Estimate::seconds_per_step() const {
  return static_cast<double>(timing.counters.cycles) / (1e6 * machine->clock_mhz);
}

isa::ListRegisters FullLists(const ModelConfig& model) {
  isa::ListRegisters lists{};
  lists.fill(static_cast<uint32_t>(model.tokens));
  return lists;
}

Estimate EstimateTraining(const Config& config, const isa::Accelerator& machine) {
  Estimate estimate;
  estimate.machine = &machine;
  estimate.program = FindProgram(config, StepKind::kTraining, machine);
  estimate.shortfalls = estimate.program.step.shortfalls;
  const int tokens = config.model.tokens;
  // Useful multiply-adds are those of the step that computes nothing again.
  const Graph stored = BuildStep(config, {.recompute = Recompute::kElementwise});
  estimate.multiply_adds = stored.MultiplyAdds(tokens, tokens);
  AddBlocks(estimate);
  // Without a program there are no cycles. Blocks and regions still show what is missing.
  if (!estimate.has_program()) return estimate;

  const CompiledStep& step = estimate.program.step;
  AddOccupied(estimate, MapOf(estimate.program.graph, step));
  const DecodedProgram program = DecodeProgram(step.code);
  estimate.instructions = std::ssize(program);
  estimate.program_bytes = std::ssize(step.code) * static_cast<int64_t>(sizeof(uint32_t));
  std::vector<InstructionTime> times;
  estimate.timing = TimeProgram(program, machine, FullLists(config.model), &times);
  // `stored` gives the useful multiply-adds of a phase, the compiled graph the part of each
  // instruction.
  estimate.phases = PhasesOf(step.ops, times, estimate.program.graph, stored,
                             estimate.timing.counters.cycles, machine.fold);
  estimate.energy =
      EstimateEnergy(estimate.timing.events, estimate.timing.counters.cycles, machine);
  return estimate;
}

}  // namespace bittern
