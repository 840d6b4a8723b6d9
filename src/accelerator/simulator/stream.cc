// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "accelerator/simulator/units.h"

namespace bittern {
namespace {

constexpr int64_t kMaxSlices = 256;  // the most values of the field

// Reads one factor of a stream, element by element: x with T lanes or b with R lanes. Get returns a
// pointer to memory if the word has exactly these lanes (whole_). Otherwise it fills `scratch`.
class Factor {
 public:
  Factor(const Issue& issue, const isa::Walk& walk, const char* name, int64_t lanes,
         uint32_t planes)
      : lanes_(lanes), memory_(ResolveMemory(issue, walk, name, planes)) {
    // A word with exactly these lanes is used in place, without a copy.
    whole_ = memory_.width() == lanes;
  }
  // Reads a rank word, or in region 0 a slice of a token word.
  Factor(const Issue& issue, const isa::Stream& stream, const isa::Walk& walk, const char* name,
         uint32_t planes)
      : Factor(issue, walk, name, issue.state.rows, planes) {
    if (memory_.region == kTokenWords) {
      sliced_ = true;
      whole_ = false;
      const isa::Index slice = stream.slice.value_or(isa::Index{});
      slice_ = ResolveIndex(issue, slice, "slice", kMaxSlices);
    }
  }
  // Computes the comparison with a table.
  static Factor OneHot(const Issue& issue, const isa::Walk& walk) {
    if (walk.split != 0) issue.Impossible("x", "a comparison cannot be split");
    Factor factor;
    factor.lanes_ = issue.state.lanes;
    factor.table_ = TableOf(issue, walk, "x");
    // The address of the walk is the number that table entries are compared with.
    factor.memory_.walker = ResolveNumber(issue, walk, "x", false);
    return factor;
  }

  const MemoryOperand& memory() const { return memory_; }

  void Advance(int loop) {
    memory_.walker.Advance(loop);
    slice_.Advance(loop);
  }
  const float* Get(const Issue& issue, int64_t element, int64_t plane, float* scratch) const {
    if (whole_) return memory_.Read(issue, element, memory_.Word(plane));
    if (table_ != nullptr) {
      for (int64_t t = 0; t < lanes_; ++t) {
        scratch[t] = table_[t] == memory_.walker.at ? 1.0f : 0.0f;
      }
    } else if (sliced_) {
      const float* word = memory_.Read(issue, element, memory_.Word(plane));
      // A slice may reach beyond the word's last lane. The missing lanes are 0.
      const int64_t from = slice_.at * lanes_;
      for (int64_t r = 0; r < lanes_; ++r) {
        scratch[r] = from + r < memory_.width() ? word[from + r] : 0.0f;
      }
    } else {
      memory_.ReadLanes(issue, element, memory_.Word(plane), lanes_, scratch);
    }
    return scratch;
  }

 private:
  Factor() = default;

  int64_t lanes_ = 0;
  MemoryOperand memory_;
  Walker slice_;
  bool sliced_ = false, whole_ = false;
  const int32_t* table_ = nullptr;
};

Factor TokenFactor(const Issue& issue, const isa::Stream& stream) {
  if (!stream.x) issue.Impossible("x", "is missing");
  if (stream.one_hot != 0) return Factor::OneHot(issue, *stream.x);
  return {issue, *stream.x, "x", issue.state.lanes, stream.planes};
}

Factor RankFactor(const Issue& issue, const isa::Stream& stream) {
  if (!stream.b) issue.Impossible("b", "is missing");
  return {issue, stream, *stream.b, "b", stream.planes};
}

// Sums over time. Elements of a batch are collected by accumulator, in their order. So an
// accumulator stays in registers while it takes all its elements of the batch.
class TimeStream {
 public:
  TimeStream(const Issue& issue, const isa::Stream& stream, Workspace& work)
      : issue_(issue),
        stream_(stream),
        work_(work),
        x_(TokenFactor(issue, stream)),
        b_(RankFactor(issue, stream)),
        slot_(ResolveSlot(issue, stream, issue.state.accelerator.accumulator_slots)),
        slots_(issue.state.accelerator.accumulator_slots) {
    // There is one queue for each accumulator of each plane, and a batch may fill one of them.
    const auto queues = static_cast<size_t>(kPlanes * slots_);
    work_.queues.assign(queues, {});
    work_.x.resize(queues * kBatch);
    work_.b.resize(queues * kBatch);
    work_.values.resize(static_cast<size_t>(kPlanes * kBatch * ScratchFloats()));
  }

