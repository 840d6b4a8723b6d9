// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/memory/bank_assignment.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "base/random.h"

namespace bittern {
namespace {

// A local search: each item in turn moves to the best place that is free, or changes places with
// another item.
class BankSearch {
 public:
  BankSearch(std::vector<PlacedItem>& items, int columns, int64_t column_words, int64_t bank_words,
             const std::vector<ItemConflict>& conflicts)
      : items_(items),
        columns_(columns),
        column_words_(column_words),
        bank_words_(bank_words),
        placed_(items.size(), true),
        conflicts_(items.size()) {
    for (const ItemConflict& conflict : conflicts) {
      conflicts_[conflict.a.item].push_back(conflict);
      if (conflict.b.item == conflict.a.item) continue;
      conflicts_[conflict.b.item].push_back({conflict.b, conflict.a, conflict.cycles});
    }
  }

  // Improves the placement. Returns the cycles of the conflicts that remain.
  int64_t Run() {
    std::vector<size_t> order(items_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    // Items with the most conflicts move first, while there is the most choice.
    for (int pass = 0; pass < kPasses; ++pass) {
      std::vector<int64_t> cost(items_.size());
      for (size_t i = 0; i < items_.size(); ++i) cost[i] = Cost(i);
      std::stable_sort(order.begin(), order.end(),
                       [&](size_t a, size_t b) { return cost[a] > cost[b]; });
      bool moved = false;
      for (const size_t i : order) moved |= Move(i) || Swap(i);
      if (!moved) break;
    }
    int64_t twice = 0;  // the lists of both items have a conflict; one list, if it is one item
    for (size_t i = 0; i < items_.size(); ++i) {
      for (const ItemConflict& conflict : conflicts_[i]) {
        const bool alone = conflict.a.item == conflict.b.item;
        if (InOneBank(conflict)) twice += (alone ? 2 : 1) * conflict.cycles;
      }
    }
    return twice / 2;
  }

  // Packs the items anew in this order. Each one goes to the place with the lowest cost, and among
  // these to the lowest one. Costs below `unit` are treated as zero. With kAlways only conflicts
  // within one instruction count, which gives a close packing. Returns false if an item does not
  // fit.
  bool PlaceApart(const std::vector<size_t>& order, int64_t unit) {
    placed_.assign(items_.size(), false);
    for (const size_t i : order) {
      PlacedItem& item = items_[i];
      std::optional<std::tuple<int64_t, int64_t, int>> best;
      for (int column = 0; column < (item.split ? 1 : columns_); ++column) {
        item.column = column;
        for (const int64_t offset : FreeOffsets(i)) {
          item.offset = offset;
          const std::tuple place(Cost(i) / unit, offset, column);
          if (!best || place < *best) best = place;
        }
      }
      if (!best) return false;
      std::tie(std::ignore, item.offset, item.column) = *best;
      placed_[i] = true;
    }
    return true;
  }

 private:
  // The most rounds over all items. A round in which no item moves is the last one. The number was
  // chosen by hand on the presets; no experiment is recorded.
  static constexpr int kPasses = 8;

  // True if the two parts share a bank. Each part covers the banks from its first to its last word.
  bool InOneBank(const ItemConflict& conflict) const {
    const PlacedItem& a = items_[conflict.a.item];
    const PlacedItem& b = items_[conflict.b.item];
    if (!a.split && !b.split && a.column != b.column) return false;
    const auto first = [&](const PlacedItem& item, const ItemConflict::Part& part) {
      return (item.offset + part.begin) / bank_words_;
    };
    const auto last = [&](const PlacedItem& item, const ItemConflict::Part& part) {
      return (item.offset + part.begin + part.words - 1) / bank_words_;
    };
    return first(a, conflict.a) <= last(b, conflict.b) &&
           first(b, conflict.b) <= last(a, conflict.a);
  }

  // The cycles of the conflicts of item `i` where it lies now, with items that have a place.
  int64_t Cost(size_t i) const {
    int64_t cost = 0;
    for (const ItemConflict& conflict : conflicts_[i]) {
      const bool met = conflict.b.item == i || placed_[conflict.b.item];
      if (met && InOneBank(conflict)) cost += conflict.cycles;
    }
    return cost;
  }

  // Moves the item to the free place with the lowest cost. Returns true if it was a better one.
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

  // Changes places with an item of the same size, if the cost of both together falls. In a full
  // memory an item has no free place to move to, but it can always change places.
  bool Swap(size_t i) {
    const int64_t cost = Cost(i);
    if (cost == 0) return false;
    int64_t most = 0;
    size_t best = i;
    for (size_t n = 0; n < items_.size(); ++n) {
      if (!Alike(i, n)) continue;
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
  // True if two items fit each other's place.
  bool Alike(size_t a, size_t b) const {
    return a != b && items_[a].words() == items_[b].words() && items_[a].split == items_[b].split;
  }
  void Exchange(size_t a, size_t b) {
    std::swap(items_[a].offset, items_[b].offset);
    std::swap(items_[a].column, items_[b].column);
  }
  std::vector<OffsetGap> GapsOf(size_t i) const {
    std::vector<OffsetGap> gaps;
    for (size_t n = 0; n < items_.size(); ++n) {
      if (n != i && placed_[n]) AddConflicts(items_[i], items_[n], gaps);
    }
    return gaps;
  }
  // True if no other item is alive in the same words at the same time.
  bool IsFree(size_t i) const {
    const int64_t offset = items_[i].offset;
    const std::vector<OffsetGap> gaps = GapsOf(i);
    return std::none_of(gaps.begin(), gaps.end(), [&](const OffsetGap& gap) {
      return gap.first < offset && offset < gap.second;
    });
  }

  // Offsets at which the item fits in its column, in ascending order: the begin of every run of
  // free offsets, and every offset at which one of its parts begins or ends at the border of a
  // bank. At the other offsets it covers the same banks as at one of these.
  std::vector<int64_t> FreeOffsets(size_t i) const {
    const PlacedItem& item = items_[i];
    std::vector<OffsetGap> gaps = GapsOf(i);
    gaps.emplace_back(column_words_ - item.words(), column_words_);  // the end of the column
    std::sort(gaps.begin(), gaps.end());
    std::vector<int64_t> offsets;
    int64_t begin = 0;
    for (const auto& [last, behind] : gaps) {
      if (begin <= last) offsets.push_back(begin);
      for (const PlacedPart& part : item.parts) {
        for (const int64_t edge : {part.begin, part.begin + part.words}) {
          const int64_t bank = (begin + edge + bank_words_ - 1) / bank_words_;
          for (int64_t at = bank * bank_words_ - edge; at <= last; at += bank_words_) {
            offsets.push_back(at);
          }
        }
      }
      begin = std::max(begin, behind);
    }
    std::sort(offsets.begin(), offsets.end());
    return offsets;
  }

  std::vector<PlacedItem>& items_;
  const int columns_;
  const int64_t column_words_, bank_words_;
  std::vector<bool> placed_;
  std::vector<std::vector<ItemConflict>> conflicts_;  // by item, which is the conflict's a
};

// An order for a packing. Items that live for more than half of the program come first, whole ones
// before those with a plane partition, in a random order: they leave no holes between them. The
// other items follow by their present offset (even seeds) or by size (odd seeds).
std::vector<size_t> SomeOrder(const std::vector<PlacedItem>& items, uint64_t seed) {
  int first = 0, last = 0;
  for (const PlacedItem& item : items) last = std::max(last, item.life().last);
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Random(seed).Shuffle(std::span(order));
  const auto behind = std::stable_partition(order.begin(), order.end(), [&](size_t i) {
    const Lifetime life = items[i].life();
    return 2 * (life.last - life.first) > last - first;
  });
  std::stable_partition(order.begin(), behind, [&](size_t i) { return !items[i].split; });
  std::stable_sort(behind, order.end(), [&](size_t a, size_t b) {
    return seed % 2 == 0 ? items[a].offset < items[b].offset : items[a].words() > items[b].words();
  });
  return order;
}

}  // namespace

int64_t AssignItemsToBanks(std::vector<PlacedItem>& items, int columns, int64_t column_words,
                           int64_t bank_words, const std::vector<ItemConflict>& conflicts) {
  // The most packings that are tried. On the K26, whose memory is 95 % full, every second packing
  // leaves no pair of operands of one instruction in a bank. The number itself was chosen by hand.
  constexpr uint64_t kTries = 16;
  const std::vector<PlacedItem> before = items;
  int64_t least = BankSearch(items, columns, column_words, bank_words, conflicts).Run();
  for (uint64_t seed = 1; least > 0 && seed <= kTries; ++seed) {
    std::vector<PlacedItem> tried = before;
    BankSearch search(tried, columns, column_words, bank_words, conflicts);
    // The seeds go through the four combinations of two orders and two units.
    if (!search.PlaceApart(SomeOrder(before, seed), seed / 2 % 2 == 0 ? kAlways : 1)) continue;
    const int64_t left = search.Run();
    if (left >= least) continue;
    least = left;
    items = std::move(tried);
  }
  return least;
}

}  // namespace bittern
