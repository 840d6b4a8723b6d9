// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/lower/contraction.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "accelerator/compiler/layout/contraction_mapping.h"
#include "accelerator/compiler/layout/instruction_loops.h"
#include "base/error.h"

namespace bittern {
namespace {

using Levels = std::vector<InstructionLoop>;

// Lowers one contraction. Levels are loops around the array itself, which runs over rows and
// columns.
class ContractionLowering {
 public:
  ContractionLowering(const ContractionMapping& mapping, Lowering& lowering)
      : contract_(mapping.contract()),
        mapping_(mapping),
        plane_(mapping.plane()),
        lowering_(lowering) {}

  void Run() {
    mapping_.direction() == isa::Direction::kTime ? Time() : Tiles();
    if (contract_.scale != 1) Scale();
  }

 private:
  // The walk of an operand. `levels` become the loops from number `first` on (of 4).
  isa::Walk MakeWalk(Operand operand, int64_t base, const Levels& levels, size_t first = 0) const {
    isa::Walk walk;
    walk.base = static_cast<uint32_t>(base);
    walk.split = mapping_.IsSplit(operand) ? 1 : 0;
    for (size_t i = 0; i < levels.size(); ++i) {
      walk.stride[first + i] = static_cast<int32_t>(levels[i].stride.Of(operand));
    }
    if (operand == kStart || contract_.gather.list < 0) return walk;
    // In a loop over a list, entry j uses part table[j] of the operand, or part j without a table.
    const Gather& gather = contract_.gather;
    const auto& in = mapping_.operands();
    const TensorId table = operand == kC ? in.c_table : operand == kA ? in.a_table : in.b_table;
    const Size stride = operand == kC   ? gather.c_stride
                        : operand == kA ? gather.a_stride
                                        : gather.b_stride;
    const int64_t elements = stride.At(lowering_.tokens());
    const auto words =
        static_cast<int32_t>(elements == 0 ? 0 : mapping_.Layout(operand).WordStride(elements));
    if (table == kNoTensor) {
      walk.outer = words;
    } else {
      walk.table = lowering_.Table(table);
      walk.table_stride = words;
    }
    return walk;
  }

  // An instruction has four loops; missing ones are outside and run once.
  static void SetCounts(std::array<uint32_t, 4>& count, const Levels& levels) {
    count = {1, 1, 1, 1};
    const size_t first = 4 - levels.size();
    for (size_t i = 0; i < levels.size(); ++i) {
      count[first + i] = static_cast<uint32_t>(levels[i].extent);
    }
  }

  static isa::Index SlotIndex(int64_t base, const Levels& levels) {
    isa::Index index;
    index.base = static_cast<uint32_t>(base);
    for (size_t i = 0; i < levels.size(); ++i) {
      index.stride[4 - levels.size() + i] = static_cast<int32_t>(levels[i].slot);
    }
    return index;
  }

  // The slices of token words, beginning with block `first`.
  static isa::Index SliceIndex(int64_t first, const Levels& levels) {
    isa::Index index;
    index.base = static_cast<uint32_t>(first);
    for (size_t i = 0; i < levels.size(); ++i) {
      index.stride[4 - levels.size() + i] = static_cast<int32_t>(levels[i].slice);
    }
    return index;
  }

  // The start of a result. `first`: this instruction is the first one that writes it.
  isa::Start StartOf(bool first) const {
    if (!first || contract_.accumulate) return isa::Start::kOld;
    return mapping_.HasStart() ? isa::Start::kScalar : isa::Start::kNone;
  }

  // Words and slots that one load or one write-back moves.
  struct Transfer {
    Operand operand = kC;
    OperandOffsets at = {};  // the first word and the first slot
    Levels levels = {};      // loops around the rows, with their slots
    int64_t rows = 0;        // rows of the block
    int64_t half = 0;        // first slot of the half in use
    int64_t partial = 1;     // write-back: slots that are added up for one result
    int64_t distance = 1;    // write-back: from one of those slots to the next
  };

  // Fills tile slots. Slots of both planes are filled at once, unless each plane has its own words
  // but not its own banks.
  void Load(Transfer transfer) {
    const Operand tile = transfer.operand;
    if (plane_.used && plane_.stride.Of(tile) != 0 && !mapping_.IsSplit(tile)) {
      LoadPlanes(transfer, 1);
      transfer.at.Move(plane_.stride);
      LoadPlanes(transfer, 2);
      return;
    }
    LoadPlanes(transfer, mapping_.Planes());
  }

