// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/events.h"

#include <bit>

#include "accelerator/isa/accelerator.h"

namespace bittern {
namespace {

int64_t Elements(const std::array<int64_t, 4>& counts) {
  return counts[0] * counts[1] * counts[2] * counts[3];
}

// The number of elements whose index is 0 in every loop of `loops`.
int64_t Firsts(const std::array<int64_t, 4>& counts, uint32_t loops) {
  int64_t n = 1;
  for (size_t j = 0; j < 4; ++j) {
    // Loops of the sum contribute one index each, the others all of theirs.
    if ((loops >> j & 1) == 0) n *= counts[j];
  }
  return n;
}

// Adds n accesses for every plane that accesses a different word. Region 3 does not exist. An
// access to it is a fault of the run and not counted.
void Count(std::array<int64_t, 3>& accesses, const isa::Walk& walk, int64_t n, int64_t planes) {
  const uint32_t region = walk.base >> isa::kRegionShift;
  if (region < accesses.size()) accesses[region] += n * (walk.split != 0 ? planes : 1);
}

}  // namespace

void CountEvents(const isa::Load& load, const std::array<int64_t, 4>& counts,
                 const isa::Accelerator&, Events& events) {
  const int64_t n = Elements(counts), planes = std::popcount(load.planes);
  Count(events.reads, load.source, n, planes);
  events.tile_writes += n * planes;
}

void CountEvents(const isa::Stream& stream, const std::array<int64_t, 4>& counts,
                 const isa::Accelerator& accelerator, Events& events) {
  const int64_t n = Elements(counts), planes = std::popcount(stream.planes);
  const int64_t rows = accelerator.rows, lanes = accelerator.lanes;
  // Every element multiplies all rows with all lanes. The rules for reads are those of
  // spec/isa.toml.
  const bool time = stream.direction == isa::Direction::kTime;
  const bool rank = stream.direction == isa::Direction::kRank;
  if (stream.x && !rank && stream.one_hot == 0) Count(events.reads, *stream.x, n, planes);
  if (stream.b && (time || rank)) Count(events.reads, *stream.b, n, planes);
  events.multiplies += n * planes * rows * lanes;
  if (time) {
    // The first product of a sum overwrites its accumulator, so it takes no addition.
    const int64_t added = stream.keep != 0 ? n : n - Firsts(counts, stream.sum);
    events.adds += added * planes * rows * lanes;
    // An accumulator is counted in rows of T lanes: R of them in each slot.
    events.accumulator_reads += added * planes * rows;
    events.accumulator_writes += n * planes * rows;
    return;
  }
  // A fold of n values takes n - 1 additions, for each lane of the result.
  const int64_t width = rank ? lanes : rows;
  // With plane_sum the planes have one result together.
  const int64_t results = stream.plane_sum != 0 ? 1 : planes;
  events.tile_reads += n * planes * rows;
  events.adds += n * planes * (rows * lanes - width);
  if (stream.plane_sum != 0) events.adds += n * (planes - 1) * width;
  if (stream.start != isa::Start::kNone) events.adds += n * results * width;
  if (stream.y) {
    Count(events.writes, *stream.y, n, results);
    // A merged slice keeps the other lanes of the word, so the word is also read.
    if (stream.start == isa::Start::kOld || stream.merge != 0) {
      Count(events.reads, *stream.y, n, results);
    }
  }
  const bool initial = stream.start == isa::Start::kWord || stream.start == isa::Start::kScalar;
  if (initial && stream.initial) Count(events.reads, *stream.initial, n, results);
}

void CountEvents(const isa::Drain& drain, const std::array<int64_t, 4>& counts,
                 const isa::Accelerator& accelerator, Events& events) {
  const int64_t planes = std::popcount(drain.planes);
  const int64_t n = counts[0] * counts[1] * counts[3];  // results of one plane
  const int64_t results = drain.plane_sum != 0 ? 1 : planes;
  // A result with k summands takes k - 1 additions.
  events.accumulator_reads += n * counts[2] * planes;
  events.adds += n * (counts[2] * planes - results) * accelerator.lanes;
  if (drain.start != isa::Start::kNone) events.adds += n * results * accelerator.lanes;
  Count(events.writes, drain.y, n, results);
  if (drain.start == isa::Start::kOld) Count(events.reads, drain.y, n, results);
  const bool initial = drain.start == isa::Start::kWord || drain.start == isa::Start::kScalar;
  if (initial && drain.initial) Count(events.reads, *drain.initial, n, results);
}

void CountEvents(const isa::Vector& vector, const std::array<int64_t, 4>& counts,
                 const isa::Accelerator& accelerator, Events& events) {
  using isa::Source;
  const int64_t n = Elements(counts), lanes = accelerator.lanes;
  const bool taps = vector.tap != isa::Tap::kNone;
  const auto used = [&](Source source) {
    return vector.x1 == source || vector.p1 == source || vector.q1 == source ||
           vector.p2 == source || vector.q2 == source || (taps && vector.p3 == source);
  };
  const auto read = [&](const auto& walk, bool is_used) {
    if (walk && is_used) Count(events.reads, *walk, n, 1);
  };
  read(vector.a, used(Source::kA));
  read(vector.b, used(Source::kB));
  // The old scalar is operand g, which is read for this even if no stage uses it.
  const bool folds_on_g = vector.lanes && vector.lane_g != 0 && vector.lane_old == 0;
  read(vector.g, used(Source::kG) || folds_on_g);
  read(vector.h, used(Source::kH));
  if (vector.y) Count(events.writes, *vector.y, n, 1);
  events.register_reads += n * int64_t{used(Source::kL0)};
  events.register_reads += n * int64_t{used(Source::kL1) || used(Source::kPick)};
  events.register_reads += n * int64_t{used(Source::kL2)};
  int64_t multiplies = int64_t{vector.p1 != Source::kOne} + int64_t{vector.p2 != Source::kOne};
  int64_t adds = int64_t{vector.q1 != Source::kZero} + int64_t{vector.q2 != Source::kZero};
  // A function is a look-up and a cubic.
  if (vector.function != isa::Function::kNone) {
    multiplies += 3;
    adds += 3;
    events.lookups += n * lanes;
  }
  if (taps) {
    // v4 = v3 p3 is computed for the reduction only.
    multiplies += int64_t{vector.p3 != Source::kOne};
    const int64_t joined = n - Firsts(counts, vector.tap_sum);
    events.adds += joined * lanes;  // a maximum counts as an addition
    events.register_reads += joined;
    events.register_writes += n;
  }
  events.multiplies += n * multiplies * lanes;
  events.adds += n * adds * lanes;
  if (vector.lanes) {
    // The sum over lanes is a fold of T numbers. The factor and the old value are scalars: one
    // operation each.
    events.adds += n * (lanes - 1);
    Count(events.writes, *vector.lanes, n, 1);
    if (folds_on_g) events.adds += n;
    if (vector.lane_old != 0) {
      events.adds += n;
      Count(events.reads, *vector.lanes, n, 1);
    }
    if (vector.lane_scale) {
      events.multiplies += n;
      Count(events.reads, *vector.lane_scale, n, 1);
    }
  }
}

}  // namespace bittern
