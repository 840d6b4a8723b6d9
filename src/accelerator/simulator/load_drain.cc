// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "accelerator/simulator/units.h"

namespace bittern {
namespace {

constexpr size_t kRowLoop = 3;  // the loop over rows of a slot
constexpr size_t kSumLoop = 2;  // the loop over slots that are added (drain)

bool TakesPart(uint32_t planes, int64_t plane) { return (planes >> plane & 1) != 0; }

void CheckRows(const Issue& issue, const isa::Index& slot) {
  if (issue.counts[kRowLoop] > issue.state.rows) issue.Impossible("slot", "has fewer rows");
  if (slot.stride[kRowLoop] != 0) issue.Impossible("slot", "has a stride in the loop over rows");
}

}  // namespace

void ExecuteLoad(const Issue& issue, const isa::Load& load) {
  MachineState& state = issue.state;
  const int64_t row_floats = state.lanes, slot_floats = state.rows * state.lanes;
  CheckRows(issue, load.slot);
  MemoryOperand source = ResolveMemory(issue, load.source, "source", load.planes);
  Walker slot = ResolveSlot(issue, load, state.accelerator.tile_slots);
  Odometer at(issue.counts);
  for (int loop = 0; loop >= 0;) {
    const int64_t row = at.index(kRowLoop);
    // A source that is not split gives the same word to every plane.
    for (int64_t p = 0; p < kPlanes; ++p) {
      if (!TakesPart(load.planes, p)) continue;
      const int64_t file_slot = p * state.accelerator.tile_slots + slot.at;
      // Tiles are [plane][slot][row][lane].
      float* tile = state.tiles.values.data() + file_slot * slot_floats;
      source.ReadLanes(issue, at.element(), source.Word(p), state.lanes, tile + row * row_floats);
      // After the last row, the remaining rows of the slot read as 0.
      if (row + 1 == issue.counts[kRowLoop]) {
        std::fill(tile + (row + 1) * row_floats, tile + slot_floats, 0.0f);
        state.tiles.written[static_cast<size_t>(file_slot)] = 1;
      }
    }
    loop = at.Next();
    if (loop >= 0) {
      source.walker.Advance(loop);
      slot.Advance(loop);
    }
  }
}

namespace {

// Executes a drain. A result is one row: the sum of the slots of loop 2 and, with plane_sum, of
// both planes.
class DrainRun {
 public:
  DrainRun(const Issue& issue, const isa::Drain& drain, Workspace& work)
      : issue_(issue), drain_(drain), work_(work) {
    const auto written = drain.plane_sum != 0 ? 1u : drain.planes;
    CheckRows(issue, drain.slot);
    y_ = ResolveMemory(issue, drain.y, "y", written);
    if (drain.y.stride[kSumLoop] != 0) issue.Impossible("y", "has a stride in loop 2");
    if (y_.split == 0 && std::popcount(written) > 1) {
      issue.Impossible("y", "several planes write one word: split it, or plane_sum");
    }
    if (drain.start == isa::Start::kWord || drain.start == isa::Start::kScalar) {
      if (!drain.initial) issue.Impossible("initial", "is missing");
      initial_ = ResolveMemory(issue, *drain.initial, "initial", written);
      if (drain.initial->stride[kSumLoop] != 0) {
        issue.Impossible("initial", "has a stride in loop 2");
      }
      if (drain.start == isa::Start::kScalar && initial_.region != kScalars) {
        issue.Impossible("initial", "is not a scalar");
      }
    }
    first_slot_ = ResolveSlot(issue, drain, issue.state.accelerator.accumulator_slots).at;
    work_.sums.resize(static_cast<size_t>(2 * issue.state.lanes));  // the sum, then the start
  }

  // Without plane_sum each plane writes all its results before the next plane.
  void Run() {
    if (drain_.plane_sum != 0) return RunResults(drain_.planes, 0);
    for (int64_t p = 0; p < kPlanes; ++p) {
      if (TakesPart(drain_.planes, p)) RunResults(1u << p, p);
    }
  }