  void LoadPlanes(const Transfer& transfer, uint32_t planes) {
    const Operand tile = transfer.operand;
    Levels levels = transfer.levels;
    const Levels outer = TakeOuter(levels, 3);  // the fourth loop runs over rows
    InstructionLoop row{.extent = transfer.rows};
    row.stride.Of(tile) = mapping_.RowStride(tile);
    levels.push_back(row);
    ForEach(outer, transfer.at, [&](const OperandOffsets& at) {
      isa::Load load;
      load.planes = planes;
      SetCounts(load.count, levels);
      load.source = MakeWalk(tile, at.words.Of(tile), levels, 4 - levels.size());
      load.slot = SlotIndex(transfer.half + at.slot, levels);
      lowering_.stream.Append(load, {mapping_.Tensor(tile)});
    });
  }

  // Direction of time: acc[slot][row][column] collects the sum over the stream, then the results
  // are written back.
  void Time() {
    for (const ContractionMapping::RowBlocks& blocks : mapping_.TimeBlocks()) {
      const ContractionMapping::TimePlan plan = mapping_.PlanTime(blocks.count);
      OperandOffsets first;
      first.Move(mapping_.BlockLoop(), blocks.first);
      ForEach(plan.outer, first, [&](const OperandOffsets& at) {
        const int64_t half = lowering_.NextAccumulatorHalf();
        StreamTime(at, plan.levels, half, blocks.first);
        WriteBack(at, plan, half, blocks);
      });
    }
  }

  void StreamTime(const OperandOffsets& begin, Levels levels, int64_t half, int64_t first_block) {
    const Operand x = mapping_.token_side(), w = mapping_.rank_side();
    // Results leave with the write-back, so their words do not matter here.
    for (InstructionLoop& level : levels) level.stride.c = level.stride.start = 0;
    const Levels outer = TakeOuter(levels, 4);
    bool first = true;
    ForEach(outer, begin, [&](const OperandOffsets& at) {
      isa::Stream stream;
      stream.planes = mapping_.Planes();
      stream.direction = isa::Direction::kTime;
      SetCounts(stream.count, levels);
      const size_t skip = 4 - levels.size();
      stream.x = MakeWalk(x, at.words.Of(x), levels, skip);
      stream.b = MakeWalk(w, at.words.Of(w), levels, skip);
      stream.slot = SlotIndex(half + at.slot, levels);
      for (size_t i = 0; i < levels.size(); ++i) {
        if (levels[i].sum && levels[i].slot == 0) stream.sum |= 1u << (skip + i);
      }
      if (mapping_.HasSlices(w)) stream.slice = SliceIndex(first_block, levels);
      // If outer loops are summed, an instruction continues the sums of the previous one.
      if (!outer.empty()) {
        BITTERN_CHECK(std::all_of(outer.begin(), outer.end(),
                                  [](const InstructionLoop& s) { return s.sum; }));
        stream.keep = first ? 0 : 1;
      }
      first = false;
      lowering_.stream.Append(stream, {mapping_.Tensor(x), mapping_.Tensor(w)});
    });
  }

  // Writes the results of some blocks of rows from the accumulators of one half.
  void WriteBack(const OperandOffsets& at, const ContractionMapping::TimePlan& plan, int64_t half,
                 const ContractionMapping::RowBlocks& blocks) {
    Transfer transfer{.operand = kC,
                      .at = at,
                      .levels = plan.results,
                      .rows = mapping_.RowsOf(blocks.first),
                      .half = half,
                      .partial = plan.partial,
                      .distance = Product(plan.results)};
    const int64_t last_rows = mapping_.RowsOf(blocks.first + blocks.count - 1);
    if (blocks.count == 1 || last_rows == mapping_.block_rows()) return WriteBackRows(transfer);
    // The last block has fewer rows than the others. Blocks are the innermost loop.
    InstructionLoop& all_but_last = transfer.levels.back();
    all_but_last.extent = blocks.count - 1;
    WriteBackRows(transfer);
    transfer.at.Move(all_but_last, blocks.count - 1);
    transfer.levels.pop_back();
    transfer.rows = last_rows;
    WriteBackRows(transfer);
  }

  void WriteBackRows(Transfer transfer) {
    const bool together =
        mapping_.IsSplit(kC) && (plane_.stride.start == 0 || mapping_.IsSplit(kStart));
    if (plane_.used && !plane_.sum && !together) {
      WriteBackPlanes(transfer, 1);
      transfer.at.Move(plane_.stride);
      WriteBackPlanes(transfer, 2);
      return;
    }
    WriteBackPlanes(transfer, mapping_.Planes());
  }

