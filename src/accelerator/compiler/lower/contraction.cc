#include "accelerator/compiler/lower/contraction.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "accelerator/compiler/layout/array_mapping.h"
#include "accelerator/compiler/layout/contraction_cost.h"
#include "accelerator/compiler/layout/loop_levels.h"
#include "base/arithmetic.h"
#include "base/error.h"

namespace bittern {
namespace {

// The storages of c, a, b and, where there is one, the start.
std::array<const TensorLayout*, 4> Layouts(const Op& op, const Emitter& emitter) {
  const auto in = op.Inputs<ops::Contract>();
  return {&emitter.layout(op.Outputs<ops::Contract>().c), &emitter.layout(in.a),
          &emitter.layout(in.b), in.start != kNoTensor ? &emitter.layout(in.start) : nullptr};
}

class Contraction {
 public:
  Contraction(const Op& op, ArrayMapping mapping, Emitter& emitter)
      : name_(op.name),
        contract_(*op.As<ops::Contract>()),
        in_(op.Inputs<ops::Contract>()),
        c_(op.Outputs<ops::Contract>().c),
        mapping_(std::move(mapping)),
        emitter_(emitter),
        rows_(mapping_.loops[static_cast<size_t>(mapping_.rows)].extent),
        block_rows_(emitter.machine().rows),
        blocks_(CeilDivide(rows_, block_rows_)),
        half_(emitter.machine().tile_slots / 2) {
    const int plane = PlaneLoop(mapping_, emitter.machine(), Layouts(op, emitter));
    for (int i = 0; i < std::ssize(mapping_.loops); ++i) {
      if (i == mapping_.columns || i == mapping_.rows) continue;
      const ContractionLoop& loop = mapping_.loops[static_cast<size_t>(i)];
      LoopLevel step{.extent = loop.extent, .sum = loop.c == 0};
      step.c = Words(kC, loop);
      step.a = Words(kA, loop);
      step.b = Words(kB, loop);
      step.start = StartWords(loop);
      if (i == plane) {
        plane_ = step;
      } else {
        (step.sum ? summed_ : free_).push_back(step);
      }
    }
    // Results in the order of their addresses, so that a consumer can follow.
    std::stable_sort(free_.begin(), free_.end(),
                     [](const LoopLevel& x, const LoopLevel& y) { return x.c > y.c; });
  }

  void Lower() {
    mapping_.direction == isa::Direction::kTime ? Time() : Tiles();
    if (contract_.scale != 1) Scale();
  }

 private:
  StoredId Tensor(Operand operand) const {
    return operand == kC ? c_ : operand == kA ? in_.a : operand == kB ? in_.b : in_.start;
  }
  const TensorLayout& Stored(Operand operand) const { return emitter_.layout(Tensor(operand)); }

  int64_t Words(Operand operand, const ContractionLoop& loop) const {
    const int64_t stride = Stride(loop, operand);
    return stride == 0 ? 0 : Stored(operand).WordStride(stride);
  }
  int64_t StartWords(const ContractionLoop& loop) const {
    return in_.start != kNoTensor ? Stored(kStart).OfPlane(loop.start) : 0;
  }
  // Whether the planes' parts of an operand lie in banks of their own.
  bool IsSplit(Operand operand) const {
    const int64_t step = operand == kStart ? plane_.start : plane_.Of(operand);
    return two_planes() && step != 0 && step == Stored(operand).plane_step;
  }
  bool two_planes() const { return plane_.extent == 2; }
  // The planes that take part in a stream.
  uint32_t Planes() const { return two_planes() ? 3 : 1; }
  const ContractionLoop& RowLoop() const {
    return mapping_.loops[static_cast<size_t>(mapping_.rows)];
  }
  // The step of one row, of an operand that has rows as addresses.
  int64_t RowWords(Operand operand) const { return Words(operand, RowLoop()); }
  // The step of a block of rows, of an operand that has rows in its lanes: words, or slices of one.
  bool Slices(Operand operand) const { return Stored(operand).kind == WordKind::kToken; }
  int64_t BlockWords(Operand operand) const {
    return Slices(operand) ? 0 : Stored(operand).BlockStride();
  }
  int64_t RowsOf(int64_t block) const { return std::min(block_rows_, rows_ - block * block_rows_); }