  void Run() {
    Odometer at(issue_.counts);
    for (int loop = 0; loop >= 0;) {
      for (int64_t p = 0; p < kPlanes; ++p) {
        if ((stream_.planes >> p & 1) != 0) Take(at, p);
      }
      // The pointers in the queues refer to `values`, which has room for one batch.
      if (at.element() % kBatch == kBatch - 1) Flush();
      loop = at.Next();
      if (loop >= 0) {
        x_.Advance(loop);
        b_.Advance(loop);
        slot_.Advance(loop);
      }
    }
    Flush();
  }

 private:
  // Elements of a batch. An accumulator is loaded and stored once in each batch.
  static constexpr int64_t kBatch = 256;

  // Floats for x and b of one element.
  int64_t ScratchFloats() const { return issue_.state.lanes + issue_.state.rows; }

  // Reads the factors of one element and appends them to the queue of its accumulator.
  void Take(const Odometer& at, int64_t plane) {
    const int64_t element = at.element();
    const auto file_slot = static_cast<size_t>(plane * slots_ + slot_.at);
    // Each element of the batch and each plane has its own scratch, because its factors are used
    // later.
    float* scratch = work_.values.data() + (element % kBatch * kPlanes + plane) * ScratchFloats();
    const float* x = x_.Get(issue_, element, plane, scratch);
    const float* b = b_.Get(issue_, element, plane, scratch + issue_.state.lanes);
    Workspace::Queue& queue = work_.queues[file_slot];
    uint8_t& written = issue_.state.accumulators.written[file_slot];
    if (stream_.keep == 0 && at.AtFirst(stream_.sum)) {
      queue = {.elements = 0, .overwrites = true};  // drops elements that no longer count
      written = 1;
    } else if (written == 0) {
      issue_.Throw(Fault::Kind::kUnwritten, element, "slot", slot_.at, "accumulator never written");
    }
    const size_t place = file_slot * kBatch + static_cast<size_t>(queue.elements++);
    work_.x[place] = x;
    work_.b[place] = b;
  }

  // Adds the products of the batch. Accumulators are independent, so only the order within each
  // queue matters.
  void Flush() {
    MachineState& state = issue_.state;
    for (size_t q = 0; q < work_.queues.size(); ++q) {
      Workspace::Queue& queue = work_.queues[q];
      if (queue.elements == 0) continue;
      work_.kernels.time(
          work_.kernels, !queue.overwrites, queue.elements, work_.b.data() + q * kBatch,
          work_.x.data() + q * kBatch,
          state.accumulators.values.data() + static_cast<int64_t>(q) * state.rows * state.lanes);
      queue = {};
    }
  }