  void WriteBackPlanes(const Transfer& transfer, uint32_t planes) {
    Levels levels = transfer.levels;
    for (InstructionLoop& level : levels) level.stride.a = level.stride.b = 0;
    // A drain has four loops: two over results, one over partial sums and one over rows.
    const Levels outer = TakeOuter(levels, 2);
    while (levels.size() < 2) levels.insert(levels.begin(), InstructionLoop{});
    levels.push_back({.extent = transfer.partial, .slot = transfer.distance, .sum = true});
    InstructionLoop row{.extent = transfer.rows};
    row.stride.c = mapping_.RowStride(kC);
    row.stride.start = mapping_.RowStride(kStart);
    levels.push_back(row);
    ForEach(outer, transfer.at, [&](const OperandOffsets& at) {
      isa::Drain drain;
      drain.planes = planes;
      drain.plane_sum = plane_.used && plane_.sum ? 1 : 0;
      drain.start = StartOf(true);
      SetCounts(drain.count, levels);
      drain.y = MakeWalk(kC, at.words.c, levels);
      drain.slot = SlotIndex(transfer.half + at.slot, levels);
      std::vector<StoredId> tensors = {mapping_.Tensor(kC)};
      if (drain.start == isa::Start::kScalar) {
        drain.initial = MakeWalk(kStart, at.words.start, levels);
        tensors.push_back(mapping_.Tensor(kStart));
      }
      // For one plane alone, the offset already selects its half.
      if (planes != mapping_.Planes()) {
        drain.y.split = 0;
        if (drain.initial) drain.initial->split = 0;
      }
      lowering_.stream.Append(drain, std::move(tensors));
    });
  }

  // Directions of ranks and of tokens: for each block of rows, y = start + the sum over the rows
  // (ranks) or the columns (tokens) of a tile.
  void Tiles() {
    const bool rank = mapping_.direction() == isa::Direction::kRank;
    const Operand tile = rank ? mapping_.token_side() : mapping_.rank_side();
    const Operand streamed = rank ? mapping_.rank_side() : mapping_.token_side();
    const Operand blocked = rank ? streamed : kC;  // has the rows in its lanes
    const int64_t half_slots = lowering_.machine.tile_slots / 2;
    // Loops over the tile become slots, as many as fit half of the slots. The rest of them are
    // outer loops, with a new load each. Loops without the tile are in the stream instruction.
    Levels outer, levels;
    for (const InstructionLoop& level : mapping_.free()) {
      (level.stride.Of(tile) != 0 ? outer : levels).push_back(level);
    }
    Levels sums = mapping_.summed();
    Levels sum_slots = PickInner(sums, half_slots, half_slots);
    const int64_t room = half_slots / Product(sum_slots);
    const Levels result_slots = PickInner(outer, room, room);
    Levels slots = Joined(sum_slots, result_slots);
    NumberSlots(slots);
    const auto summed = static_cast<std::ptrdiff_t>(sum_slots.size());
    sum_slots.assign(slots.begin(), slots.begin() + summed);
    levels.insert(levels.end(), slots.begin() + summed, slots.end());
    SortAsWanted(levels);
    // One instruction takes the terms of a sum in turn if it does not come back to a word of y
    // before the word is written.
    const bool together = summed > 0 && Product(levels) >= lowering_.machine.update_distance;

    ForEach(outer, {}, [&](const OperandOffsets& result) {
      bool first = true;
      for (int64_t block = 0; block < mapping_.blocks(); ++block) {
        if (!rank) first = true;  // each block of rows is a result
        ForEach(sums, result, [&](OperandOffsets at) {
          at.words.Of(tile) += block * mapping_.block_rows() * mapping_.RowStride(tile);
          at.words.Of(blocked) += block * mapping_.BlockStride(blocked);
          TileStream stream{.streamed = streamed, .half = lowering_.NextTileHalf()};
          if (mapping_.HasSlices(blocked)) stream.slice = block;
          stream.merge = stream.slice && !rank && block > 0;
          Load({.operand = tile,
                .at = at,
                .levels = slots,
                .rows = mapping_.RowsOf(block),
                .half = stream.half});
          StreamTerms(stream, at, levels, sum_slots, together, first);
          first = false;
        });
      }
    });
  }

  // The common fields of the stream instructions of one load.
  struct TileStream {
    Operand streamed = kA;
    int64_t half = 0;                   // first slot of the half in use
    std::optional<int64_t> slice = {};  // the block, if the rows are slices of token words
    bool merge = false;                 // other slices of y are kept
  };

