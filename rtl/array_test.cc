// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <map>
#include <random>

#include "Varray_plane.h"
#include "Varray_plane_odd.h"
#include "accelerator/isa/arithmetic/binary32.h"
#include "accelerator/isa/arithmetic/trees.h"
#include "rtl_testing.h"

namespace bittern {
namespace {

constexpr int kTime = 0, kRank = 1, kToken = 2;
constexpr int kMultiply = 4, kAdd = 6, kSlots = 32;

int Levels(int n) { return std::bit_width(static_cast<unsigned>(n - 1)); }

// Random elements of all directions, one a cycle but where the plane's rule forbids it, with loads
// and drains beside them; every sum and every drained row is checked.
template <class Model, int kRows, int kLanes>
class ArrayRun {
 public:
  void Run(int cycles) {
    model_->phase_i = 0;  // words are whole
    for (auto& slot : tiles_) slot.assign(kRows * kLanes, 0);
    accumulators_.resize(kSlots);
    // Whole tiles are written, so that no element is read before it was written.
    for (int slot = 0; slot < kSlots; ++slot) {
      for (int row = 0; row < kRows; ++row) {
        Load(slot, row, kRows);
        Idle();
        Step();
      }
    }
    for (int i = 0; i < cycles && !testing::Test::HasFatalFailure(); ++i) {
      specials_ = i % 1000 >= 900;
      Idle();
      if (Between(0, 3) == 0) LoadSome();
      if (Between(0, 7) != 0) Element();
      Drain();
      Step();
    }
    EXPECT_GT(checked_, cycles / 2);
  }

 private:
  using Words = std::vector<uint32_t>;

  int Between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  uint32_t Value() {
    if (Between(0, 30) == 0) return static_cast<uint32_t>(Between(0, 1)) << 31;
    if (specials_ && Between(0, 200) == 0) {  // a subnormal, an infinity, NaN
      constexpr std::array<uint32_t, 3> kSpecials = {0x00712345, 0x7F800000, 0x7FC00000};
      return kSpecials[static_cast<size_t>(Between(0, 2))] | static_cast<uint32_t>(Between(0, 1))
                                                                 << 31;
    }
    return FloatBits(std::normal_distribution<float>()(random_));
  }

  void Idle() {
    model_->accumulate_i = 0;
    model_->direction_i = kRank;
  }

  void Load(int slot, int row, int rows) {
    model_->tile_write_i = 1;
    model_->tile_slot_i = static_cast<uint8_t>(slot);
    model_->tile_row_i = static_cast<uint8_t>(row);
    model_->tile_rows_i = static_cast<uint8_t>(rows);
    for (int t = 0; t < kLanes; ++t) {
      model_->tile_i[t] = Value();
      pending_.push_back([this, slot, row, t, value = model_->tile_i[t]] {
        tiles_[static_cast<size_t>(slot)][static_cast<size_t>(row * kLanes + t)] = value;
      });
    }
    pending_.push_back([this, slot, rows] { rows_[static_cast<size_t>(slot)] = rows; });
  }
  void LoadSome() {
    const int rows = Between(1, kRows);
    Load(Between(0, kSlots - 1), Between(0, rows - 1), rows);
  }

  uint32_t Tile(int slot, int row, int lane) const {
    if (row >= rows_[static_cast<size_t>(slot)]) return 0;
    return tiles_[static_cast<size_t>(slot)][static_cast<size_t>(row * kLanes + lane)];
  }