  isa::Walk MakeWalk(Operand operand, int64_t base, const std::vector<LoopLevel>& steps,
                     size_t first = 0) const {
    isa::Walk walk;
    walk.base = static_cast<uint32_t>(base);
    walk.split = IsSplit(operand) ? 1 : 0;
    for (size_t i = 0; i < steps.size(); ++i) {
      const int64_t step = operand == kStart ? steps[i].start : steps[i].Of(operand);
      walk.stride[first + i] = static_cast<int32_t>(step);
    }
    const Gather& gather = contract_.gather;
    if (operand == kStart || gather.list < 0) return walk;
    const TensorId table = operand == kC ? in_.c_table : operand == kA ? in_.a_table : in_.b_table;
    const Size stride = operand == kC   ? gather.c_stride
                        : operand == kA ? gather.a_stride
                                        : gather.b_stride;
    const int64_t elements = stride.At(emitter_.tokens());
    const auto words =
        static_cast<int32_t>(elements == 0 ? 0 : Stored(operand).WordStride(elements));
    if (table == kNoTensor) {
      walk.outer = words;
    } else {
      walk.table = emitter_.Table(table);
      walk.table_stride = words;
    }
    return walk;
  }

  static void SetCounts(std::array<uint32_t, 4>& count, const std::vector<LoopLevel>& steps) {
    count = {1, 1, 1, 1};
    const size_t first = 4 - steps.size();
    for (size_t i = 0; i < steps.size(); ++i) {
      count[first + i] = static_cast<uint32_t>(steps[i].extent);
    }
  }

  isa::Index SlotIndex(int64_t base, const std::vector<LoopLevel>& steps) const {
    isa::Index index;
    index.base = static_cast<uint32_t>(base);
    for (size_t i = 0; i < steps.size(); ++i) {
      index.stride[4 - steps.size() + i] = static_cast<int32_t>(steps[i].slot);
    }
    return index;
  }

  // Gives the loops in `steps` slots of their own, the last loop the closest.
  static void NumberSlots(std::vector<LoopLevel>& steps) {
    int64_t slot = 1;
    for (size_t i = steps.size(); i-- > 0;) {
      steps[i].slot = slot;
      slot *= steps[i].extent;
    }
  }

  isa::Start StartOf(bool first) const {
    if (!first || contract_.accumulate) return isa::Start::kOld;
    return in_.start != kNoTensor ? isa::Start::kScalar : isa::Start::kNone;
  }

  // Fills tile slots from `tile`: the loops `slots`, then rows.
  void Load(Operand tile, const OperandOffsets& at, std::vector<LoopLevel> slots, int64_t rows,
            int64_t base) {
    if (two_planes() && plane_.Of(tile) != 0 && !IsSplit(tile)) {  // one after the other
      LoadPlanes(tile, at, slots, rows, base, 1);
      OperandOffsets second = at;
      second.Move(plane_, 1);
      LoadPlanes(tile, second, slots, rows, base, 2);
      return;
    }
    LoadPlanes(tile, at, std::move(slots), rows, base, Planes());
  }

  void LoadPlanes(Operand tile, const OperandOffsets& at, std::vector<LoopLevel> slots,
                  int64_t rows, int64_t base, uint32_t planes) {
    const std::vector<LoopLevel> outer = TakeOuter(slots, 3);
    ForEach(outer, at, [&](const OperandOffsets& bases) {
      isa::Load load;
      load.planes = planes;
      std::vector<LoopLevel> steps = slots;
      LoopLevel row{.extent = rows};
      (tile == kA ? row.a : tile == kB ? row.b : row.c) = RowWords(tile);
      steps.push_back(row);
      SetCounts(load.count, steps);
      load.source = MakeWalk(tile, bases.Of(tile), steps, 4 - steps.size());
      load.slot = SlotIndex(base + bases.slot, steps);
      emitter_.Append(load, {Tensor(tile)});
    });
  }

  // Blocks of rows whose accumulators are filled together.
  struct Blocks {
    int64_t first = 0, count = 1;
  };
  // From one block to the next.
  LoopLevel BlockStep() const {
    const Operand w = mapping_.rank_side;
    LoopLevel block{.slice = Slices(w) ? 1 : 0};
    (w == kA ? block.a : block.b) = BlockWords(w);
    block.c = block_rows_ * RowWords(kC);
    block.start = block_rows_ * StartWords(RowLoop());
    return block;
  }
  int64_t AccumulatorCapacity() const { return emitter_.machine().accumulator_slots / 2; }
  // All blocks, in the fewest passes that the accumulators allow, as even as can be.
  std::vector<Blocks> TimeBlocks() const {
    const int64_t passes = CeilDivide(blocks_, AccumulatorCapacity());
    const int64_t count = CeilDivide(blocks_, passes);
    std::vector<Blocks> all;
    for (int64_t first = 0; first < blocks_; first += count) {
      all.push_back({first, std::min(count, blocks_ - first)});
    }
    return all;
  }