  const Issue& issue_;
  const isa::Stream& stream_;
  Workspace& work_;
  Factor x_, b_;
  Walker slot_;
  int64_t slots_;
};

// Sums over ranks or tokens. Each element gives a word of `width` lanes.
class WordStream {
 public:
  WordStream(const Issue& issue, const isa::Stream& stream, Workspace& work)
      : issue_(issue),
        stream_(stream),
        work_(work),
        by_rank_(stream.direction == isa::Direction::kRank),
        width_(by_rank_ ? issue.state.lanes : issue.state.rows),
        factor_(by_rank_ ? RankFactor(issue, stream) : TokenFactor(issue, stream)),
        slot_(ResolveSlot(issue, stream, issue.state.accelerator.tile_slots)) {
    // Time has no operand y: its results stay in the accumulators. The other directions need one.
    if (!stream.y) issue.Impossible("y", "is missing");
    y_ = ResolveMemory(issue, *stream.y, "y", WrittenPlanes());
    if (y_.split == 0 && std::popcount(WrittenPlanes()) > 1) {
      issue.Impossible("y", "several planes write one word: split it, or plane_sum");
    }
    // A rank word that is written into a token word takes a slice of it.
    if (!by_rank_) {
      sliced_ = y_.region == kTokenWords;
      slice_ = ResolveIndex(issue, stream.slice.value_or(isa::Index{}), "slice", kMaxSlices);
    }
    if (stream.start == isa::Start::kWord || stream.start == isa::Start::kScalar) {
      if (!stream.initial) issue.Impossible("initial", "is missing");
      initial_ = ResolveMemory(issue, *stream.initial, "initial", WrittenPlanes());
      if (stream.start == isa::Start::kScalar && initial_.region != kScalars) {
        issue.Impossible("initial", "is not a scalar");
      }
      if (stream.start == isa::Start::kWord && initial_.region != y_.region) {
        issue.Impossible("initial", "must be a word of y's region");
      }
    }
    // If the stream writes words that it also reads, an element must see the results of earlier
    // ones.
    batch_ = factor_.memory().Overlaps(y_) ? 1 : kBatch;
    work_.values.resize(static_cast<size_t>(kPlanes * kBatch * ScratchFloats()));
    work_.sums.resize(static_cast<size_t>(kPlanes * kBatch * width_));
    work_.x.resize(kPlanes * kBatch);
    work_.tile.resize(kPlanes * kBatch);
  }

  // Collects a batch of elements, sums it, then writes its words. `at` is the next element to
  // collect, `behind` the next one to write.
  void Run() {
    Odometer at(issue_.counts);
    Odometer behind(issue_.counts);  // position of the first word that is not yet written
    int64_t waiting = 0;
    for (int loop = 0; loop >= 0;) {
      for (int64_t p = 0; p < kPlanes; ++p) {
        if ((stream_.planes >> p & 1) != 0) Take(at.element(), p, waiting);
      }
      ++waiting;
      loop = at.Next();
      if (loop >= 0) {
        factor_.Advance(loop);
        slot_.Advance(loop);
      }
      if (waiting == batch_ || loop < 0) {
        Sum(waiting);
        for (int64_t i = 0; i < waiting; ++i) {
          Write(behind.element(), i);
          const int advanced = behind.Next();
          if (advanced < 0) break;
          y_.walker.Advance(advanced);
          slice_.Advance(advanced);
          initial_.walker.Advance(advanced);
        }
        waiting = 0;
      }
    }
  }

 private:
  static constexpr int64_t kBatch = 32;  // elements whose sums are computed in one call

  int64_t ScratchFloats() const { return std::max(issue_.state.lanes, issue_.state.rows); }

  // With plane_sum the word belongs to plane 0.
  uint32_t WrittenPlanes() const { return stream_.plane_sum != 0 ? 1 : stream_.planes; }

  void Take(int64_t element, int64_t plane, int64_t i) {
    MachineState& state = issue_.state;
    const auto place = static_cast<size_t>(plane * kBatch + i);
    const auto file_slot = static_cast<size_t>(plane * state.accelerator.tile_slots + slot_.at);
    work_.x[place] =
        factor_.Get(issue_, element, plane,
                    work_.values.data() + static_cast<int64_t>(place) * ScratchFloats());
    if (state.tiles.written[file_slot] == 0) {
      issue_.Throw(Fault::Kind::kUnwritten, element, "slot", slot_.at, "tile never loaded");
    }
    work_.tile[place] =
        state.tiles.values.data() + static_cast<int64_t>(file_slot) * state.rows * state.lanes;
  }

  // The sums are stored as [plane][element of the batch][lane of the result].
  float* SumOf(int64_t plane, int64_t i) {
    return work_.sums.data() + (plane * kBatch + i) * width_;
  }