  // Streams all terms of the sums. `sum_slots` are the loops over terms, `levels` those over
  // results. `together`: one instruction may run over several terms.
  void StreamTerms(const TileStream& stream, const OperandOffsets& at, const Levels& levels,
                   const Levels& sum_slots, bool together, bool first) {
    if (!together) {
      ForEach(sum_slots, at, [&](const OperandOffsets& term) {
        StreamTile(stream, term, levels, StartOf(first));
        first = false;
      });
      return;
    }
    if (StartOf(first) == isa::Start::kOld) {
      return StreamTile(stream, at, Joined(sum_slots, levels), isa::Start::kOld);
    }
    // The first term overwrites the result. The other terms of each loop are added to it, those of
    // the innermost loop first.
    StreamTile(stream, at, levels, StartOf(first));
    for (size_t i = sum_slots.size(); i-- > 0;) {
      OperandOffsets second = at;
      second.Move(sum_slots[i], 1);
      Levels others(sum_slots.begin() + static_cast<std::ptrdiff_t>(i), sum_slots.end());
      if (--others.front().extent > 0) {
        StreamTile(stream, second, Joined(others, levels), isa::Start::kOld);
      }
    }
  }

  void StreamTile(const TileStream& of, const OperandOffsets& begin, Levels levels,
                  isa::Start start) {
    const Operand tile = of.streamed == kA ? kB : kA;
    for (InstructionLoop& level : levels) {
      level.stride.Of(tile) = 0;  // the tile is in its slots
      level.sum = false;
      if (start != isa::Start::kScalar) level.stride.start = 0;
    }
    const Levels outer = TakeOuter(levels, 4);
    ForEach(outer, begin, [&](const OperandOffsets& at) {
      isa::Stream stream;
      stream.planes = mapping_.Planes();
      stream.plane_sum = plane_.used && plane_.sum ? 1 : 0;
      stream.direction = mapping_.direction();
      stream.start = start;
      SetCounts(stream.count, levels);
      const size_t skip = 4 - levels.size();
      (mapping_.direction() == isa::Direction::kRank ? stream.b : stream.x) =
          MakeWalk(of.streamed, at.words.Of(of.streamed), levels, skip);
      stream.y = MakeWalk(kC, at.words.c, levels, skip);
      std::vector<StoredId> tensors = {mapping_.Tensor(of.streamed), mapping_.Tensor(kC)};
      if (start == isa::Start::kScalar) {
        stream.initial = MakeWalk(kStart, at.words.start, levels, skip);
        tensors.push_back(mapping_.Tensor(kStart));
      }
      stream.slot = SlotIndex(of.half + at.slot, levels);
      if (of.slice) {
        // All rows of one block: the slice does not change within the instruction.
        stream.slice = isa::Index{};
        stream.slice->base = static_cast<uint32_t>(*of.slice);
        stream.merge = of.merge ? 1 : 0;
      }
      lowering_.stream.Append(stream, std::move(tensors));
    });
  }

  // Sorts the loops so that results come in the order in which their reader uses them. If the
  // reader has the larger strides inside, these loops come last.
  void SortAsWanted(Levels& levels) const {
    const TraversalOrder wanted = lowering_.TraversalOf(mapping_.Tensor(kC));
    const auto inside = [&](const InstructionLoop& level) {
      return wanted.outer_step < wanted.inner_step && level.stride.c >= wanted.inner_step;
    };
    std::stable_sort(levels.begin(), levels.end(),
                     [&](const InstructionLoop& x, const InstructionLoop& y) {
                       return inside(x) != inside(y) ? inside(y) : x.stride.c > y.stride.c;
                     });
  }

  static Levels Joined(Levels outer, const Levels& inner) {
    outer.insert(outer.end(), inner.begin(), inner.end());
    return outer;
  }

  // Multiplies the result by the factor of the operation, in the vector unit.
  void Scale() {
    if (contract_.accumulate) mapping_.Refuse("it scales and accumulates at once");
    const TensorLayout& c = mapping_.Layout(kC);
    const StoredId tensor = mapping_.Tensor(kC);
    const StoredId factor = lowering_.Constant(static_cast<float>(contract_.scale));
    isa::Vector vector;
    vector.count = {1, 1, 1, static_cast<uint32_t>(c.words())};
    vector.x1 = isa::Source::kA;
    vector.p1 = isa::Source::kG;
    vector.p2 = vector.p3 = isa::Source::kOne;
    vector.a = isa::Walk{};
    vector.a->stride[3] = 1;
    vector.y = vector.a;
    vector.g = isa::Walk{};
    lowering_.stream.Append(vector, {tensor, factor, tensor});
  }

  const ops::Contract& contract_;
  const ContractionMapping& mapping_;
  const ContractionMapping::PlaneHalves& plane_;
  Lowering& lowering_;
};

}  // namespace

void LowerContraction(const Op& op, Lowering& lowering) {
  const auto mapping = ContractionMapping::Find(op, lowering.laid_out);
  if (!mapping) Fail("accelerator: \"{}\" has no place on the array", op.name);
  const int list = mapping->contract().gather.list;
  if (list >= 0) lowering.stream.BeginListLoop(list);
  ContractionLowering(*mapping, lowering).Run();
  if (list >= 0) lowering.stream.EndListLoop();
}

}  // namespace bittern