  // How a product in the direction of time runs, for some blocks of rows.
  struct TimePlan {
    std::vector<LoopLevel> outer;    // an instruction each
    std::vector<LoopLevel> steps;    // its loops
    std::vector<LoopLevel> results;  // loops over slots that are results
    int64_t partial = 1;             // slots that are summed for a result
  };
  TimePlan PlanTime(int64_t blocks) const {
    const int64_t capacity = AccumulatorCapacity() / blocks;
    TimePlan plan;
    plan.outer = free_;
    std::vector<LoopLevel> slots = PickInner(plan.outer, capacity, capacity);
    std::vector<LoopLevel> sums = summed_;
    const int64_t results = Product(slots) * blocks;
    std::vector<LoopLevel> partial = PickPartial(results, sums, emitter_.machine());
    for (LoopLevel& step : partial) step.sum = true;
    plan.partial = Product(partial);
    if (results * plan.partial < emitter_.machine().accumulate_distance && Product(sums) > 1) {
      Refuse("a sum is too short");
    }

    std::vector<LoopLevel> numbered = partial;
    numbered.insert(numbered.end(), slots.begin(), slots.end());
    if (blocks > 1) {
      numbered.push_back(BlockStep());
      numbered.back().extent = blocks;
    }
    NumberSlots(numbered);
    plan.steps = sums;
    plan.steps.insert(plan.steps.end(), numbered.begin(), numbered.end());
    plan.results.assign(numbered.begin() + std::ssize(partial), numbered.end());
    return plan;
  }

 public:
  // Every result is written once, whole.
  bool WritesOnce() const {
    const bool token = mapping_.direction == isa::Direction::kToken;
    return mapping_.direction == isa::Direction::kTime ||
           (Product(summed_) == 1 && (token || blocks_ == 1));
  }
  // The order in which the stream takes the words of the operand with tokens in its lanes; nullopt
  // where it is not simple.
  std::optional<TraversalOrder> TraversalOfTokens() const {
    if (mapping_.direction != isa::Direction::kTime) return std::nullopt;
    if (TimeBlocks().size() > 1) return std::nullopt;
    const TimePlan plan = PlanTime(blocks_);
    if (!plan.outer.empty()) return std::nullopt;
    // Steps over words counted as if there were no split; both planes' words in turn.
    const TensorLayout& x = Stored(mapping_.token_side);
    std::vector<LoopLevel> steps = plan.steps;
    if (two_planes()) steps.insert(steps.end() - 1, plane_);
    std::vector<LoopLevel> loops;
    for (const LoopLevel& s : steps) {
      int64_t step = s.Of(mapping_.token_side);
      if (step == 0 || s.extent == 1) continue;
      if (x.split != 0 && step >= x.HalfWords()) {
        step = step == x.plane_step ? x.HalfWords() : 2 * step;
      }
      if (!loops.empty() && loops.back().a == step * s.extent) {
        loops.back().extent *= s.extent;
        loops.back().a = step;
      } else {
        loops.push_back({.extent = s.extent, .a = step});
      }
    }
    if (loops.size() != 2) return std::nullopt;
    if (loops[0].extent * loops[1].extent != x.words()) return std::nullopt;
    return TraversalOrder{loops[0].extent, loops[1].extent, loops[0].a, loops[1].a};
  }

 private:
  // acc[slot][row][column] over the stream, then out.
  void Time() {
    const Operand x = mapping_.token_side, w = mapping_.rank_side;
    for (const Blocks& blocks : TimeBlocks()) {
      const TimePlan plan = PlanTime(blocks.count);
      OperandOffsets first;
      first.Move(BlockStep(), blocks.first);
      ForEach(plan.outer, first, [&](const OperandOffsets& bases) {
        const int64_t half = emitter_.NextAccumulatorHalf();
        StreamTime(x, w, bases, plan.steps, half, blocks.first);
        Drains(bases, plan.results, plan.partial, half, blocks);
      });
    }
  }