 private:
  // Computes the results with sums over `planes` and writes them for plane `to`.
  void RunResults(uint32_t planes, int64_t to) {
    const auto& stride = drain_.slot.stride;
    Counts counts = issue_.counts;
    // The loop over summands is inside SumSlots, so it has one iteration here.
    counts[kSumLoop] = 1;
    MemoryOperand y = y_, initial = initial_;
    // Each plane starts at the first result again, so the walkers are made anew.
    y.walker = Again(y_, drain_.y, counts);
    if (initial.present()) initial.walker = Again(initial_, *drain_.initial, counts);
    Odometer at(counts);
    for (int loop = 0; loop >= 0;) {
      // Rows (loop 3) are within the slot, and loop 2 is left to SumSlots.
      const int64_t slot = first_slot_ + at.index(0) * stride[0] + at.index(1) * stride[1];
      SumSlots(planes, slot, at);
      WriteRow(y, initial, to, at.element());
      loop = at.Next();
      if (loop >= 0) {
        y.walker.Advance(loop);
        initial.walker.Advance(loop);
      }
    }
  }

  // The same loops over the results only.
  static Walker Again(const MemoryOperand& operand, const isa::Walk& walk, const Counts& counts) {
    return {operand.walker.at,
            {walk.stride[0], walk.stride[1], walk.stride[2], walk.stride[3]},
            counts};
  }

  // Adds the slots from left to right: those of plane 0 first, then those of plane 1.
  void SumSlots(uint32_t planes, int64_t first_slot, const Odometer& at) {
    const MachineState& state = issue_.state;
    float* sum = work_.sums.data();
    bool first = true;
    for (int64_t p = 0; p < kPlanes; ++p) {
      if (!TakesPart(planes, p)) continue;
      for (int64_t i = 0; i < issue_.counts[kSumLoop]; ++i) {
        const int64_t slot = first_slot + i * drain_.slot.stride[kSumLoop];
        const int64_t file_slot = p * state.accelerator.accumulator_slots + slot;
        if (state.accumulators.written[static_cast<size_t>(file_slot)] == 0) {
          issue_.Throw(Fault::Kind::kUnwritten, at.element(), "slot", slot,
                       "accumulator never written");
        }
        const float* row = state.accumulators.values.data() +
                           (file_slot * state.rows + at.index(kRowLoop)) * state.lanes;
        // The first summand is copied. An addition to 0 would turn -0 into +0.
        if (first) {
          std::copy_n(row, state.lanes, sum);
        } else {
          for (int64_t t = 0; t < state.lanes; ++t) sum[t] += row[t];
        }
        first = false;
      }
    }
  }

  // y = start + sum.
  void WriteRow(const MemoryOperand& y, const MemoryOperand& initial, int64_t plane,
                int64_t element) {
    const int64_t lanes = issue_.state.lanes;
    float* sum = work_.sums.data();
    // `sums` holds two rows: the sum, then the start.
    float* start = sum + lanes;
    if (drain_.start == isa::Start::kOld) {
      y.ReadLanes(issue_, element, y.Word(plane), lanes, start);
    } else if (drain_.start == isa::Start::kWord) {
      initial.ReadLanes(issue_, element, initial.Word(plane), lanes, start);
    } else if (drain_.start == isa::Start::kScalar) {
      std::fill_n(start, lanes, *initial.Read(issue_, element, initial.Word(plane)));
    }
    if (drain_.start != isa::Start::kNone) {
      for (int64_t t = 0; t < lanes; ++t) sum[t] = start[t] + sum[t];
    }
    y.WriteLanes(y.Word(plane), lanes, sum);
  }

  const Issue& issue_;
  const isa::Drain& drain_;
  Workspace& work_;
  MemoryOperand y_, initial_;
  int64_t first_slot_ = 0;
};

}  // namespace

void ExecuteDrain(const Issue& issue, const isa::Drain& drain, Workspace& work) {
  DrainRun(issue, drain, work).Run();
}

}  // namespace bittern