  void Element() {
    const int direction = Between(0, 9) == 0 ? Between(0, 2) : direction_;
    const int slot = Between(0, kSlots - 1);
    if (direction == kTime) {
      // No fold behind its first level; no accumulator that is still on its way.
      if (cycle_ < folds_until_ || cycle_ < free_[static_cast<size_t>(slot)]) return;
      free_[static_cast<size_t>(slot)] = cycle_ + 8;
    } else {
      const int levels = Levels(direction == kRank ? kRows : kLanes);
      folds_until_ = std::max(folds_until_, cycle_ + kAdd * (levels - 1) + 1);
    }
    direction_ = direction;
    model_->direction_i = static_cast<uint8_t>(direction);
    model_->slot_i = static_cast<uint8_t>(slot);
    Words x(kLanes), b(kRows);
    for (int t = 0; t < kLanes; ++t) model_->x_i[t] = x[static_cast<size_t>(t)] = Value();
    for (int r = 0; r < kRows; ++r) SetB(r, b[static_cast<size_t>(r)] = Value());
    if (direction == kTime) {
      Accumulate(slot, x, b);
      return;
    }
    const bool by_rank = direction == kRank;
    Words sums;
    for (int to = 0; to < (by_rank ? kLanes : kRows); ++to) {
      Words products;
      for (int k = 0; k < (by_rank ? kRows : kLanes); ++k) {
        products.push_back(by_rank ? Multiply(b[static_cast<size_t>(k)], Tile(slot, k, to))
                                   : Multiply(x[static_cast<size_t>(k)], Tile(slot, to, k)));
      }
      sums.push_back(Fold(products.data(), std::ssize(products), Add));
    }
    const int cycles = kMultiply + kAdd * Levels(by_rank ? kRows : kLanes);
    expected_.emplace(cycle_ + cycles, Expected{by_rank, sums});
  }

  void Accumulate(int slot, const Words& x, const Words& b) {
    auto& accumulator = accumulators_[static_cast<size_t>(slot)];
    const bool first = accumulator.empty() || Between(0, 5) == 0;
    model_->accumulate_i = 1;
    model_->first_i = first ? 1 : 0;
    if (first) accumulator.assign(kRows * kLanes, kSignBit);
    for (int r = 0; r < kRows; ++r) {
      for (int t = 0; t < kLanes; ++t) {
        uint32_t& value = accumulator[static_cast<size_t>(r * kLanes + t)];
        value = Add(value, Multiply(b[static_cast<size_t>(r)], x[static_cast<size_t>(t)]));
      }
    }
  }

  void Drain() {
    const int slot = Between(0, kSlots - 1), row = Between(0, kRows - 1);
    // In the cycle behind the one of the write.
    const int written = free_[static_cast<size_t>(slot)] - 8 + kMultiply + kAdd + 1;
    if (accumulators_[static_cast<size_t>(slot)].empty() || cycle_ < written) return;
    model_->drain_slot_i = static_cast<uint8_t>(slot);
    model_->drain_row_i = static_cast<uint8_t>(row);
    model_->eval();
    for (int t = 0; t < kLanes; ++t) {
      ASSERT_EQ(model_->drain_o[t],
                accumulators_[static_cast<size_t>(slot)][static_cast<size_t>(row * kLanes + t)])
          << "accumulator " << slot << ", row " << row << ", lane " << t;
    }
    ++checked_;
  }

  void Step() {
    model_.Step();
    ++cycle_;
    model_->tile_write_i = 0;
    for (const auto& write : pending_) write();
    pending_.clear();
    for (; !expected_.empty() && expected_.begin()->first <= cycle_;
         expected_.erase(expected_.begin())) {
      const Expected& expected = expected_.begin()->second;
      for (size_t i = 0; i < expected.sums.size(); ++i) {
        const uint32_t sum = expected.by_rank ? model_->rank_sum_o[i] : model_->token_sum_o[i];
        ASSERT_EQ(sum, expected.sums[i])
            << (expected.by_rank ? "rank" : "token") << " sum " << i << ", cycle " << cycle_;
      }
      ++checked_;
    }
  }

  void SetB(int r, uint32_t value) { model_->b_i[r] = value; }

  struct Expected {
    bool by_rank;
    Words sums;
  };

  Clocked<Model> model_;
  bool specials_ = false;
  std::mt19937 random_{7};
  int cycle_ = 0, checked_ = 0, direction_ = kTime, folds_until_ = 0;
  std::array<Words, kSlots> tiles_;
  std::array<int, kSlots> rows_{}, free_{};
  std::vector<Words> accumulators_;
  std::multimap<int, Expected> expected_;
  std::vector<std::function<void()>> pending_;
};

TEST(RtlArray, SumsInThreeDirections) { ArrayRun<Varray_plane, 4, 16>().Run(20000); }
TEST(RtlArray, FoldsOfOddNumbers) { ArrayRun<Varray_plane_odd, 5, 8>().Run(10000); }

}  // namespace
}  // namespace bittern