  void StreamTime(Operand x, Operand w, const OperandOffsets& at, std::vector<LoopLevel> steps,
                  int64_t half, int64_t first_block) {
    for (LoopLevel& s : steps) s.c = s.start = 0;
    const std::vector<LoopLevel> outer = TakeOuter(steps, 4);
    bool first = true;
    ForEach(outer, at, [&](const OperandOffsets& bases) {
      isa::Stream stream;
      stream.planes = Planes();
      stream.direction = isa::Direction::kTime;
      SetCounts(stream.count, steps);
      const size_t skip = 4 - steps.size();
      stream.x = MakeWalk(x, bases.Of(x), steps, skip);
      stream.b = MakeWalk(w, bases.Of(w), steps, skip);
      stream.slot = SlotIndex(half + bases.slot, steps);
      for (size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].sum && steps[i].slot == 0) stream.sum |= 1u << (skip + i);
      }
      if (Slices(w)) {
        stream.slice = isa::Index{};
        stream.slice->base = static_cast<uint32_t>(first_block);
        for (size_t i = 0; i < steps.size(); ++i) {
          stream.slice->stride[skip + i] = static_cast<int32_t>(steps[i].slice);
        }
      }
      // Outer loops that are summed go on where the last instruction stopped.
      if (!outer.empty()) {
        BITTERN_CHECK(
            std::all_of(outer.begin(), outer.end(), [](const LoopLevel& s) { return s.sum; }));
        stream.keep = first ? 0 : 1;
      }
      first = false;
      emitter_.Append(stream, {Tensor(x), Tensor(w)});
    });
  }

  // Slots that are summed for a result, and from one of them to the next.
  struct Partial {
    int64_t slots, step;
  };
  // Writes results (their loops: `steps`) from the slots of `half`, each the sum of some slots.
  void Drains(const OperandOffsets& at, const std::vector<LoopLevel>& steps, int64_t partial_slots,
              int64_t half, const Blocks& blocks) {
    const Partial partial{partial_slots, Product(steps)};
    const int64_t last_rows = RowsOf(blocks.first + blocks.count - 1);
    const bool ragged = blocks.count > 1 && last_rows != block_rows_;
    if (ragged) {  // the last block has fewer rows
      std::vector<LoopLevel> others(steps.begin(), steps.end() - 1);
      LoopLevel full = steps.back();
      full.extent = blocks.count - 1;
      others.push_back(full);
      DrainBlock(at, others, partial, half, block_rows_);
      others.pop_back();
      OperandOffsets last = at;
      last.Move(full, blocks.count - 1);
      DrainBlock(last, others, partial, half, last_rows);
      return;
    }
    DrainBlock(at, steps, partial, half, RowsOf(blocks.first));
  }

  void DrainBlock(const OperandOffsets& at, std::vector<LoopLevel> steps, const Partial& partial,
                  int64_t half, int64_t rows) {
    if (two_planes() && !plane_.sum && !(IsSplit(kC) && (plane_.start == 0 || IsSplit(kStart)))) {
      DrainPlanes(at, steps, partial, half, rows, 1);
      OperandOffsets second = at;
      second.Move(plane_, 1);
      DrainPlanes(second, steps, partial, half, rows, 2);
      return;
    }
    DrainPlanes(at, std::move(steps), partial, half, rows, Planes());
  }

  void DrainPlanes(const OperandOffsets& at, std::vector<LoopLevel> steps, const Partial& partial,
                   int64_t half, int64_t rows, uint32_t planes) {
    for (LoopLevel& s : steps) s.a = s.b = 0;
    const std::vector<LoopLevel> outer = TakeOuter(steps, 2);
    while (steps.size() < 2) steps.insert(steps.begin(), LoopLevel{});
    steps.push_back({.extent = partial.slots, .slot = partial.step, .sum = true});
    steps.push_back({.extent = rows, .c = RowWords(kC), .start = StartWords(RowLoop())});
    ForEach(outer, at, [&](const OperandOffsets& bases) {
      isa::Drain drain;
      drain.planes = planes;
      drain.plane_sum = two_planes() && plane_.sum ? 1 : 0;
      drain.start = StartOf(true);
      SetCounts(drain.count, steps);
      drain.y = MakeWalk(kC, bases.c, steps);
      drain.slot = SlotIndex(half + bases.slot, steps);
      std::vector<StoredId> tensors = {Tensor(kC)};
      if (drain.start == isa::Start::kScalar) {
        drain.initial = MakeWalk(kStart, bases.start, steps);
        tensors.push_back(Tensor(kStart));
      }
      // One plane alone: its half is in the bases.
      if (planes != Planes()) {
        drain.y.split = 0;
        if (drain.initial) drain.initial->split = 0;
      }
      emitter_.Append(drain, std::move(tensors));
    });
  }

