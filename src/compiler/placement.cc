#include "compiler/placement.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

namespace bittern {
namespace {

using Before = std::function<bool(const PlacedItem&, const PlacedItem&)>;

class Placement {
 public:
  Placement(std::vector<PlacedItem>& items, int columns) : items_(items), columns_(columns) {}

  int64_t Run(const std::vector<size_t>& order) {
    int64_t height = 0;
    for (const size_t i : order) {
      PlacedItem& item = items_[i];
      item.column = 0;
      item.offset = LowestFree(item);
      if (!item.split && columns_ > 1) {
        const int64_t first = item.offset;
        item.column = 1;
        item.offset = LowestFree(item);
        if (first <= item.offset) {
          item.column = 0;
          item.offset = first;
        }
      }
      placed_.push_back(i);
      height = std::max(height, item.offset + item.words);
    }
    return height;
  }

 private:
  int64_t LowestFree(const PlacedItem& item) const {
    std::vector<std::pair<int64_t, int64_t>> taken;  // [offset, end)
    for (const size_t n : placed_) {
      const PlacedItem& other = items_[n];
      const bool meets = item.split || other.split || item.column == other.column;
      if (meets && item.life.Overlaps(other.life)) {
        taken.emplace_back(other.offset, other.offset + other.words);
      }
    }
    std::sort(taken.begin(), taken.end());
    int64_t offset = 0;
    for (const auto& [begin, end] : taken) {
      if (begin - offset >= item.words) break;
      offset = std::max(offset, end);
    }
    return offset;
  }

  std::vector<PlacedItem>& items_;
  const int columns_;
  std::vector<size_t> placed_;
};

int64_t Length(const Lifetime& life) { return int64_t{life.last} - life.first; }

}  // namespace

int64_t PlaceInOrder(std::vector<PlacedItem>& items, int columns,
                     const std::vector<size_t>& order) {
  return Placement(items, columns).Run(order);
}

int64_t PlaceItems(std::vector<PlacedItem>& items, int columns) {
  const Before orders[] = {
      [](const PlacedItem& a, const PlacedItem& b) { return a.words > b.words; },
      [](const PlacedItem& a, const PlacedItem& b) { return Length(a.life) > Length(b.life); },
      [](const PlacedItem& a, const PlacedItem& b) {
        return Length(a.life) * a.words > Length(b.life) * b.words;
      },
      [](const PlacedItem& a, const PlacedItem& b) { return a.life.first < b.life.first; },
  };
  int64_t least = std::numeric_limits<int64_t>::max();
  std::vector<PlacedItem> best = items;
  std::vector<size_t> numbers(items.size());
  for (const Before& order : orders) {
    std::vector<PlacedItem> tried = items;
    std::iota(numbers.begin(), numbers.end(), size_t{0});
    std::stable_sort(numbers.begin(), numbers.end(),
                     [&](size_t a, size_t b) { return order(items[a], items[b]); });
    const int64_t height = PlaceInOrder(tried, columns, numbers);
    if (height >= least) continue;
    least = height;
    best = std::move(tried);
  }
  items = std::move(best);
  return items.empty() ? 0 : least;
}

}  // namespace bittern
