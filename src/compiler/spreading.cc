#include "compiler/spreading.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/random.h"

namespace bittern {
namespace {

// Improves a placement item by item, each in turn at the best place that is free.
class Spreading {
 public:
  Spreading(std::vector<PlacedItem>& items, int columns, int64_t column_words, int64_t bank_words,
            const std::vector<Meeting>& meetings)
      : items_(items),
        columns_(columns),
        column_words_(column_words),
        bank_words_(bank_words),
        meetings_(items.size()) {
    for (const Meeting& meeting : meetings) {
      meetings_[meeting.a.item].push_back(meeting);
      if (meeting.b.item == meeting.a.item) continue;
      meetings_[meeting.b.item].push_back({meeting.b, meeting.a, meeting.cycles});
    }
  }

  // Returns what is left.
  int64_t Run() {
    std::vector<size_t> order(items_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    for (int pass = 0; pass < kPasses; ++pass) {
      std::vector<int64_t> cost(items_.size());
      for (size_t i = 0; i < items_.size(); ++i) cost[i] = Cost(i);
      std::stable_sort(order.begin(), order.end(),
                       [&](size_t a, size_t b) { return cost[a] > cost[b]; });
      bool moved = false;
      for (const size_t i : order) moved |= Move(i) || Swap(i);
      if (!moved) break;
    }
    int64_t twice = 0;  // a meeting is of two items, or of one with itself
    for (size_t i = 0; i < items_.size(); ++i) {
      for (const Meeting& meeting : meetings_[i]) {
        const bool alone = meeting.a.item == meeting.b.item;
        if (InOneBank(meeting)) twice += (alone ? 2 : 1) * meeting.cycles;
      }
    }
    return twice / 2;
  }

 private:
  static constexpr int kPasses = 8;

  bool InOneBank(const Meeting& meeting) const {
    const PlacedItem& a = items_[meeting.a.item];
    const PlacedItem& b = items_[meeting.b.item];
    if (!a.split && !b.split && a.column != b.column) return false;
    const auto first = [&](const PlacedItem& item, const Meeting::Part& part) {
      return (item.offset + part.begin) / bank_words_;
    };
    const auto last = [&](const PlacedItem& item, const Meeting::Part& part) {
      return (item.offset + part.begin + part.words - 1) / bank_words_;
    };
    return first(a, meeting.a) <= last(b, meeting.b) && first(b, meeting.b) <= last(a, meeting.a);
  }

  int64_t Cost(size_t i) const {
    int64_t cost = 0;
    for (const Meeting& meeting : meetings_[i]) cost += InOneBank(meeting) ? meeting.cycles : 0;
    return cost;
  }

  // Whether there was a better place.
  bool Move(size_t i) {
    PlacedItem& item = items_[i];
    int64_t least = Cost(i);
    if (least == 0) return false;
    bool moved = false;
    PlacedItem best = item;
    for (int column = 0; column < (item.split ? 1 : columns_); ++column) {
      item.column = column;
      for (const int64_t offset : FreeOffsets(i)) {
        item.offset = offset;
        const int64_t cost = Cost(i);
        if (cost >= least) continue;
        least = cost;
        best = item;
        moved = true;
      }
    }
    item = best;
    return moved;
  }

  // Changes places with another of its size, where that is better for both together.
  bool Swap(size_t i) {
    const int64_t cost = Cost(i);
    if (cost == 0) return false;
    int64_t most = 0;
    size_t best = i;
    for (size_t n = 0; n < items_.size(); ++n) {
      if (n == i || items_[n].words != items_[i].words || items_[n].split != items_[i].split) {
        continue;
      }
      const int64_t before = cost + Cost(n);
      Exchange(i, n);
      const int64_t saved = before - Cost(i) - Cost(n);
      if (saved > most && IsFree(i) && IsFree(n)) {
        most = saved;
        best = n;
      }
      Exchange(i, n);
    }
    if (best == i) return false;
    Exchange(i, best);
    return true;
  }
  void Exchange(size_t a, size_t b) {
    std::swap(items_[a].offset, items_[b].offset);
    std::swap(items_[a].column, items_[b].column);
  }
  bool Meet(size_t a, size_t b) const {
    const PlacedItem &x = items_[a], &y = items_[b];
    return (x.split || y.split || x.column == y.column) && x.life.Overlaps(y.life);
  }
  bool IsFree(size_t i) const {
    const PlacedItem& item = items_[i];
    for (size_t n = 0; n < items_.size(); ++n) {
      const PlacedItem& other = items_[n];
      if (n != i && Meet(i, n) && item.offset < other.offset + other.words &&
          other.offset < item.offset + item.words) {
        return false;
      }
    }
    return true;
  }

  // Where the item fits in its column: at either end of a gap and of the banks in it.
  std::vector<int64_t> FreeOffsets(size_t i) const {
    const PlacedItem& item = items_[i];
    std::vector<std::pair<int64_t, int64_t>> taken;  // [offset, end)
    for (size_t n = 0; n < items_.size(); ++n) {
      const PlacedItem& other = items_[n];
      if (n != i && Meet(i, n)) taken.emplace_back(other.offset, other.offset + other.words);
    }
    taken.emplace_back(column_words_, column_words_);
    std::sort(taken.begin(), taken.end());
    std::vector<int64_t> offsets;
    int64_t begin = 0;
    for (const auto& [end, behind] : taken) {
      const int64_t last = end - item.words;
      for (int64_t at = begin; at <= last; at = (at / bank_words_ + 1) * bank_words_) {
        offsets.push_back(at);
        const int64_t at_end = (at / bank_words_ + 1) * bank_words_ - item.words;
        if (at_end > at && at_end <= last) offsets.push_back(at_end);
      }
      begin = std::max(begin, behind);
    }
    return offsets;
  }

  std::vector<PlacedItem>& items_;
  const int columns_;
  const int64_t column_words_, bank_words_;
  std::vector<std::vector<Meeting>> meetings_;  // by item, which is their a
};

// Large and long-lived items first, which leave no gaps, in some order; the others by size.
std::vector<size_t> SomeOrder(const std::vector<PlacedItem>& items, uint64_t seed) {
  int first = 0, last = 0;
  for (const PlacedItem& item : items) last = std::max(last, item.life.last);
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Random(seed).Shuffle(std::span(order));
  const auto behind = std::stable_partition(order.begin(), order.end(), [&](size_t i) {
    return 2 * (items[i].life.last - items[i].life.first) > last - first;
  });
  std::stable_partition(order.begin(), behind, [&](size_t i) { return !items[i].split; });
  std::stable_sort(behind, order.end(),
                   [&](size_t a, size_t b) { return items[a].words > items[b].words; });
  return order;
}

}  // namespace

int64_t SpreadItems(std::vector<PlacedItem>& items, int columns, int64_t column_words,
                    int64_t bank_words, const std::vector<Meeting>& meetings) {
  constexpr uint64_t kTries = 16;
  const std::vector<PlacedItem> before = items;
  int64_t least = Spreading(items, columns, column_words, bank_words, meetings).Run();
  for (uint64_t seed = 1; least > 0 && seed <= kTries; ++seed) {
    std::vector<PlacedItem> tried = before;
    if (PlaceInOrder(tried, columns, SomeOrder(before, seed)) > column_words) continue;
    const int64_t left = Spreading(tried, columns, column_words, bank_words, meetings).Run();
    if (left >= least) continue;
    least = left;
    items = std::move(tried);
  }
  return least;
}

}  // namespace bittern