  // Streams against tiles: y = (start +) sum over rows or columns, once for each block of rows.
  void Tiles() {
    const bool rank = mapping_.direction == isa::Direction::kRank;
    const Operand tile = rank ? mapping_.token_side : mapping_.rank_side;
    const Operand streamed = rank ? mapping_.rank_side : mapping_.token_side;
    const Operand blocked = rank ? streamed : kC;  // has the rows in its lanes
    std::vector<LoopLevel> outer, steps;
    for (const LoopLevel& step : free_) (step.Of(tile) != 0 ? outer : steps).push_back(step);
    std::vector<LoopLevel> sums = summed_;
    std::vector<LoopLevel> sum_slots = PickInner(sums, half_, half_);
    const int64_t room = half_ / Product(sum_slots);
    std::vector<LoopLevel> slots = PickInner(outer, room, room);
    const size_t summed = sum_slots.size();
    slots.insert(slots.begin(), sum_slots.begin(), sum_slots.end());
    NumberSlots(slots);
    sum_slots.assign(slots.begin(), slots.begin() + static_cast<std::ptrdiff_t>(summed));
    steps.insert(steps.end(), slots.begin() + static_cast<std::ptrdiff_t>(summed), slots.end());
    // Results in the order in which they are wanted: the loops with the larger steps inside, if so.
    const TraversalOrder wanted = emitter_.TraversalOf(Tensor(kC));
    const auto inside = [&](const LoopLevel& s) {
      return wanted.outer_step < wanted.inner_step && s.c >= wanted.inner_step;
    };
    std::stable_sort(steps.begin(), steps.end(), [&](const LoopLevel& x, const LoopLevel& y) {
      return inside(x) != inside(y) ? inside(y) : x.c > y.c;
    });
    // One instruction takes a sum's terms in turn where each word of y rests long enough between.
    const bool together = summed > 0 && Product(steps) >= emitter_.machine().update_distance;

    ForEach(outer, {}, [&](const OperandOffsets& bases) {
      bool first = true;
      for (int64_t block = 0; block < blocks_; ++block) {
        if (!rank) first = true;  // a block of rows is a result of its own
        ForEach(sums, bases, [&](OperandOffsets at) {
          at.Of(tile) += block * block_rows_ * RowWords(tile);
          at.Of(blocked) += block * BlockWords(blocked);
          const int64_t half = emitter_.NextTileHalf();
          Load(tile, at, slots, RowsOf(block), half);
          const auto stream = [&](const OperandOffsets& from, const std::vector<LoopLevel>& loops) {
            StreamTile(streamed, from, loops, half, StartOf(first), Slices(blocked), block,
                       !rank && block > 0);
            first = false;
          };
          if (!together) {
            ForEach(sum_slots, at, [&](const OperandOffsets& from) { stream(from, steps); });
            return;
          }
          if (StartOf(first) == isa::Start::kOld) {
            stream(at, Joined(sum_slots, steps));
            return;
          }
          // The first term overwrites; the others of each loop follow, from the innermost.
          stream(at, steps);
          for (size_t i = sum_slots.size(); i-- > 0;) {
            OperandOffsets behind = at;
            behind.Move(sum_slots[i], 1);
            std::vector<LoopLevel> others(sum_slots.begin() + static_cast<std::ptrdiff_t>(i),
                                          sum_slots.end());
            if (--others.front().extent > 0) stream(behind, Joined(others, steps));
          }
        });
      }
    });
  }

  static std::vector<LoopLevel> Joined(std::vector<LoopLevel> outer,
                                       const std::vector<LoopLevel>& inner) {
    outer.insert(outer.end(), inner.begin(), inner.end());
    return outer;
  }

