// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/memory/placement.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

namespace bittern {
namespace {

using Before = std::function<bool(const PlacedItem&, const PlacedItem&)>;

// Places items one after the other, each at the lowest free offset (first fit).
class Placement {
 public:
  Placement(std::vector<PlacedItem>& items, int columns) : items_(items), columns_(columns) {}

  // Returns the height.
  int64_t Run(const std::vector<size_t>& order) {
    int64_t height = 0;
    for (const size_t i : order) {
      PlacedItem& item = items_[i];
      item.column = 0;
      item.offset = LowestFree(item);
      // A whole tensor takes the column in which it lies lower.
      if (!item.split && columns_ > 1) {
        // Both columns are tried. With equal offsets the first column is taken.
        const int64_t first = item.offset;
        item.column = 1;
        item.offset = LowestFree(item);
        if (first <= item.offset) {
          item.column = 0;
          item.offset = first;
        }
      }
      placed_.push_back(i);
      height = std::max(height, item.offset + item.words());
    }
    return height;
  }

 private:
  int64_t LowestFree(const PlacedItem& item) const {
    std::vector<OffsetGap> gaps;
    // Only items that live at the same time make a gap, so words are shared by items whose lives do
    // not overlap.
    for (const size_t n : placed_) AddConflicts(item, items_[n], gaps);
    // Gaps are sorted by their begin. The first one that begins at or after the offset leaves it
    // free.
    std::sort(gaps.begin(), gaps.end());
    int64_t offset = 0;
    for (const auto& [begin, end] : gaps) {
      if (begin >= offset) break;
      offset = std::max(offset, end);
    }
    return offset;
  }

  std::vector<PlacedItem>& items_;
  const int columns_;
  std::vector<size_t> placed_;
};

// The length of the item's lifetime in instructions.
int64_t Length(const PlacedItem& item) {
  const Lifetime life = item.life();
  return int64_t{life.last} - life.first;
}

}  // namespace

Lifetime PlacedItem::life() const {
  Lifetime whole = parts.front().life;
  for (const PlacedPart& part : parts) {
    whole = {std::min(whole.first, part.life.first), std::max(whole.last, part.life.last)};
  }
  return whole;
}

void AddConflicts(const PlacedItem& item, const PlacedItem& other, std::vector<OffsetGap>& gaps) {
  // An item with a plane partition is in both columns, so it meets every other item.
  if (!item.split && !other.split && item.column != other.column) return;
  for (const PlacedPart& part : item.parts) {
    for (const PlacedPart& there : other.parts) {
      if (!part.life.Overlaps(there.life)) continue;
      // At this offset both parts begin at the same word. They overlap if the item lies less than
      // part.words lower or less than there.words higher.
      const int64_t begin = other.offset + there.begin - part.begin;
      gaps.emplace_back(begin - part.words, begin + there.words);
    }
  }
}

int64_t PlaceItems(std::vector<PlacedItem>& items, int columns) {
  // No order is the best one for every model: by size, by length of life, by both, and by begin.
  const Before orders[] = {
      [](const PlacedItem& a, const PlacedItem& b) { return a.words() > b.words(); },
      [](const PlacedItem& a, const PlacedItem& b) { return Length(a) > Length(b); },
      [](const PlacedItem& a, const PlacedItem& b) {
        return Length(a) * a.words() > Length(b) * b.words();
      },
      [](const PlacedItem& a, const PlacedItem& b) { return a.life().first < b.life().first; },
  };
  int64_t least = std::numeric_limits<int64_t>::max();
  std::vector<PlacedItem> best = items;
  std::vector<size_t> numbers(items.size());
  for (const Before& order : orders) {
    std::vector<PlacedItem> tried = items;
    std::iota(numbers.begin(), numbers.end(), size_t{0});
    // A stable sort keeps the given order among equal items, so the result is deterministic.
    std::stable_sort(numbers.begin(), numbers.end(),
                     [&](size_t a, size_t b) { return order(items[a], items[b]); });
    const int64_t height = Placement(tried, columns).Run(numbers);
    // The first of several equal heights is kept.
    if (height >= least) continue;
    least = height;
    best = std::move(tried);
  }
  items = std::move(best);
  return items.empty() ? 0 : least;
}

}  // namespace bittern