  void Sum(int64_t n) {
    // The kernels take one plane at a time, because the arrays of pointers are [plane][element].
    const auto run = by_rank_ ? work_.kernels.rank : work_.kernels.token;
    for (int64_t p = 0; p < kPlanes; ++p) {
      if ((stream_.planes >> p & 1) == 0) continue;
      run(work_.kernels, n, work_.x.data() + p * kBatch, work_.tile.data() + p * kBatch,
          SumOf(p, 0));
    }
  }

  // With plane_sum the sums are added, plane 0 first, and written once.
  void Write(int64_t element, int64_t i) {
    if (stream_.plane_sum == 0) {
      for (int64_t p = 0; p < kPlanes; ++p) {
        if ((stream_.planes >> p & 1) != 0) WriteWord(element, p, SumOf(p, i));
      }
      return;
    }
    float* sum = SumOf(stream_.planes == 2 ? 1 : 0, i);
    // If only one plane takes part, its sum is the result.
    if (stream_.planes == 3) {
      const float* other = SumOf(1, i);
      for (int64_t l = 0; l < width_; ++l) sum[l] += other[l];
    }
    WriteWord(element, 0, sum);
  }

  // y = start + sum: the start is added last, as the specification demands. A slice covers only
  // some lanes of a token word. Lanes beyond the word are dropped, and the other lanes become 0
  // unless `merge` keeps them.
  void WriteWord(int64_t element, int64_t plane, float* sum) {
    const int64_t word = y_.Word(plane);
    // The first lane of the word that is written, and the number of lanes of the sum.
    const int64_t slice_from = slice_.at * width_;
    const int64_t from = sliced_ ? slice_from : 0;
    // A rank word has fewer lanes than a token word, so a sum of T lanes may be cut.
    const int64_t lanes = std::clamp<int64_t>(y_.width() - from, 0, width_);
    switch (stream_.start) {
      case isa::Start::kNone:
        break;
      case isa::Start::kOld: {
        const float* old = y_.Read(issue_, element, word) + from;
        for (int64_t l = 0; l < lanes; ++l) sum[l] = old[l] + sum[l];
        break;
      }
      case isa::Start::kWord: {
        const float* start = initial_.Read(issue_, element, initial_.Word(plane));
        const int64_t start_from = !by_rank_ && initial_.region == kTokenWords ? slice_from : 0;
        const int64_t given = std::clamp<int64_t>(initial_.width() - start_from, 0, lanes);
        for (int64_t l = 0; l < given; ++l) sum[l] = start[start_from + l] + sum[l];
        // Lanes without a start get 0 as their start. This turns -0 into +0, as in the RTL.
        for (int64_t l = given; l < lanes; ++l) sum[l] = 0.0f + sum[l];
        break;
      }
      case isa::Start::kScalar: {
        const float start = *initial_.Read(issue_, element, initial_.Word(plane));
        for (int64_t l = 0; l < lanes; ++l) sum[l] = start + sum[l];
        break;
      }
    }
    // The lanes that `merge` keeps must have been written.
    if (sliced_ && stream_.merge != 0) y_.Read(issue_, element, word);
    float* out = y_.Write(word);
    if (sliced_ && stream_.merge == 0) std::fill_n(out, y_.width(), 0.0f);
    std::copy_n(sum, lanes, out + std::min(from, y_.width()));
    if (!sliced_ && lanes < y_.width()) std::fill(out + lanes, out + y_.width(), 0.0f);
  }

  const Issue& issue_;
  const isa::Stream& stream_;
  Workspace& work_;
  bool by_rank_;
  int64_t width_;
  Factor factor_;
  Walker slot_;
  MemoryOperand y_, initial_;
  Walker slice_;
  bool sliced_ = false;
  int64_t batch_ = 1;
};

}  // namespace

void ExecuteStream(const Issue& issue, const isa::Stream& stream, Workspace& work) {
  if (stream.direction == isa::Direction::kTime) {
    TimeStream(issue, stream, work).Run();
  } else {
    WordStream(issue, stream, work).Run();
  }
}

}  // namespace bittern