  void StreamTile(Operand operand, const OperandOffsets& at, std::vector<LoopLevel> steps,
                  int64_t half, isa::Start start, bool slices, int64_t block, bool merge) {
    const Operand tile = operand == kA ? kB : kA;
    for (LoopLevel& s : steps) {
      (tile == kA ? s.a : s.b) = 0;
      s.sum = false;
      if (start != isa::Start::kScalar) s.start = 0;
    }
    const std::vector<LoopLevel> outer = TakeOuter(steps, 4);
    ForEach(outer, at, [&](const OperandOffsets& bases) {
      isa::Stream stream;
      stream.planes = Planes();
      stream.plane_sum = two_planes() && plane_.sum ? 1 : 0;
      stream.direction = mapping_.direction;
      stream.start = start;
      SetCounts(stream.count, steps);
      const size_t skip = 4 - steps.size();
      (mapping_.direction == isa::Direction::kRank ? stream.b : stream.x) =
          MakeWalk(operand, bases.Of(operand), steps, skip);
      stream.y = MakeWalk(kC, bases.c, steps, skip);
      std::vector<StoredId> tensors = {Tensor(operand), Tensor(kC)};
      if (start == isa::Start::kScalar) {
        stream.initial = MakeWalk(kStart, bases.start, steps, skip);
        tensors.push_back(Tensor(kStart));
      }
      stream.slot = SlotIndex(half + bases.slot, steps);
      if (slices) {
        stream.slice = isa::Index{};
        stream.slice->base = static_cast<uint32_t>(block);
        stream.merge = merge ? 1 : 0;
      }
      emitter_.Append(stream, std::move(tensors));
    });
  }

  void Scale() {
    if (contract_.accumulate) Refuse("it scales and accumulates at once");
    const TensorLayout& c = Stored(kC);
    const StoredId factor = emitter_.Constant(static_cast<float>(contract_.scale));
    isa::Vector vector;
    vector.count = {1, 1, 1, static_cast<uint32_t>(c.words())};
    vector.x1 = isa::Source::kA;
    vector.p1 = isa::Source::kG;
    vector.p2 = vector.p3 = isa::Source::kOne;
    vector.a = isa::Walk{};
    vector.a->stride[3] = 1;
    vector.y = vector.a;
    vector.g = isa::Walk{};
    emitter_.Append(vector, {Tensor(kC), factor, Tensor(kC)});
  }

  [[noreturn]] void Refuse(const char* why) const {
    Fail("accelerator: cannot run \"{}\" ({}); other ranks or modes may do", name_, why);
  }

  const std::string& name_;
  const ops::Contract& contract_;
  const InputsOf<ops::Contract> in_;
  const StoredId c_;
  const ArrayMapping mapping_;
  Emitter& emitter_;
  const int64_t rows_, block_rows_, blocks_;
  const int64_t half_;  // slots of a half
  std::vector<LoopLevel> free_, summed_;
  LoopLevel plane_;  // extent 2: the planes take a half each
};

}  // namespace

namespace {

// The list that the contraction runs over; -1: it runs once.
int ListOf(const Op& op) { return op.As<ops::Contract>()->gather.list; }

std::optional<ArrayMapping> MappingOf(const Op& op, const Emitter& emitter) {
  const auto layout = Layouts(op, emitter);
  return FindArrayMapping(*op.As<ops::Contract>(), emitter.tokens(), *layout[kC], *layout[kA],
                          *layout[kB]);
}

}  // namespace

std::optional<OperandTraversal> TraversalOfTokens(const Op& op, Emitter& emitter) {
  const std::optional<ArrayMapping> mapping = MappingOf(op, emitter);
  if (!mapping || ListOf(op) >= 0) return std::nullopt;
  const auto order = Contraction(op, *mapping, emitter).TraversalOfTokens();
  if (!order) return std::nullopt;
  const auto in = op.Inputs<ops::Contract>();
  return OperandTraversal{mapping->token_side == kA ? in.a : in.b, *order};
}

bool WritesOnce(const Op& op, Emitter& emitter) {
  const std::optional<ArrayMapping> mapping = MappingOf(op, emitter);
  return mapping && ListOf(op) < 0 && Contraction(op, *mapping, emitter).WritesOnce();
}

void LowerContraction(const Op& op, Emitter& emitter) {
  const std::optional<ArrayMapping> mapping = MappingOf(op, emitter);
  if (!mapping) Fail("accelerator: \"{}\" has no place on the array", op.name);
  const int list = ListOf(op);
  if (list >= 0) emitter.BeginListLoop(list);
  Contraction(op, *mapping, emitter).Lower();
  if (list >= 0) emitter.EndListLoop();
}

}  // namespace bittern
